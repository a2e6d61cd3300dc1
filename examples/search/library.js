// The books, in two shares. Agents hold them in memory here; in an app they would be files, a database, a model.
export const shares = {
  1: {
    birds: ["The heron stands still in the shallows.", "A kestrel hovers over the field.", "Herons fish at dawn."],
    rivers: ["A river begins as a spring.", "Where the heron waits, the water is slow."],
  },
  2: {
    boats: ["The ferry Heron crosses at six.", "Oars are of ash, mostly."],
    towns: ["The market is on Mondays."],
  },
};

// Displays and controllers elect who drives: a controller outranks a display, the one that was there first leads, and a token keeps out
// who led before.
import { joinRoom, memorySignaling } from "@skein/client";
import { createElection, electionProtocol, Fence } from "@skein/coordination";

const signaling = memorySignaling();
const nameOf = new Map();

async function start(name, isController) {
  const room = await joinRoom({ signaling, room: "wall", name, protocols: [electionProtocol] });
  nameOf.set(room.id, name);
  const election = await createElection(room, { score: isController ? 1 : 0, takeover: true });
  return { name, room, election };
}

/** Resolves when all of these follow that one. */
async function following(leader, ...agents) {
  for (const { election } of agents) {
    const isSo = () => election.leader?.id === leader.room.id;
    await new Promise((resolve) => {
      const check = () => isSo() && resolve();
      election.on("leader", check);
      check();
    });
  }
  console.log(`${nameOf.get(agents[0].election.leader.id)} leads`);
}

const display = await start("display", false);
await following(display, display);
const first = await start("first controller", true);
await following(first, display, first);

// It comes later than the other controller, so it follows.
const second = await start("second controller", true);
await following(first, display, first, second);

// What the wall shows is changed by whoever leads, and by nobody who did.
const fence = new Fence();
const show = (token, picture) =>
  console.log(fence.admit(token) ? `the wall shows ${picture}` : `${picture} is refused`);
const token = first.election.token;
show(token, "a map");

first.election.resign();
await following(second, display, first, second);
show(second.election.token, "a clock");
show(token, "the map again");

for (const { election, room } of [display, first, second]) {
  await election.close();
  await room.leave();
}

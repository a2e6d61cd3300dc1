/** A bug to be planted in the shipping code: what is found in a file, once, and what is put in its place. */
export interface Fault {
  readonly name: string;
  /** Below `packages`. */
  readonly file: string;
  readonly find: string;
  readonly put: string;
}

/** One bug in each of the places where a bug costs messages, or leaves someone alone. */
export const faults: readonly Fault[] = [
  {
    name: "session: what came before is delivered again",
    file: "client/src/core/session.ts",
    find: "if (record.sequence < this.#expected) {",
    put: "if (record.sequence + 1 < this.#expected) {",
  },
  {
    name: "session: a path that is new goes on behind what the last one lost",
    file: "client/src/core/session.ts",
    find: "sequence: this.#base,\n      owed",
    put: "sequence: this.#base + this.#log.length,\n      owed",
  },
  {
    name: "session: a message counts as acknowledged with its number's neighbour",
    file: "client/src/core/session.ts",
    find: "while (this.#base < next) {",
    put: "while (this.#base <= next && this.#log.length > 0) {",
  },
  {
    name: "session: a lane sends beyond its window",
    file: "client/src/core/out-lane.ts",
    find: "this.#creditBytes - this.#sentBytes);",
    put: "this.#creditBytes + 100_000 - this.#sentBytes);",
  },
  {
    name: "chooser: a direct path that was in doubt is never trusted again",
    file: "client/src/core/path-chooser.ts",
    find: 'return before.phase === "open" || before.phase === "suspect" ?',
    put: 'return before.phase === "open" ?',
  },
  {
    name: "negotiation: a new connection has the number of the one before",
    file: "client/src/core/negotiation.ts",
    find: "const generation = state.generation + 1;",
    put: "const generation = Math.max(1, state.generation);",
  },
  {
    name: "relay: the time that the direct path has at first never ends",
    file: "relay-fallback/src/core/relay-policy.ts",
    find: 'return standing.phase === "waiting" && nowMs >= standing.untilMs ? open(state, nowMs) : stay(state);',
    put: "return stay(state);",
  },
  {
    name: "relay: a server that is back isn't noticed",
    file: "relay-fallback/src/core/relay-policy.ts",
    find: 'if (standing.phase === "unreachable") return follow({ ...state, standing: { phase: "idle" } }, nowMs);',
    put: "",
  },
  {
    name: "server: a place that its peer came back to is given up all the same",
    file: "server/src/core/rooms.ts",
    find: "const earlier = place.connection;\n    this.#stopWaiting(place);\n    this.#hold(place);",
    put: "const earlier = place.connection;\n    this.#hold(place);",
  },
  {
    name: "server: a forward keeps its target's key, and doesn't say whom it is from",
    file: "server/src/core/rooms.ts",
    find: "packet.set(idOf(place), 1);\n      this.#sink.forward(to.connection, packet);",
    put: "this.#sink.forward(to.connection, packet);",
  },
  {
    name: "link: one that had no path for a minute lives on where the other side has ended it",
    file: "client/src/link/conversation.ts",
    find: 'return this.#theirs.phase === "met" && !equalBytes(link, this.#theirs.incarnation);',
    put: "return false && link.length > 0;",
  },
];

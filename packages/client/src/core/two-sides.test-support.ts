import type { Signal } from "@skein/protocol";
import {
  fragmentOf,
  type NegotiationEffect,
  type NegotiationEvent,
  type NegotiationState,
  startNegotiation,
  stepNegotiation,
} from "./negotiation.js";

interface FakeDescription {
  readonly type: "offer" | "answer";
  readonly sdp: string;
}

/** A connection that knows nothing but the legal order of calls. */
interface FakeConnection {
  readonly generation: number;
  readonly waiting: NegotiationEffect[];
  /** What was found, and waits to be told. */
  readonly found: NegotiationEvent[];
  readonly handed: string[];
  /** The descriptions in force. */
  local: FakeDescription | undefined;
  remote: FakeDescription | undefined;
  /** An offer of its own that waits for its answer. */
  pending: FakeDescription | undefined;
}

/** One side: the core under test, and an engine that throws where a call comes in an order no engine takes. */
export class Side {
  readonly name: string;
  readonly sent: Signal[] = [];
  state: NegotiationState;
  connection: FakeConnection | undefined;
  #fragments = 0;
  /** Every candidate that reached this side, behind its generation and fragment. */
  readonly #reached: string[] = [];

  constructor(name: string, options: { polite: boolean; rollback: boolean; restart: boolean }) {
    this.name = name;
    this.state = startNegotiation(options);
  }

  get canWork(): boolean {
    const { connection } = this;
    return connection !== undefined && connection.waiting.length + connection.found.length > 0;
  }

  feed(event: NegotiationEvent): void {
    const { state, effects } = stepNegotiation(this.state, event);
    this.state = state;
    for (const effect of effects) this.#carryOut(effect);
  }

  take(signal: Signal | undefined): void {
    if (signal === undefined) return;
    if (signal.t === "candidates") this.#reached.push(...signal.list.map(({ c }) => c));
    this.feed({ type: "signal", signal });
  }

  /** The engine does the next thing it was asked for, or tells the next candidate. */
  work(): void {
    const { connection } = this;
    if (connection === undefined) return;
    const operation = connection.waiting.shift();
    if (operation !== undefined) return this.#operate(connection, operation);
    const found = connection.found.shift();
    if (found !== undefined) this.feed(found);
  }

  /** Candidates of the remote description in force that came here, and weren't handed over. */
  candidatesMissed(): string[] {
    const fragment = fragmentOf(this.connection?.remote?.sdp ?? "");
    const due = this.#reached.filter((c) => c.startsWith(`${fragment} `));
    return due.filter((c) => !this.connection?.handed.includes(c));
  }

  /** Candidates that the connection was given more than once. */
  candidatesRepeated(): string[] {
    const handed = this.connection?.handed ?? [];
    return handed.filter((c, i) => handed.indexOf(c) !== i);
  }

  #carryOut(effect: NegotiationEffect): void {
    switch (effect.type) {
      case "open":
        this.connection = {
          generation: effect.generation,
          waiting: [],
          found: [],
          handed: [],
          local: undefined,
          remote: undefined,
          pending: undefined,
        };
        return;
      case "close":
        this.connection = undefined;
        return;
      case "send":
        this.sent.push(effect.signal);
        return;
      default:
        if (this.connection === undefined) throw new Error(`${this.name}: ${effect.type} without a connection`);
        this.connection.waiting.push(effect);
    }
  }

  #operate(connection: FakeConnection, operation: NegotiationEffect): void {
    const { generation } = connection;
    switch (operation.type) {
      case "make-offer": {
        const isUsed = connection.pending !== undefined || connection.remote !== undefined;
        if (isUsed !== operation.number > 0)
          throw new Error(`${this.name}: offer ${operation.number}, used: ${isUsed}`);
        connection.pending = this.#describe(connection, "offer", "");
        const { sdp } = connection.pending;
        return this.feed({ type: "offer-made", generation, number: operation.number, sdp });
      }
      case "make-answer": {
        if (connection.pending !== undefined && !this.state.rollback) {
          throw new Error(`${this.name}: an answer where an offer is out`);
        }
        if (connection.remote !== undefined && !this.state.restart) {
          throw new Error(`${this.name}: a second remote description`);
        }
        connection.pending = undefined;
        connection.remote = { type: "offer", sdp: operation.sdp };
        connection.local = this.#describe(connection, "answer", fragmentOf(operation.sdp) ?? "");
        return this.feed({ type: "answer-made", generation, number: operation.number, sdp: connection.local.sdp });
      }
      case "take-answer":
        if (connection.pending === undefined) throw new Error(`${this.name}: an answer where no offer is out`);
        if (!operation.sdp.includes(`a=answers:${fragmentOf(connection.pending.sdp)}\r\n`)) {
          throw new Error(`${this.name}: an answer to another offer`);
        }
        connection.local = connection.pending;
        connection.pending = undefined;
        connection.remote = { type: "answer", sdp: operation.sdp };
        return;
      case "add-candidates":
        for (const { c } of operation.list) this.#addCandidate(connection, c);
    }
  }

  #addCandidate(connection: FakeConnection, c: string): void {
    if (connection.remote === undefined) throw new Error(`${this.name}: candidates before the remote description`);
    if (!c.startsWith(`${fragmentOf(connection.remote.sdp)} `)) throw new Error(`${this.name}: a candidate of another`);
    connection.handed.push(c);
  }

  #describe(connection: FakeConnection, type: FakeDescription["type"], answered: string): FakeDescription {
    const fragment = `${this.name}${++this.#fragments}`;
    for (const list of [[`${fragment} 1`, `${fragment} 2`], [`${fragment} 3`], []]) {
      connection.found.push({
        type: "candidates-found",
        generation: connection.generation,
        fragment,
        list: list.map((c) => ({ c, mid: "0" })),
      });
    }
    return { type, sdp: `v=0\r\na=ice-ufrag:${fragment}\r\na=answers:${answered}\r\n` };
  }
}

/** Carries and works until nothing is left to do. */
export function settleAll(sides: readonly [Side, Side]): void {
  let isBusy = true;
  while (isBusy) {
    isBusy = false;
    for (const [side, other] of [sides, [sides[1], sides[0]]] as const) {
      while (side.canWork) {
        side.work();
        isBusy = true;
      }
      while (side.sent.length > 0) {
        other.take(side.sent.shift());
        isBusy = true;
      }
    }
  }
}

/** Both sides are settled on one generation, with each other's descriptions, one of which is the offer. */
export function checkMatch([a, b]: readonly [Side, Side]): void {
  const problems = [
    a.state.phase !== "settled" && `${a.name} is ${a.state.phase}`,
    b.state.phase !== "settled" && `${b.name} is ${b.state.phase}`,
    a.state.generation !== b.state.generation && `generations ${a.state.generation} and ${b.state.generation}`,
    a.connection?.local?.sdp !== b.connection?.remote?.sdp && `${b.name} doesn't have ${a.name}'s description`,
    b.connection?.local?.sdp !== a.connection?.remote?.sdp && `${a.name} doesn't have ${b.name}'s description`,
    a.connection?.local?.type === b.connection?.local?.type && `both made an ${a.connection?.local?.type}`,
  ].filter(Boolean);
  if (problems.length > 0) throw new Error(problems.join("; "));
}

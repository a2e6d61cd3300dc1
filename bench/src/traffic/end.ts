import type { Line, Opening, Place } from "./line.ts";

/** One end of a line, in a process or a page: what it can be asked for from outside. */
export interface EndMethods extends Record<string, (...args: never[]) => unknown> {
  /** Resolves when the other may come. */
  open(place: Place): Promise<void>;
  /** Resolves when messages go; fails where they don't in ten seconds. */
  opened(): Promise<void>;
  /** From now on: counts what comes, and answers with the count when so many came in their order, or with where that ended. */
  count(total: number): void;
  /** From now on: sends back what comes. */
  echo(): void;
  /** Sends so many to one that counts; gives the milliseconds until it had all of them. */
  send(total: number): Promise<number>;
  /** Sends so many to one that echoes, each when the one before is back; gives the milliseconds of each. */
  roundTrips(total: number): Promise<number[]>;
}

export function endMethods(openWay: (place: Place) => Promise<Opening>): EndMethods {
  let opening: Opening | undefined;
  let line: Line | undefined;
  const open = () => {
    if (line === undefined) throw new Error("The line isn't open.");
    return line;
  };
  return {
    async open(place) {
      opening = await openWay(place);
      // It is told to whoever waits for it.
      opening.line.catch(() => {});
    },
    async opened() {
      line = await Promise.race([opening?.line, tooLate()]);
    },
    count: (total) => count(open(), total),
    echo: () => echo(open()),
    send: (total) => send(open(), total),
    roundTrips: (total) => roundTrips(open(), total),
  };
}

const openTimeoutMs = 10_000;

function tooLate(): Promise<never> {
  return new Promise((_resolve, reject) => {
    setTimeout(() => reject(new Error(`The line didn't open in ${openTimeoutMs} ms.`)), openTimeoutMs);
  });
}

function count(line: Line, total: number): void {
  let due = 0;
  let over = false;
  const end = () => {
    if (!over) line.answer(due);
    over = true;
  };
  line.listen((number) => {
    if (number !== due) return end();
    due++;
    if (due === total) end();
  }, end);
}

function echo(line: Line): void {
  line.listen((number) => void line.send(number), rethrow);
}

async function send(line: Line, total: number): Promise<number> {
  const answered = new Promise<number>((resolve, reject) => line.listen(resolve, reject));
  const startedMs = performance.now();
  for (let number = 0; number < total; number++) {
    const room = line.send(number);
    if (room !== undefined) await room;
  }
  const came = await answered;
  const elapsedMs = performance.now() - startedMs;
  if (came !== total) throw new Error(`Of ${total} messages, ${came} came in their order and the next one didn't.`);
  return elapsedMs;
}

async function roundTrips(line: Line, total: number): Promise<number[]> {
  const timesMs: number[] = [];
  for (let number = 0; number < total; number++) timesMs.push(await roundTrip(line, number));
  return timesMs;
}

async function roundTrip(line: Line, number: number): Promise<number> {
  const back = new Promise<number>((resolve, reject) => line.listen(resolve, reject));
  const startedMs = performance.now();
  void line.send(number);
  const came = await back;
  const elapsedMs = performance.now() - startedMs;
  if (came !== number) throw new Error(`Number ${came} came back where ${number} was due.`);
  return elapsedMs;
}

function rethrow(fault: unknown): never {
  throw fault;
}

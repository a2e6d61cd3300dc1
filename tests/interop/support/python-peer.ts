import { fileURLToPath } from "node:url";
import { type JsonEvent, LineProgram } from "./lines.ts";

const folder = fileURLToPath(new URL("../../../examples/python-peer", import.meta.url));
const python = "/usr/bin/python3";

/** A program of `examples/python-peer`, or of Python's own that runs there. */
export function startPython(args: readonly string[]): LineProgram {
  return new LineProgram("-m", args, { command: python, folder });
}

/** The peer of `examples/python-peer`, driven by its lines. */
export class PythonPeer {
  readonly #program: LineProgram;
  readonly id: string;

  private constructor(program: LineProgram, id: string) {
    this.#program = program;
    this.id = id;
  }

  /** Resolves when it is in the room. */
  static async join(server: string, room: string, ...options: readonly string[]): Promise<PythonPeer> {
    const protocol = ["--protocol", "skein.test@1.0.0"];
    const program = startPython([
      "skein_peer",
      "join",
      room,
      "--server",
      server,
      "--name",
      "py",
      ...protocol,
      ...options,
    ]);
    const { peer } = await program.event(({ event }) => event === "joined");
    return new PythonPeer(program, peer as string);
  }

  /** Takes messages, and answers requests with what they ask. */
  serve(): void {
    for (const type of ["say", "number"]) this.do({ op: "handle", type: `skein.test/${type}` });
    this.do({ op: "handle", type: "skein.test/echo", kind: "request" });
  }

  do(operation: object): void {
    this.#program.say(operation);
  }

  event(name: string, fits: (event: JsonEvent) => boolean = () => true): Promise<JsonEvent> {
    return this.#program.event((event) => event.event === name && fits(event));
  }

  /** Resolves when it is linked, over the path that is named. */
  async linked(path: "direct" | "relay"): Promise<void> {
    await this.event("path-changed", (event) => event.path === path);
  }

  /** Answers the next request as it came. */
  async answer(): Promise<void> {
    const { request, body } = await this.event("request");
    this.do({ op: "respond", request, body });
  }

  async request(to: string, body: unknown): Promise<unknown> {
    this.do({ op: "request", id: "ask", to, type: "skein.test/echo", body });
    return (await this.event("response", ({ id }) => id === "ask")).body;
  }

  /** All events of that name so far. */
  events(name: string): JsonEvent[] {
    return this.#program.lines.map((line) => JSON.parse(line) as JsonEvent).filter(({ event }) => event === name);
  }

  /** It leaves; resolves when its process has ended. */
  async leave(): Promise<void> {
    this.do({ op: "leave" });
    await this.event("left");
    await this.#program.end();
  }

  kill(): Promise<void> {
    return this.#program.kill();
  }
}

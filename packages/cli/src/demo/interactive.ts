import { relative } from "node:path";
import { SkeinError } from "@skein/protocol";
import * as v from "valibot";
import { deferred } from "../process/deferred.js";
import { aborted } from "../process/stop.js";
import { clean, createInk, type Ink } from "../terminal/ink.js";
import { ProgressBar } from "../terminal/progress-bar.js";
import { Prompt } from "../terminal/prompt.js";
import { leftEvent, peerEvent, servedEvent } from "./events.js";
import { chooseExample } from "./example.js";
import type { Fleet } from "./fleet.js";
import type { DemoParts } from "./parts.js";
import { bannerLines, foundLines, gotLines, helpLines, linkLines, shownLinks } from "./view.js";

const commands = ["find ", "get ", "peers", "help", "quit"];

/** The demo for people: a banner, then their commands until they quit. */
export async function runInteractive({ fleet, out, signal, onDeath }: DemoParts): Promise<void> {
  const ink = createInk(process.stdout);
  const { folder, url, page, agents } = fleet;
  const example = await chooseExample(fleet);
  const banner = bannerLines(
    {
      folder,
      url,
      page,
      agents: agents.map(({ child: { pid }, ...agent }) => ({ ...agent, pid })),
      links: shownLinks(await fleet.links()),
      example,
    },
    ink,
  );
  process.stdout.write(`${banner.join("\n")}\n`);
  const session = new Session(fleet, out, ink);
  const done = deferred<void>();
  using prompt = new Prompt({
    prompt: ink("bold", "› "),
    line: async (text) => {
      if (await session.run(text)) done.resolve();
    },
    interrupt: () => {
      if (!session.cancel()) done.resolve();
    },
    end: done.resolve,
    complete: (line) => [commands.filter((command) => command.startsWith(line)), line],
  });
  const note = (text: string): void => prompt.print(ink("dim", `  · ${text}`));
  onDeath((name, how) => {
    const rest = name === "the server" ? "links live on; nobody new gets in" : "the others carry on";
    prompt.print(ink("yellow", `  ! ${name} ${clean(how)}: ${rest}`));
  });
  tellOfVisitors(fleet, note);
  prompt.show();
  await Promise.race([done.promise, aborted(signal)]);
  session.cancel();
}

/** One line at a time. */
class Session {
  readonly #fleet: Fleet;
  readonly #out: string;
  readonly #ink: Ink;
  #running: AbortController | undefined;

  constructor(fleet: Fleet, out: string, ink: Ink) {
    this.#fleet = fleet;
    this.#out = out;
    this.#ink = ink;
  }

  /** Gives up what is under way; false where nothing is. */
  cancel(): boolean {
    this.#running?.abort();
    return this.#running !== undefined;
  }

  /** Does what a line asks for; true where that is to end it all. */
  async run(line: string): Promise<boolean> {
    const [command = "", ...rest] = line.trim().split(/\s+/);
    const subject = rest.join(" ");
    if (command === "quit" || command === "exit") return true;
    this.#running = new AbortController();
    try {
      this.#show(await this.#answer(command, subject, this.#running.signal));
    } catch (error) {
      const { message } = SkeinError.from(error, "closed");
      this.#show([`  ${this.#ink("yellow", clean(message))}`, ""]);
    } finally {
      this.#running = undefined;
    }
    return false;
  }

  async #answer(command: string, subject: string, signal: AbortSignal): Promise<string[]> {
    const ink = this.#ink;
    switch (command) {
      case "":
        return [];
      case "find":
        if (subject === "") return ["  find what? For example: find data channel", ""];
        return foundLines(await this.#fleet.find(subject.slice(0, 256), signal), subject, ink, this.#columns);
      case "get":
        if (subject === "") return ["  get which file? `find` shows names of files.", ""];
        return this.#get(subject, signal);
      case "peers":
        return linkLines(shownLinks(await this.#fleet.links()), ink);
      case "help":
        return helpLines(this.#out, ink);
      default:
        return [`  There is no "${clean(command)}": find, get, peers, help and quit are what there is.`, ""];
    }
  }

  async #get(file: string, signal: AbortSignal): Promise<string[]> {
    using bar = new ProgressBar(this.#ink);
    const got = await this.#fleet.get(file, this.#out, { signal, progress: (bytes, of) => bar.show(bytes, of) });
    return gotLines(got, shortest(got.path), this.#ink);
  }

  get #columns(): number {
    return Math.min(process.stdout.columns ?? 100, 120);
  }

  #show(lines: readonly string[]): void {
    if (lines.length > 0) process.stdout.write(`${lines.join("\n")}\n`);
  }
}

/** A path as people would write it from here. */
function shortest(path: string): string {
  const fromHere = relative(process.cwd(), path);
  return fromHere.startsWith("..") ? path : fromHere;
}

/** Says what others in the room do: whoever opens the page, for one. */
function tellOfVisitors(fleet: Fleet, note: (text: string) => void): void {
  const own = new Set(fleet.agents.map(({ id }) => id));
  const names = new Map<string, string>();
  let lastRead = "";
  for (const { name, child } of fleet.agents) {
    child.listen((event) => {
      const isSpeaker = fleet.speaker.child === child;
      if (event.event === "served") {
        const { success, output } = v.safeParse(servedEvent, event);
        if (!success || own.has(output.to)) return;
        const visitor = names.get(output.to) ?? "someone";
        if (output.op === "find" && isSpeaker) note(`${visitor} searches`);
        const read = `${output.to} ${output.file}`;
        if (output.op === "read" && read !== lastRead)
          note(`${visitor} fetches ${clean(output.file ?? "")} from ${name}`);
        if (output.op === "read") lastRead = read;
      } else if (event.event === "peer-connected") {
        const { success, output } = v.safeParse(peerEvent, event);
        if (!success || own.has(output.peer.id)) return;
        const visitor = clean(output.peer.name ?? output.peer.id.slice(0, 8));
        names.set(output.peer.id, visitor);
        if (isSpeaker) note(`${visitor} is here${output.peer.engine === "browser" ? ", from a browser" : ""}`);
      } else if (event.event === "peer-left" && isSpeaker) {
        const { success, output } = v.safeParse(leftEvent, event);
        const visitor = success ? names.get(output.peer.id) : undefined;
        if (visitor !== undefined) note(`${visitor} left`);
      }
    });
  }
}

import { relative } from "node:path";
import type { Peer, PeerId } from "@skein/client";
import { SkeinError } from "@skein/protocol";
import * as v from "valibot";
import { voteText } from "../agent/vote-text.js";
import type { CrewListener } from "../crew/crew.js";
import { findTask } from "../crew/protocol.js";
import { deferred } from "../process/deferred.js";
import { aborted } from "../process/stop.js";
import { clean, createInk, type Ink } from "../terminal/ink.js";
import { ProgressBar } from "../terminal/progress-bar.js";
import { Prompt } from "../terminal/prompt.js";
import { servedEvent } from "./events.js";
import { chooseExample } from "./example.js";
import type { Fleet } from "./fleet.js";
import type { Member } from "./member.js";
import type { DemoParts } from "./parts.js";
import {
  bannerLines,
  foundLines,
  gotLines,
  helpLines,
  linkLines,
  officeLines,
  type ShownOffices,
  shownLinks,
} from "./view.js";

const commands = ["find ", "get ", "kill ", "peers", "help", "quit"];

/** The demo for people: a banner, then their commands until they quit. */
export async function runInteractive({ fleet, member, happenings, out, signal }: DemoParts): Promise<void> {
  const ink = createInk(process.stdout);
  const { folder, url, page, agents } = fleet;
  const session = new Session({ fleet, member, out, ink });
  const done = deferred<void>();
  using prompt = new Prompt({
    prompt: ink("bold", "› "),
    line: async (text) => {
      if (await session.run(text)) done.resolve();
    },
    // While something else is under way: that's when it is worth seeing.
    atOnce: (text) => session.kill(text),
    interrupt: () => {
      if (!session.cancel()) done.resolve();
    },
    end: done.resolve,
    complete: (line) => [commands.filter((command) => command.startsWith(line)), line],
  });
  const note = (text: string): void => prompt.print(ink("dim", `  · ${text}`));
  happenings.listen({
    ...notesOf(member, note),
    died: (name, how) => {
      const rest = name === "the server" ? "links live on; nobody new gets in" : "the others carry on";
      prompt.print(ink("yellow", `  ! ${name} ${clean(how)}: ${rest}`));
    },
  });
  tellOfVisitors(fleet, member, note);
  const example = await chooseExample(fleet, member, signal);
  const banner = bannerLines(
    {
      folder,
      url,
      page,
      agents: agents.map(({ child: { pid }, ...agent }) => ({ ...agent, pid })),
      links: shownLinks(await fleet.links()).filter(({ b }) => agents.some(({ name }) => name === b)),
      offices: officesOf(member),
      example,
    },
    ink,
  );
  process.stdout.write(`${banner.join("\n")}\n`);
  prompt.show();
  await Promise.race([done.promise, aborted(signal)]);
  session.cancel();
}

interface SessionParts {
  readonly fleet: Fleet;
  readonly member: Member;
  readonly out: string;
  readonly ink: Ink;
}

/** One line at a time. */
class Session {
  readonly #fleet: Fleet;
  readonly #member: Member;
  readonly #out: string;
  readonly #ink: Ink;
  #running: AbortController | undefined;

  constructor({ fleet, member, out, ink }: SessionParts) {
    this.#fleet = fleet;
    this.#member = member;
    this.#out = out;
    this.#ink = ink;
  }

  /** Kills an agent where a line asks for that; false where it asks for something else. */
  kill(line: string): boolean {
    const [command, name] = line.trim().split(/\s+/);
    const agent = this.#fleet.living.find((each) => each.name === name);
    if (command !== "kill" || agent === undefined) return false;
    agent.child.kill();
    return true;
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
        return foundLines(await this.#member.find(subject.slice(0, 256), signal), subject, ink, this.#columns);
      case "get":
        if (subject === "") return ["  get which file? `find` shows names of files.", ""];
        return this.#get(subject, signal);
      case "peers":
        return [...officeLines(officesOf(this.#member), ink), ...linkLines(shownLinks(await this.#fleet.links()), ink)];
      case "kill": {
        const names = this.#fleet.living.map(({ name }) => name);
        return [`  kill which agent? ${names.length === 0 ? "None is left." : `There are ${names.join(", ")}.`}`, ""];
      }
      case "help":
        return helpLines(this.#out, ink);
      default:
        return [`  There is no "${clean(command)}": find, get, kill, peers, help and quit are what there is.`, ""];
    }
  }

  async #get(file: string, signal: AbortSignal): Promise<string[]> {
    using bar = new ProgressBar(this.#ink);
    const got = await this.#member.get(file, this.#out, { signal, progress: (bytes, of) => bar.show(bytes, of) });
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

/** Who does what for all, by name. */
function officesOf(member: Member): ShownOffices {
  const { leader, keeper } = member.crew;
  return {
    leader: leader && member.nameOf(leader.id),
    keeper: keeper === undefined ? undefined : member.nameOf(keeper),
  };
}

/** What the crew does by itself, in words. */
function notesOf(member: Member, note: (text: string) => void): CrewListener {
  const named = (id: PeerId): string => clean(member.nameOf(id));
  return {
    handedOver: ({ name, from, to }) => {
      const what = name === findTask ? "a search" : "the list of files";
      note(`${named(from)} is lost over ${what}: ${named(to)} does it instead`);
    },
    dropped: ({ holder }) => note(`${named(holder)} is lost over a file: the rest comes from who else has it`),
    led: (leader) =>
      note(leader === undefined ? "nobody leads: the agents elect another" : `${named(leader.id)} leads`),
    voted: (vote) => note(voteText(vote, named)),
  };
}

/** Says who comes and goes beside the agents, and what they do: whoever opens the page, for one. */
function tellOfVisitors(fleet: Fleet, { room }: Member, note: (text: string) => void): void {
  const own = new Set<string>([room.id, ...fleet.agents.map(({ id }) => id)]);
  const nameOf = (peer: Peer): string => clean(peer.card.name ?? peer.id.slice(0, 8));
  room.on("peer-connected", (peer) => {
    if (!own.has(peer.id)) note(`${nameOf(peer)} is here${peer.card.kind === "browser" ? ", from a browser" : ""}`);
  });
  room.on("peer-left", ({ peer }) => {
    if (!own.has(peer.id)) note(`${nameOf(peer)} left`);
  });
  let lastRead = "";
  for (const { name, child } of fleet.agents) {
    child.listen((event) => {
      const { success, output } = v.safeParse(servedEvent, event);
      if (!success || event.event !== "served" || own.has(output.to)) return;
      const peer = room.peers.get(output.to as PeerId);
      const visitor = peer === undefined ? "someone" : nameOf(peer);
      if (output.op === "find") note(`${name} searches for ${visitor}`);
      const read = `${output.to} ${output.file} ${name}`;
      if (output.op === "read" && read !== lastRead)
        note(`${visitor} fetches ${clean(output.file ?? "")} from ${name}`);
      if (output.op === "read") lastRead = read;
    });
  }
}

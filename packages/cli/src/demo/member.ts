import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout } from "node:timers/promises";
import { joinRoom, type PeerId, type Room } from "@skein/client";
import type { FetchProgress } from "@skein/coordination";
import { createFileStore } from "@skein/coordination/node";
import { createIdentity, SkeinError } from "@skein/protocol";
import { relayFallback } from "@skein/relay-fallback";
import { Crew, type CrewListener, crewProtocols } from "../crew/crew.js";
import { namesOf } from "../crew/names.js";
import type { IndexEntry } from "../crew/protocol.js";
import { saveFile } from "../files/save-file.js";
import { targetPath } from "../files/target.js";
import type { Found, Got } from "./findings.js";
import { demoRoom } from "./fleet.js";

export interface MemberOptions {
  readonly url: string;
  /** The agents to be linked to before it begins. */
  readonly agents: readonly { readonly id: string }[];
  readonly relay: "fallback" | "never";
  readonly signal: AbortSignal;
  readonly listener: (room: Room) => CrewListener;
}

const linkTimeoutMs = 30_000;
const officesTimeoutMs = 30_000;
const hitsMost = 200;
const lookMs = 50;

/** The terminal as a member of the room: it holds nothing, and has the agents do what is asked of it. */
export class Member implements AsyncDisposable {
  readonly room: Room;
  readonly crew: Crew;
  readonly #folder: string;
  readonly #plainName: (id: PeerId) => string;

  private constructor(room: Room, crew: Crew, folder: string) {
    this.room = room;
    this.crew = crew;
    this.#folder = folder;
    this.#plainName = namesOf(room);
  }

  /** @throws {SkeinError} `timeout` where it isn't linked to all agents in time */
  static async join({ url, agents, relay, signal, listener }: MemberOptions): Promise<Member> {
    const identity = createIdentity();
    const paths = [relayFallback({ policy: relay })];
    const about = { server: url, room: demoRoom, name: "terminal", protocols: crewProtocols };
    const room = await joinRoom({ ...about, identity, paths, signal });
    const folder = await mkdtemp(join(tmpdir(), "skein-demo-"));
    try {
      const store = await createFileStore(folder);
      const options = { identity, holdings: () => [], standsForOffice: false, store, listener: listener(room) };
      const member = new Member(room, await Crew.begin(room, options), folder);
      await member.#linkedTo(agents, signal);
      return member;
    } catch (error) {
      await room.leave();
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  async find(words: string, signal: AbortSignal): Promise<Found> {
    const startMs = performance.now();
    const found = await this.crew.find(words, { most: hitsMost, signal });
    if (signal.aborted) throw new SkeinError("aborted", "The search was given up.");
    const answered = found.filter(({ error }) => error === undefined);
    return {
      hits: found.flatMap(({ by, hits }) =>
        by === undefined ? [] : hits.map((hit) => ({ ...hit, name: this.nameOf(by) })),
      ),
      agents: new Set(answered.map(({ by }) => by)).size,
      files: answered.reduce((sum, { files = 0 }) => sum + files, 0),
      failed: found.length - answered.length,
      ms: performance.now() - startMs,
    };
  }

  list(signal: AbortSignal): Promise<readonly IndexEntry[]> {
    return this.crew.list(signal);
  }

  /** Fetches a file into a folder, from all who hold it. */
  async get(
    wanted: string,
    to: string,
    options: { readonly signal: AbortSignal; readonly progress?: (bytes: number, of: number) => void },
  ): Promise<Got> {
    const { signal, progress = () => {} } = options;
    const startMs = performance.now();
    const located = await this.crew.locate(wanted, signal);
    const path = targetPath(resolve(to), located.file);
    const from = new Set<string>();
    const onProgress = ({ bytes, totalBytes, holders }: FetchProgress) => {
      for (const id of holders) from.add(this.nameOf(id));
      progress(bytes, totalBytes);
    };
    const { id, bytes } = await this.crew.get(located, { signal, onProgress });
    const sha256 = await saveFile({ bytes: this.crew.read(id), path, signal });
    await this.crew.forget(id);
    return { file: located.file, path, from: [...from], bytes, artifact: id, sha256, ms: performance.now() - startMs };
  }

  nameOf(id: PeerId): string {
    return id === this.room.id ? "this terminal" : this.#plainName(id);
  }

  /** Waits until somebody leads, and somebody keeps the index. @throws {SkeinError} `timeout` */
  async officesTaken(signal: AbortSignal): Promise<{ readonly leader: PeerId; readonly keeper: PeerId }> {
    const { crew } = this;
    const taken = () => crew.leader !== undefined && crew.keeper !== undefined;
    const late = "No agent leads, or keeps the index, after 30 s.";
    await until(taken, officesTimeoutMs, late, signal);
    return { leader: crew.leader?.id ?? ("" as PeerId), keeper: crew.keeper ?? ("" as PeerId) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.crew.close();
    await this.room.leave();
    await rm(this.#folder, { recursive: true, force: true });
  }

  #linkedTo(agents: MemberOptions["agents"], signal: AbortSignal): Promise<void> {
    const linked = () => agents.every(({ id }) => this.crew.presence.get(id as PeerId) !== undefined);
    const late = "This terminal isn't linked to all agents after 30 s: does something block UDP on this machine?";
    return until(linked, linkTimeoutMs, late, signal);
  }
}

/** Waits until something is so. */
async function until(isSo: () => boolean, timeoutMs: number, late: string, signal: AbortSignal): Promise<void> {
  const untilMs = performance.now() + timeoutMs;
  while (!isSo()) {
    if (signal.aborted) throw new SkeinError("aborted", "It was told to stop before it was ready.");
    if (performance.now() >= untilMs) throw new SkeinError("timeout", late);
    await setTimeout(lookMs);
  }
}

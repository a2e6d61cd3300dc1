import { type PeerId, type Room, SkeinError, type Unsubscribe } from "@skein/client";
import {
  type Artifact,
  type ArtifactStore,
  type Artifacts,
  artifactsProtocol,
  createArtifacts,
  createElection,
  createPresence,
  createTasks,
  createVotes,
  type DropReason,
  type Election,
  electionProtocol,
  type FetchProgress,
  type Leader,
  type Presence,
  presenceProtocol,
  type TaskEvents,
  type Tasks,
  tasksProtocol,
  type Votes,
  votesProtocol,
} from "@skein/coordination";
import type { Identity } from "@skein/protocol";
import type { Located } from "./core/located.js";
import { FileIndex } from "./file-index.js";
import { Finder, type FindOptions, type FoundInSet } from "./finder.js";
import { setsOf } from "./held-sets.js";
import type { Holdings } from "./holding.js";

import { Keepership, type KeeperVote } from "./keepership.js";
import { couldKeepIndex, crewFiles, holds, type IndexEntry } from "./protocol.js";

/** What a crew speaks: for `joinRoom({ protocols })`. */
export const crewProtocols = [
  presenceProtocol,
  tasksProtocol,
  artifactsProtocol,
  electionProtocol,
  votesProtocol,
  crewFiles,
];

/** What is told of a crew. */
export interface CrewListener {
  /** Another agent does what one was lost over. */
  handedOver?(event: TaskEvents["handed-over"]): void;
  /** A holder was dropped from a fetch; the rest comes from others. */
  dropped?(event: { readonly artifact: string; readonly holder: PeerId; readonly reason: DropReason }): void;
  led?(leader: Leader | undefined): void;
  voted?(vote: KeeperVote): void;
  /** We searched for somebody, or gave it a piece of a file. */
  served?(event: {
    readonly op: "find" | "read";
    readonly to: PeerId;
    readonly file?: string;
    readonly bytes?: number;
  }): void;
}

export interface CrewOptions {
  readonly identity: Identity;
  readonly holdings: Holdings;
  /** Whether we lead and keep the index where we are chosen. Whoever comes and goes had better not. */
  readonly standsForOffice: boolean;
  readonly store?: ArtifactStore;
  readonly quotaBytes?: number;
  readonly listener: CrewListener;
}

export interface GetOptions {
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: FetchProgress) => void;
}

interface CrewParts {
  readonly room: Room;
  readonly presence: Presence;
  readonly tasks: Tasks;
  readonly votes: Votes;
  readonly artifacts: Artifacts;
  readonly election: Election;
}

const offerMs = 60_000;
/** Files that stay offered: who wants an older one asks for it again. */
const offeredMost = 32;

/**
 * Agents that hold files together: any set of files may be held by several of them. Each search is a task for one who holds the set, each file an
 * artifact that comes from all who have it; one that the others voted for keeps the index.
 */
export class Crew {
  readonly room: Room;
  readonly presence: Presence;
  readonly #tasks: Tasks;
  readonly #artifacts: Artifacts;
  readonly #election: Election;
  readonly #votes: Votes;
  readonly #keepership: Keepership;
  readonly #finder: Finder;
  readonly #index: FileIndex;
  readonly #holdings: Holdings;
  /** The files that our artifacts are of, the latest last. */
  readonly #offered = new Map<string, string>();
  readonly #stops: readonly Unsubscribe[];

  private constructor(
    { room, presence, tasks, votes, artifacts, election }: CrewParts,
    { holdings, listener }: Omit<CrewOptions, "identity">,
  ) {
    this.room = room;
    this.presence = presence;
    this.#holdings = holdings;
    this.#artifacts = artifacts;
    this.#election = election;
    this.#tasks = tasks;
    this.#votes = votes;
    this.#keepership = new Keepership({
      id: room.id,
      presence,
      election,
      votes,
      voted: (vote) => listener.voted?.(vote),
    });
    this.#finder = new Finder({
      id: room.id,
      presence,
      tasks,
      holdings,
      searched: (to) => listener.served?.({ op: "find", to }),
    });
    this.#index = new FileIndex({ room, presence, tasks, keepership: this.#keepership, holdings });
    this.#stops = [
      room.handle(crewFiles.list, ({ set, from }) => this.#holding(set).list(from)),
      room.handle(crewFiles.offer, async ({ set, file }, _peer, { signal }) => ({
        artifact: (await this.#offer(set, file, signal)).id,
      })),
      tasks.on("handed-over", (event) => listener.handedOver?.(event)),
      artifacts.on("holder-dropped", ({ id, holder, reason }) => listener.dropped?.({ artifact: id, holder, reason })),
      artifacts.on("served", ({ id, to, bytes }) => {
        const file = this.#offered.get(id);
        listener.served?.({ op: "read", to, bytes, ...(file === undefined ? {} : { file }) });
      }),
      election.on("leader", (leader) => listener.led?.(leader)),
    ];
    this.holdingsChanged();
  }

  static async begin(room: Room, options: CrewOptions): Promise<Crew> {
    const { identity, store, quotaBytes, standsForOffice } = options;
    // Before anything that waits: others may speak to us already.
    const presence = createPresence(room, { capabilities: standsForOffice ? [couldKeepIndex] : [] });
    const tasks = createTasks(room, { presence });
    const votes = createVotes(room, { identity });
    const election = await createElection(room, { candidate: standsForOffice });
    const artifacts = await createArtifacts(room, {
      ...(store === undefined ? {} : { store }),
      ...(quotaBytes === undefined ? {} : { quotaBytes }),
    });
    return new Crew({ room, presence, tasks, votes, artifacts, election }, options);
  }

  get leader(): Leader | undefined {
    return this.#election.leader;
  }

  /** Who keeps the index, as far as we know. */
  get keeper(): PeerId | undefined {
    return this.#keepership.keeper;
  }

  /** Looks for words in everything that anybody holds. */
  find(words: string, options: FindOptions): Promise<FoundInSet[]> {
    return this.#finder.find(words, options);
  }

  /** Every file that anybody holds, once for each set that it is in. @throws {SkeinError} as a task does */
  list(signal: AbortSignal): Promise<readonly IndexEntry[]> {
    return this.#index.entries(undefined, signal);
  }

  /** Finds a file by its name, or the end of it. @throws {SkeinError} `bad-argument` where there is none, or several */
  locate(wanted: string, signal: AbortSignal): Promise<Located> {
    return this.#index.locate(wanted, signal);
  }

  /** Those who hold one of these sets, ourselves included. */
  holdersOf(sets: readonly string[]): readonly PeerId[] {
    const there = setsOf(this.presence);
    const own = this.#holdings().some(({ set }) => sets.includes(set)) ? [this.room.id] : [];
    return [...new Set([...own, ...sets.flatMap((set) => there.get(set)?.holders ?? [])])];
  }

  /**
   * Gets a file from all who hold it, by an id that is made of its content. Read it with {@link Crew.read}, then {@link Crew.forget} it.
   * @throws {SkeinError} `no-such-peer` where nobody holds it any more, `too-large`, `aborted`
   */
  async get({ file, sets }: Pick<Located, "file" | "sets">, options: GetOptions): Promise<Artifact> {
    const own = sets.find((set) => this.#holdings().some((holding) => holding.set === set));
    if (own !== undefined) return this.#offer(own, file, options.signal);
    return this.#artifacts.fetch(await this.#askForOffers(file, sets, options.signal), options);
  }

  read(artifact: string): AsyncIterable<Uint8Array> {
    return this.#artifacts.read(artifact);
  }

  /** Lets go of what was fetched. What we share ourselves stays. */
  async forget(artifact: string): Promise<void> {
    if (!this.#offered.has(artifact)) await this.#artifacts.remove(artifact);
  }

  /** Call it when the holdings are others than before. */
  holdingsChanged(): void {
    const sets = this.#holdings().map(({ set, count, revision }) => ({ set, files: count, revision }));
    const { capabilities } = this.presence.own;
    const rest = capabilities.filter((name) => name === couldKeepIndex);
    this.presence.update({ capabilities: [...rest, ...sets.map(({ set }) => holds(set))], meta: { sets } });
  }

  /** Ends all of it; call it while the room is still open, so that others hear of it at once. */
  async close(): Promise<void> {
    for (const stop of this.#stops) stop();
    this.#keepership.close();
    await this.#votes.close();
    await this.#election.close();
    await this.#tasks.close();
    await this.#artifacts.close();
    await this.presence.close();
  }

  #holding(set: string) {
    const holding = this.#holdings().find((each) => each.set === set);
    if (holding === undefined) throw new SkeinError("bad-argument", "This agent doesn't hold that set of files.");
    return holding;
  }

  async #offer(set: string, file: string, signal: AbortSignal): Promise<Artifact> {
    const source = this.#holding(set).open(file, signal);
    if (source === undefined) throw new SkeinError("bad-argument", "This agent holds no file of that name.");
    const artifact = await this.#artifacts.put(source, { signal });
    this.#offered.delete(artifact.id);
    this.#offered.set(artifact.id, file);
    const [oldest] = this.#offered.keys();
    if (this.#offered.size > offeredMost && oldest !== undefined) {
      this.#offered.delete(oldest);
      await this.#artifacts.remove(oldest);
    }
    return artifact;
  }

  /** The id by which the holders offer a file. The first answer will do: those who answer later join in. */
  async #askForOffers(file: string, sets: readonly string[], signal: AbortSignal): Promise<string> {
    const there = setsOf(this.presence);
    const asked = sets.flatMap((set) => (there.get(set)?.holders ?? []).map((holder) => ({ set, holder })));
    const options = { timeoutMs: offerMs, signal };
    try {
      return await Promise.any(
        asked.map(async ({ set, holder }) => {
          const { artifact } = await this.room.request(holder, crewFiles.offer, { set, file }, options);
          return artifact;
        }),
      );
    } catch (error) {
      const [first] = error instanceof AggregateError ? error.errors : [error];
      throw first ?? new SkeinError("no-such-peer", "Nobody holds this file any more: search for it again.");
    }
  }
}

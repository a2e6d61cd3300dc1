import type { Peer, Room } from "@skein/client";
import { SkeinError } from "@skein/protocol";
import type { FileSource } from "./fetch-file.js";
import { type FileEntry, files, type Hit } from "./protocol.js";
import type { Share } from "./share.js";

/** A hit, and whose it is. */
export type PeerHit = Hit & { readonly peer: string; readonly name: string };

export interface Findings {
  readonly hits: readonly PeerHit[];
  /** Agents that answered, and the files they looked into. */
  readonly agents: number;
  readonly files: number;
  /** Agents that didn't answer. */
  readonly failed: readonly string[];
}

/** Who holds a file: a peer, or we ourselves. */
export interface Holder {
  readonly id: string;
  readonly name: string;
  readonly peer: Peer | undefined;
}

/** One that is gone may look linked for some seconds more: it holds up the others' answers no longer than this. */
const searchTimeoutMs = 3_000;
const readTimeoutMs = 30_000;

/** All the files of a room: our own share, and those of everyone who is linked. */
export class RoomFiles {
  readonly #room: Room;
  readonly #share: Share;
  readonly #ownName: string;

  constructor(room: Room, share: Share) {
    this.#room = room;
    this.#share = share;
    this.#ownName = room.card.name ?? room.id.slice(0, 8);
  }

  /** Answers others about our share. `served` hears of each answer. */
  answer(
    served: (what: {
      readonly op: string;
      readonly peer: Peer;
      readonly file?: string;
      readonly bytes?: number;
    }) => void,
  ): void {
    const room = this.#room;
    const share = this.#share;
    room.handle(files.find, async ({ words, most }, peer, { signal }) => {
      const found = await share.find(words, most, signal);
      served({ op: "find", peer });
      return found;
    });
    room.handle(files.list, ({ from }) => share.list(from));
    room.handle(files.stat, ({ file }) => share.stat(file));
    room.handle(files.read, async ({ file, offset, length }, peer) => {
      const piece = await share.read(file, offset, length);
      served({ op: "read", peer, file, bytes: piece.bytes.length });
      return piece;
    });
  }

  /** Asks everyone at once. */
  async find(words: string, most: number, signal: AbortSignal): Promise<Findings> {
    const options = { timeoutMs: searchTimeoutMs, signal };
    const own = this.#share.find(words, most, signal).then((found) => this.#named(this.#own, found));
    const others = this.#linked().map((holder) =>
      this.#room.request(holder.peer, files.find, { words, most }, options).then(
        (found) => this.#named(holder, found),
        () => ({ failed: holder.name }),
      ),
    );
    const answers = await Promise.all([own, ...others]);
    if (signal.aborted) throw new SkeinError("aborted", "The search was given up.");
    const found = answers.filter((answer) => "hits" in answer);
    return {
      hits: found.flatMap(({ hits }) => hits),
      agents: found.length,
      files: found.reduce((sum, answer) => sum + answer.files, 0),
      failed: answers.flatMap((answer) => ("failed" in answer ? [answer.failed] : [])),
    };
  }

  /** Everything that everyone holds. */
  async list(signal: AbortSignal): Promise<(FileEntry & { readonly peer: string })[]> {
    const own = this.#share.files.map(({ name, bytes }) => ({ name, bytes, peer: this.#room.id as string }));
    const others = this.#linked().map((holder) => this.#listOf(holder.peer, signal).catch(() => []));
    return [own, ...(await Promise.all(others))].flat();
  }

  /**
   * Finds who holds a file: by its whole name, or by the end of it where that is enough to tell.
   * @throws {SkeinError} `bad-argument` where nobody holds it, or several files end so
   */
  async locate(wanted: string, signal: AbortSignal): Promise<{ readonly file: string; readonly holder: Holder }> {
    const all = await this.list(signal);
    const exact = all.find(({ name }) => name === wanted);
    const ends = all.filter(({ name }) => name.endsWith(`/${wanted}`));
    const names = [...new Set(ends.map(({ name }) => name))];
    if (exact === undefined && names.length > 1) {
      const some = names.slice(0, 4).join(", ");
      throw new SkeinError(
        "bad-argument",
        `${names.length} files end in "${wanted}": say which, ${some}${names.length > 4 ? " …" : ""}`,
      );
    }
    const found = exact ?? ends[0];
    const holder = found && this.#holder(found.peer);
    if (found === undefined || holder === undefined) {
      throw new SkeinError("bad-argument", `No agent in the room holds "${wanted}": \`find\` shows names of files.`);
    }
    return { file: found.name, holder };
  }

  /** A file of a holder, ready to be read. */
  async source(file: string, { peer }: Holder, signal: AbortSignal): Promise<FileSource> {
    if (peer === undefined) {
      const stat = await this.#share.stat(file);
      return { ...stat, read: async (offset, length) => (await this.#share.read(file, offset, length)).bytes };
    }
    const options = { timeoutMs: readTimeoutMs, signal };
    const stat = await this.#room.request(peer, files.stat, { file }, options);
    if (stat.bytes > fetchedBytesMost) {
      throw new SkeinError(
        "too-large",
        `The peer says that this file has ${stat.bytes} bytes; ${fetchedBytesMost} is the most that is fetched.`,
      );
    }
    return {
      ...stat,
      read: async (offset, length) =>
        (await this.#room.request(peer, files.read, { file, offset, length }, options)).bytes,
    };
  }

  get #own(): Holder {
    return { id: this.#room.id, name: this.#ownName, peer: undefined };
  }

  #holder(id: string): Holder | undefined {
    return id === this.#room.id ? this.#own : this.#linked().find((holder) => holder.id === id);
  }

  /** Who is linked now and speaks our protocol. */
  #linked(): (Holder & { readonly peer: Peer })[] {
    return [...this.#room.peers.values()]
      .filter((peer) => peer.state === "connected" && Object.hasOwn(peer.card.protocols, files["~protocol"].name))
      .map((peer) => ({ id: peer.id, name: peer.card.name ?? peer.id.slice(0, 8), peer }));
  }

  #named(holder: Holder, found: { hits: Hit[]; files: number }): { hits: PeerHit[]; files: number } {
    return { hits: found.hits.map((hit) => ({ ...hit, peer: holder.id, name: holder.name })), files: found.files };
  }

  async #listOf(peer: Peer, signal: AbortSignal): Promise<(FileEntry & { readonly peer: string })[]> {
    const all: (FileEntry & { readonly peer: string })[] = [];
    for (;;) {
      const page = await this.#room.request(
        peer,
        files.list,
        { from: all.length },
        { timeoutMs: searchTimeoutMs, signal },
      );
      all.push(...page.files.map((entry) => ({ ...entry, peer: peer.id })));
      // A page may be empty where a peer counts wrongly: that ends it too.
      if (page.files.length === 0 || all.length >= page.total || all.length >= listedMost) return all;
    }
  }
}

/** A peer can say anything: a disk is full soon. */
const fetchedBytesMost = 1024 ** 3;
/** What we believe of one peer's list. */
const listedMost = 100_000;

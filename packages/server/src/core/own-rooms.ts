import type { RoomKey, RoomState } from "./nodes-message.js";

/** A room in which this node has peers. */
export interface OwnRoom {
  readonly name: string;
  readonly key: RoomKey;
  /** How far it has come: rises with each change, and is never used twice. 0: nothing was ever said of it. */
  state: number;
}

const shelves = 256;
/** Rooms in one beat, as long as one shelf of them isn't more. */
const roomsPerSlice = 256;

/** A part of all rooms: those whose keys begin with a byte from `first` on, `span` of them. */
export interface Slice {
  readonly first: number;
  readonly span: number;
  readonly rooms: readonly RoomState[];
}

/** The rooms in which this node has peers, by name and by key, on shelves by their key's first byte. */
export class OwnRooms {
  readonly #byName = new Map<string, OwnRoom>();
  readonly #shelves: readonly Map<RoomKey, OwnRoom>[] = Array.from({ length: shelves }, () => new Map());
  #next = 0;

  get size(): number {
    return this.#byName.size;
  }

  add(room: OwnRoom): void {
    this.#byName.set(room.name, room);
    this.#shelf(room.key).set(room.key, room);
  }

  delete(room: OwnRoom): void {
    this.#byName.delete(room.name);
    this.#shelf(room.key).delete(room.key);
  }

  named(name: string): OwnRoom | undefined {
    return this.#byName.get(name);
  }

  get(key: RoomKey): OwnRoom | undefined {
    return this.#shelf(key).get(key);
  }

  /** Those on some shelves. */
  *within(first: number, span: number): Generator<OwnRoom> {
    for (let shelf = first; shelf < first + span; shelf++) yield* this.#shelves[shelf]?.values() ?? [];
  }

  /** The next slice of all, and from the beginning again after the last. */
  nextSlice(): Slice {
    const slice = this.#slice(this.#next);
    this.#next = (slice.first + slice.span) % shelves;
    return slice;
  }

  /** All of them. */
  slices(): Slice[] {
    const all: Slice[] = [];
    for (let first = 0; first < shelves; ) {
      const slice = this.#slice(first);
      all.push(slice);
      first += slice.span;
    }
    return all;
  }

  #slice(first: number): Slice {
    const rooms: RoomState[] = [];
    let span = 0;
    do {
      for (const { key, state } of this.#shelves[first + span]?.values() ?? []) rooms.push([key, state]);
      span++;
    } while (first + span < shelves && rooms.length + (this.#shelves[first + span]?.size ?? 0) <= roomsPerSlice);
    return { first, span, rooms };
  }

  #shelf(key: RoomKey): Map<RoomKey, OwnRoom> {
    return this.#shelves[key.charCodeAt(0) & 0xff] as Map<RoomKey, OwnRoom>;
  }
}

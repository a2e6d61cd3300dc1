import { joinRoom, type Room } from "@skein/client";
import {
  type Artifacts,
  artifactsProtocol,
  createArtifacts,
  createPresence,
  createTasks,
  presenceProtocol,
  tasksProtocol,
} from "@skein/coordination";
import { createIndexedDbStore } from "@skein/coordination/indexed-db";
import { blocksOf } from "./content.ts";
import { Told } from "./told.ts";

/** A page that holds artifacts across reloads, and does tasks. A test reaches it through `page.evaluate`. */
class HolderPage {
  readonly #told = new Told<string>();
  #room: Room | undefined;
  #artifacts: Artifacts | undefined;

  /** Gives the ids that it has already. */
  async join(server: string): Promise<string[]> {
    const room = await joinRoom({
      server,
      room: "lab",
      name: "page",
      protocols: [presenceProtocol, tasksProtocol, artifactsProtocol],
    });
    this.#room = room;
    const presence = createPresence(room);
    const tasks = createTasks(room, { presence });
    tasks.handle("double", {}, (input) => (input as number) * 2);
    tasks.handle("work", {}, (input, { signal }) => this.#work(String(input), signal));
    this.#artifacts = await createArtifacts(room, { store: await createIndexedDbStore() });
    return this.#artifacts.list().map(({ id }) => id);
  }

  /** Resolves when a task of this input has begun, or was aborted. */
  told(word: "begun" | "aborted", input: string): Promise<unknown> {
    return this.#told.first((one) => one === `${word} ${input}`);
  }

  /** The same content as {@link blocksOf} gives anywhere; gives the id. */
  async putBlocks(bytes: number): Promise<string> {
    return (await this.#artifacts?.put(new Blob([...blocksOf(bytes)])))?.id ?? "";
  }

  /** Keeps so many bytes, of which the test makes the same; gives the id. */
  async put(bytes: number): Promise<string> {
    const content = Uint8Array.from({ length: bytes }, (_, index) => (index * 7 + (index >>> 12)) & 255);
    return (await this.#artifacts?.put(new Blob([content])))?.id ?? "";
  }

  /** Gives how many bytes came. */
  async fetch(id: string): Promise<number> {
    return (await this.#artifacts?.fetch(id))?.bytes ?? -1;
  }

  async #work(input: string, signal: AbortSignal): Promise<string> {
    this.#told.add(`begun ${input}`);
    signal.addEventListener("abort", () => this.#told.add(`aborted ${input}`));
    if (input === "hang" || input === "page hangs") await new Promise(() => {});
    // Long enough to be killed in the middle of it.
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    return "page";
  }

  async leave(): Promise<void> {
    await this.#room?.leave();
  }
}

Object.assign(globalThis, { holder: new HolderPage() });

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

/** A page that holds artifacts across reloads, and does tasks. A test reaches it through `page.evaluate`. */
class HolderPage {
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
    createTasks(room, { presence }).handle("double", {}, (input) => (input as number) * 2);
    this.#artifacts = await createArtifacts(room, { store: await createIndexedDbStore() });
    return this.#artifacts.list().map(({ id }) => id);
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

  async leave(): Promise<void> {
    await this.#room?.leave();
  }
}

Object.assign(globalThis, { holder: new HolderPage() });

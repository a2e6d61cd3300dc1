import { Child } from "../child.ts";
import type { MeasuredServer } from "../servers/measured.ts";
import type { MemberMethods } from "./member.ts";

export type MemberProcess = Child<MemberMethods>;

/** A server in its process, and rooms on it whose members have one each. */
export class Gathering implements AsyncDisposable {
  readonly #resources: AsyncDisposableStack;
  readonly #url: string;
  #rooms = 0;

  private constructor(resources: AsyncDisposableStack, url: string) {
    this.#resources = resources;
    this.#url = url;
  }

  static async start(): Promise<Gathering> {
    const resources = new AsyncDisposableStack();
    const server = resources.use(new Child<MeasuredServer>(new URL("../servers/skein.ts", import.meta.url)));
    return new Gathering(resources, await server.call("listen"));
  }

  /** Members of a room of their own, linked, who follow one of them. They end with `resources`. */
  async room(members: number, resources: AsyncDisposableStack): Promise<{ all: MemberProcess[]; leader: number }> {
    const room = `room-${++this.#rooms}`;
    const all = Array.from({ length: members }, () =>
      resources.use(new Child<MemberMethods>(new URL("./member.ts", import.meta.url))),
    );
    await Promise.all(all.map((member, number) => member.call("enter", { url: this.#url, room, number, members })));
    return { all, leader: await agreed(all) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#resources.disposeAsync();
  }
}

/** Whom all follow; not `but`. */
export async function agreed(all: readonly MemberProcess[], but?: number): Promise<number> {
  for (;;) {
    const followed = await Promise.all(all.map((member) => member.call("follows", but)));
    const [first] = followed;
    if (first !== undefined && followed.every((each) => each === first)) return first;
  }
}

import {
  type MessageDefinition,
  type RequestContext,
  type RequestDefinition,
  SkeinError,
  type Unsubscribe,
} from "@skein/protocol";

/** A definition and what to run for it. */
export type Handler =
  | { readonly definition: MessageDefinition; readonly run: Run }
  | { readonly definition: RequestDefinition; readonly run: Run };

type Run = (body: unknown, from: unknown, context: RequestContext) => unknown;

/** Who handles what, for a whole room: one handler for each message. */
export class Handlers {
  readonly #byName = new Map<string, Handler>();

  /** @throws {SkeinError} `bad-argument` where the message has a handler. */
  add(handler: Handler): Unsubscribe {
    const { name } = handler.definition;
    if (this.#byName.has(name)) {
      throw new SkeinError("bad-argument", `${name} has a handler already: a message has one.`);
    }
    this.#byName.set(name, handler);
    return () => {
      if (this.#byName.get(name) === handler) this.#byName.delete(name);
    };
  }

  find(name: string): Handler | undefined {
    return this.#byName.get(name);
  }
}

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

/** Who handles what, for a whole room: one handler for each name. */
export class Handlers<Of> {
  readonly #byName = new Map<string, Of>();

  /** @throws {SkeinError} `bad-argument` where the name has a handler. */
  add(name: string, handler: Of): Unsubscribe {
    if (this.#byName.has(name)) {
      throw new SkeinError("bad-argument", `${name} has a handler already: take that one away first.`);
    }
    this.#byName.set(name, handler);
    return () => {
      if (this.#byName.get(name) === handler) this.#byName.delete(name);
    };
  }

  find(name: string): Of | undefined {
    return this.#byName.get(name);
  }
}

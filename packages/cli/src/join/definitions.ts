import {
  defineProtocol,
  type MessageDefinition,
  message,
  type RequestDefinition,
  request,
  SkeinError,
} from "@skein/protocol";
import * as v from "valibot";
import type { Protocols } from "../commands/options.js";

/** Definitions made from their names: whoever embeds us holds bodies against its own schemas. */
export class NamedDefinitions {
  readonly #protocols: ReadonlyMap<string, readonly string[]>;

  constructor(protocols: Protocols) {
    this.#protocols = new Map(protocols.map(({ "~protocol": { name, versions } }) => [name, versions]));
  }

  /** @throws {SkeinError} `bad-argument` where the protocol wasn't named at the start */
  message(type: string): MessageDefinition {
    const [name, versions, word] = this.#parts(type);
    return defineProtocol(name, versions, { [word]: message(v.unknown()) })[word] as MessageDefinition;
  }

  /** @throws {SkeinError} `bad-argument` where the protocol wasn't named at the start */
  request(type: string): RequestDefinition {
    const [name, versions, word] = this.#parts(type);
    return defineProtocol(name, versions, { [word]: request(v.unknown(), v.unknown()) })[word] as RequestDefinition;
  }

  #parts(type: string): readonly [string, readonly string[], string] {
    const slash = type.indexOf("/");
    const name = type.slice(0, slash);
    const versions = this.#protocols.get(name);
    if (versions !== undefined) return [name, versions, type.slice(slash + 1)];
    throw new SkeinError(
      "bad-argument",
      `The protocol of "${type}" wasn't named at the start: add --protocol ${name === "" ? "NAME" : name}@VERSION.`,
    );
  }
}

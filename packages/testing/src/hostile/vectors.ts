import { fromHex } from "./hex.js";

type Vector = Readonly<Record<string, unknown>>;

/** The protocol's test vectors, as examples of what decoders read and of what they turn away. */
export class Vectors {
  readonly #read: (file: string) => string;

  /** @param read gives the text of a file of `@skein/protocol/vectors`, such as `frame.json`. */
  constructor(read: (file: string) => string) {
    this.#read = read;
  }

  /** The bytes of one field of all vectors of a file, accepted and rejected ones. */
  bytes(name: string, field: string): readonly Uint8Array[] {
    const { accepted = [], rejected = [] } = JSON.parse(this.#read(`${name}.json`)) as Record<string, Vector[]>;
    return [...accepted, ...rejected].flatMap((vector) => {
      const hex = vector[field];
      return typeof hex === "string" ? [fromHex(hex)] : [];
    });
  }
}

/** A field, as the specification writes it: `name?: type`. */
export interface SpecField {
  readonly key: string;
  readonly isOptional: boolean;
  readonly type: SpecType;
}

/** A type of docs/spec/README.md, "Notation": a value that fits, and values that don't. */
export interface SpecType {
  readonly fits: unknown;
  readonly misfits: readonly unknown[];
}

const anotherKind = [true, [], {}];
const notBytes = (length: number) => [new Uint8Array(length - 1), new Uint8Array(length + 1), "a".repeat(length), null];
const signedCard: SpecType = {
  fits: { b: new Uint8Array(3), s: new Uint8Array(64) },
  misfits: [null, {}, { b: new Uint8Array(3), s: new Uint8Array(63) }, { b: "abc", s: new Uint8Array(64) }],
};
const named: Readonly<Record<string, SpecType>> = {
  name: { fits: "a name", misfits: ["", "x".repeat(129), 5, null, new Uint8Array(3), ...anotherKind] },
  text: { fits: "a text", misfits: [5, null, new Uint8Array(3), ...anotherKind] },
  count: { fits: 7, misfits: [-1, 0.5, 2 ** 53, "7", null, ...anotherKind] },
  number: { fits: 1.5, misfits: ["1", null, ...anotherKind] },
  bool: { fits: true, misfits: [0, 1, "true", null] },
  bytes: { fits: new Uint8Array(3), misfits: ["abc", null, 5, ...anotherKind] },
  any: { fits: [{ a: 1 }, "b"], misfits: [] },
  version: { fits: "1.0.0", misfits: ["", "1".repeat(33), 1, null] },
  "signed card": signedCard,
  "ice server": { fits: { urls: ["stun:a"] }, misfits: [null, {}, { urls: "stun:a" }, { urls: [5] }] },
};

/** Reads `a: name, b?: [count], …`, with or without backticks. */
export function fieldsOf(text: string): SpecField[] {
  const reader = new Reader(text.replaceAll("`", ""));
  const fields = reader.fields();
  reader.end();
  return fields;
}

export function typeOf(text: string): SpecType {
  const reader = new Reader(text.replaceAll("`", ""));
  const type = reader.type();
  reader.end();
  return type;
}

/** A map of fields that fit. */
export function sampleOf(fields: readonly SpecField[]): Record<string, unknown> {
  return Object.fromEntries(fields.map(({ key, type }) => [key, type.fits]));
}

class Reader {
  #rest: string;

  constructor(text: string) {
    this.#rest = text.trim();
  }

  fields(): SpecField[] {
    if (this.#rest === "" || this.#rest.startsWith("}")) return [];
    const fields = [this.#field()];
    while (this.#take(/^,/) !== undefined) fields.push(this.#field());
    return fields;
  }

  type(): SpecType {
    if (this.#take(/^\[/) !== undefined) return this.#list();
    if (this.#take(/^\{/) !== undefined) return this.#map();
    const literals = this.#take(/^"[a-z]+"( or "[a-z]+")*/);
    if (literals !== undefined) {
      return { fits: JSON.parse(literals.split(" or ")[0] as string), misfits: ["another", 5, null] };
    }
    const number = this.#take(/^\d+/);
    if (number !== undefined) return { fits: Number(number), misfits: [String(number), null] };
    const length = this.#take(/^bytes\(\d+\)/);
    if (length !== undefined) return bytesOf(Number(length.slice(6, -1)));
    if (this.#take(/^map of name to/) !== undefined) return mapOf(this.type());
    const word = this.#take(/^(signed card|ice server|[a-z]+)/) ?? "";
    const type = named[word];
    if (type === undefined) throw new Error(`no type is known that begins so: ${word || this.#rest}`);
    return type;
  }

  end(): void {
    if (this.#rest !== "") throw new Error(`more than types and fields: ${this.#rest}`);
  }

  #field(): SpecField {
    const key = this.#take(/^[a-zA-Z]+/);
    const isOptional = this.#take(/^\?/) !== undefined;
    if (key === undefined || this.#take(/^:/) === undefined) throw new Error(`a field is due: ${this.#rest}`);
    return { key, isOptional, type: this.type() };
  }

  #list(): SpecType {
    const item = this.type();
    const many = this.#take(/^, \d+ of them/);
    this.#must(/^\]/);
    const length = many === undefined ? undefined : Number(many.slice(2, -8));
    const others = length === undefined ? [] : [[], new Array(length + 1).fill(item.fits)];
    const wrongItem = item.misfits.slice(0, 1).map((misfit) => [misfit]);
    return { fits: new Array(length ?? 1).fill(item.fits), misfits: ["a", null, 5, ...others, ...wrongItem] };
  }

  #map(): SpecType {
    const fields = this.fields();
    this.#must(/^\}/);
    const lacking = fields.filter(({ isOptional }) => !isOptional).map(({ key }) => without(sampleOf(fields), key));
    return { fits: sampleOf(fields), misfits: ["a", null, 5, ...lacking] };
  }

  #must(pattern: RegExp): void {
    if (this.#take(pattern) === undefined) throw new Error(`${pattern} is due: ${this.#rest}`);
  }

  #take(pattern: RegExp): string | undefined {
    const [found] = pattern.exec(this.#rest) ?? [];
    if (found !== undefined) this.#rest = this.#rest.slice(found.length).trim();
    return found;
  }
}

function bytesOf(length: number): SpecType {
  return { fits: new Uint8Array(length), misfits: notBytes(length) };
}

function mapOf(item: SpecType): SpecType {
  return { fits: { "a.b": item.fits }, misfits: ["a", null, 5, ...item.misfits.map((misfit) => ({ "a.b": misfit }))] };
}

/** The same map without one key. */
export function without(map: Readonly<Record<string, unknown>>, key: string): Record<string, unknown> {
  return Object.fromEntries(Object.entries(map).filter(([each]) => each !== key));
}

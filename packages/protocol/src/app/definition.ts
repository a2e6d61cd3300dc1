import { SkeinError } from "../errors.js";
import { limits } from "../limits.js";
import { type Lane, lanes } from "../wire/record.js";
import type { InputOf, OutputOf, Schema } from "./validate.js";

/** A message: sent, not answered. */
export interface MessageShape<Input = unknown, Output = Input> {
  readonly kind: "message";
  readonly lane: Lane | "lossy";
  readonly schema: Schema<Output>;
  readonly "~input"?: Input;
}

/** A request: sent, and answered once. */
export interface RequestShape<Input = unknown, Output = Input, ReplyInput = unknown, Reply = ReplyInput> {
  readonly kind: "request";
  readonly lane: Lane;
  readonly schema: Schema<Output>;
  readonly reply: Schema<Reply>;
  readonly "~input"?: Input;
  readonly "~replyInput"?: ReplyInput;
}

/** A shape in its protocol: what `send`, `request` and `handle` take. */
export type Definition<Shape> = Shape & {
  /** `protocol/type`, as it travels. */
  readonly name: string;
  readonly protocol: string;
};

/** One message of a protocol: what is passed to `send`, `broadcast` and `handle`. */
export type MessageDefinition<Input = any, Output = any> = Definition<MessageShape<Input, Output>>;
/** One request of a protocol: what is passed to `request` and `handle`. */
export type RequestDefinition<Input = any, Output = any, ReplyInput = any, Reply = any> = Definition<
  RequestShape<Input, Output, ReplyInput, Reply>
>;

/** What {@link defineProtocol} is given: messages and requests, by their names. */
export type ShapeTable = Readonly<Record<string, MessageShape<any, any> | RequestShape<any, any, any, any>>>;

/** A named, versioned set of definitions. Its messages are its properties. */
export type Protocol<Shapes extends ShapeTable = ShapeTable> = {
  readonly [Name in keyof Shapes]: Definition<Shapes[Name]>;
} & {
  readonly "~protocol": ProtocolHead;
};

/** What a protocol is called, and which versions of it are spoken. */
export interface ProtocolHead {
  readonly name: string;
  readonly versions: readonly string[];
}

/** What a message or request may say of its way. */
export interface ShapeOptions {
  /**
   * Its priority class. Messages of one lane arrive in the order they were sent; `control` passes `default`, and both pass
   * `bulk`. Default: `default`.
   */
  readonly lane?: Lane;
}

/** What a message may say of its way. */
export interface MessageOptions {
  /**
   * As {@link ShapeOptions.lane}; or `lossy`, for what is better lost than late, such as a pointer's position: delivered at
   * most once, in order, never sent again, dropped where there is no path or a full one. 15 KB at most.
   */
  readonly lane?: Lane | "lossy";
}

/**
 * A message whose body `schema` checks, when it is sent and when it arrives.
 * @throws {SkeinError} `bad-argument` for what checks nothing, and a lane that isn't one
 * @example message(v.object({ text: v.string() }))
 * @example message(v.object({ x: v.number(), y: v.number() }), { lane: "lossy" })
 */
export function message<S extends Schema<any>>(
  schema: S,
  { lane = "default" }: MessageOptions = {},
): MessageShape<InputOf<S>, OutputOf<S>> {
  checkShape(lane === "lossy" ? "default" : lane, schema);
  return { kind: "message", schema, lane };
}

/**
 * A request: `input` checks what is asked, `output` what is answered. Its answer takes the same lane.
 * @throws {SkeinError} `bad-argument` for the lane `lossy`, as for all that `message` refuses
 */
export function request<In extends Schema<any>, Out extends Schema<any>>(
  input: In,
  output: Out,
  { lane = "default" }: ShapeOptions = {},
): RequestShape<InputOf<In>, OutputOf<In>, InputOf<Out>, OutputOf<Out>> {
  if ((lane as string) === "lossy") {
    throw new SkeinError("bad-argument", "A request can't be lossy, since it is owed an answer: choose another lane.");
  }
  checkShape(lane, input, output);
  return { kind: "request", schema: input, reply: output, lane };
}

/** For programs that no compiler looks at. */
function checkShape(lane: Lane, ...schemas: readonly unknown[]): void {
  const areSchemas = schemas.every(
    (schema) => typeof schema === "function" || (isObject(schema) && "~standard" in schema),
  );
  if (areSchemas && lanes.includes(lane)) return;
  throw new SkeinError(
    "bad-argument",
    `A body is checked by a schema, or by a function like String; its lane is ${lanes.join(", ")} or, of a message, lossy.`,
  );
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

const protocolName = /^[a-z0-9]+([._-][a-z0-9]+)*$/i;
const typeName = /^[a-z0-9]+([._-][a-z0-9]+)*$/i;
// Keys that readers of maps pass over, lest they reach an object's prototype: such a protocol would never be seen.
const reserved: ReadonlySet<string> = new Set(["constructor", "prototype"]);

/**
 * Names a set of messages and the versions of it that this code speaks. Two peers use the highest version both list.
 *
 * @param versions one version (`"1.2.0"`), or all that this code can speak.
 * @throws {SkeinError} `bad-argument` where a name or version can't be used.
 * @example
 * const chat = defineProtocol("acme.chat", "1.0.0", { say: message(v.object({ text: v.string() })) });
 */
export function defineProtocol<const Shapes extends ShapeTable>(
  name: string,
  versions: string | readonly string[],
  shapes: Shapes,
): Protocol<Shapes> {
  const all = typeof versions === "string" ? [versions] : Array.isArray(versions) ? [...versions] : [];
  checkNames(name, all, Object.keys(shapes ?? {}));
  const bare = Object.keys(shapes).find((type) => !isObject(shapes[type]) || !("kind" in shapes[type]));
  if (bare !== undefined) {
    throw new SkeinError(
      "bad-argument",
      `${name}: "${bare}" is made by message(schema), or by request(input, output).`,
    );
  }
  const definitions = Object.entries(shapes).map(([type, shape]) => [
    type,
    { ...shape, name: `${name}/${type}`, protocol: name },
  ]);
  return { ...Object.fromEntries(definitions), "~protocol": { name, versions: all } };
}

function checkNames(name: string, versions: readonly string[], types: readonly string[]): void {
  if (name.length > limits.nameLength || !protocolName.test(name) || reserved.has(name)) {
    throw new SkeinError(
      "bad-argument",
      `"${name}" can't name a protocol: use words joined by dots, such as "acme.chat".`,
    );
  }
  const wrong = versions.find((version) => version.length > limits.versionLength || !/^\d+(\.\d+){0,2}$/.test(version));
  if (versions.length === 0 || wrong !== undefined) {
    throw new SkeinError("bad-argument", `${name}: a version is up to three numbers joined by dots, such as "1.2.0".`);
  }
  if (versions.length > limits.versionsPerProtocol) {
    throw new SkeinError("too-large", `${name}: ${limits.versionsPerProtocol} versions are the most.`);
  }
  const type = types.find((word) => word.length > limits.nameLength || !typeName.test(word));
  if (type !== undefined) {
    throw new SkeinError(
      "bad-argument",
      `${name}: "${type}" can't name a message: use letters, digits, and . _ - between them.`,
    );
  }
}

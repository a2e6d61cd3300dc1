import { type Decoded, reject } from "../decoded.js";
import { decode } from "./message-pack.js";
import type { Output, WireSchema } from "./schema.js";

/** The schemas of a family of messages, by the word in their `t`. */
export type MessageTable = Readonly<Record<string, WireSchema<unknown>>>;
export type MessageOf<Table extends MessageTable> = Output<Table[keyof Table]>;

/** Decodes a map whose `t` says which schema it follows. */
export function decodeByType<Table extends MessageTable>(table: Table, body: Uint8Array): Decoded<MessageOf<Table>> {
  const decoded = decode(body);
  if (!decoded.ok) return decoded;
  const type = (decoded.value as { t?: unknown } | null)?.t;
  if (typeof type !== "string") return reject("malformed", "a message without its type `t`");
  const schema = Object.hasOwn(table, type) ? table[type] : undefined;
  if (schema === undefined) return reject("unknown-type", "a message of a type that version 1.0 doesn't know");
  return schema(decoded.value) as Decoded<MessageOf<Table>>;
}

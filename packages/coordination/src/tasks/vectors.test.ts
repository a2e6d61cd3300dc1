import { readFileSync } from "node:fs";
import { decode, validate } from "@skein/protocol";
import { expect, it } from "vitest";
import { vectorFolder } from "../../scripts/make-artifact-vectors.ts";
import { tasksProtocol } from "./protocol.js";

interface Vector {
  readonly why?: string;
  readonly type: "run" | "cancel" | "progress" | "part" | "done" | "failed" | "refused";
  readonly body: unknown;
  readonly bytes: string;
}

const text = readFileSync(new URL("task.json", vectorFolder), "utf8");
const { accepted, rejected } = JSON.parse(text) as { accepted: Vector[]; rejected: Vector[] };

function read({ bytes }: Vector): unknown {
  const value = decode(Uint8Array.from(Buffer.from(bytes, "hex")));
  if (!value.ok) throw new Error(value.reason);
  return value.value;
}

it.each(accepted)("takes $type $body", (vector) => {
  const value = read(vector);
  expect(value).toEqual(vector.body);
  expect(validate(tasksProtocol[vector.type].schema, value)).toMatchObject({ ok: true, value: vector.body });
});

it.each(rejected)("turns away a $type of $why", (vector) => {
  expect(validate(tasksProtocol[vector.type].schema, read(vector)).ok).toBe(false);
});

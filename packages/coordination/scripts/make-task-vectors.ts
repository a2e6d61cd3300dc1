// Bodies of `skein.tasks`: `node packages/coordination/scripts/make-task-vectors.ts` writes packages/coordination/vectors/task.json.
import { writeFileSync } from "node:fs";
import { encode } from "@skein/protocol";
import { vectorFolder } from "./make-artifact-vectors.ts";

const task = "bXkgcHJvY2VzczA3";

const accepted = [
  { type: "run", body: { task, name: "resize", input: { width: 200 } } },
  { type: "run", body: { task, name: "resize" } },
  { type: "run", body: { task, attempt: 2, name: "resize", input: 1, again: { parts: 3 } } },
  { type: "cancel", body: { task } },
  { type: "cancel", body: { task, attempt: 2 } },
  { type: "progress", body: { task, value: 0.5 } },
  { type: "part", body: { task, attempt: 2, index: 0, value: "one" } },
  { type: "done", body: { task, output: [1, 2] } },
  { type: "done", body: { task, attempt: 2 } },
  { type: "failed", body: { task, code: "handler-failed", message: "The worker's function of resize failed." } },
  { type: "refused", body: { task, is: "busy" } },
  { type: "refused", body: { task, attempt: 2, is: "unknown" } },
];

const rejected = [
  { why: "no task", type: "run", body: { name: "resize" } },
  { why: "a task of no characters", type: "run", body: { task: "", name: "resize" } },
  { why: "a task of 65 characters", type: "done", body: { task: "x".repeat(65) } },
  { why: "no name", type: "run", body: { task } },
  { why: "a name of 101 characters", type: "run", body: { task, name: "x".repeat(101) } },
  { why: "a negative attempt", type: "done", body: { task, attempt: -1 } },
  { why: "half an attempt", type: "run", body: { task, attempt: 0.5, name: "resize" } },
  { why: "again without parts", type: "run", body: { task, name: "resize", again: {} } },
  { why: "no index", type: "part", body: { task, value: 1 } },
  { why: "no code", type: "failed", body: { task, message: "no" } },
  { why: "a message of 1,025 characters", type: "failed", body: { task, code: "x", message: "x".repeat(1025) } },
  { why: "no reason to refuse", type: "refused", body: { task } },
  { why: "another reason to refuse", type: "refused", body: { task, is: "tired" } },
  { why: "no map", type: "done", body: [task] },
];

/** The file's text by its name. */
export function makeTaskVectors(): Record<string, string> {
  const line = ({ body, ...rest }: { body: unknown }) =>
    `    ${JSON.stringify({ ...rest, body, bytes: Buffer.from(encode(body)).toString("hex") })}`;
  const list = (vectors: readonly { body: unknown }[]) => `[\n${vectors.map(line).join(",\n")}\n  ]`;
  return { "task.json": `{\n  "accepted": ${list(accepted)},\n  "rejected": ${list(rejected)}\n}\n` };
}

if (import.meta.main) {
  for (const [name, text] of Object.entries(makeTaskVectors())) writeFileSync(new URL(name, vectorFolder), text);
}

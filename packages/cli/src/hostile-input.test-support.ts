import { decode, encode, validate } from "@skein/protocol";
import { agentOperation } from "./agent/operations.js";
import { joinOperation } from "./join/operations.js";
import { parseOperation } from "./stdio/envelope.js";
import { LineSplitter, lineBytesMost } from "./stdio/line-splitter.js";
import { fromJson, toJson } from "./stdio/plain-json.js";
import { transferProtocol } from "./transfer/protocol.js";

/** What the command reads from strangers, in the form in which fuzzing takes it: a complaint, or undefined where all is well. */
interface Target {
  readonly name: string;
  readonly examples: readonly Uint8Array[];
  check(bytes: Uint8Array): string | undefined;
}

const line = (value: unknown) => new TextEncoder().encode(`${JSON.stringify(value)}\n`);
const id = "A".repeat(43);
const transfer = "A".repeat(22);

const lines: Target = {
  name: "stdio-lines",
  examples: [
    line({ op: "send", id: 1, to: id, type: "acme.chat/say", body: { text: "hi", bytes: { $bytes: "AAEC" } } }),
    line({
      op: "request",
      to: id,
      type: "acme.chat/ask",
      body: [{ $bigint: "1" }, { $number: "NaN" }, { $map: {} }],
      timeoutMs: 5,
    }),
    line({ op: "respond", request: 7, error: "no" }),
    line({ op: "update", name: "Ann", capabilities: ["a"], meta: { deep: [[[[1]]]] } }),
    line({ op: "find", words: "a b", most: 7 }),
  ],
  check: checkLines,
};

function checkLines(bytes: Uint8Array): string | undefined {
  const splitter = new LineSplitter();
  const half = bytes.length >> 1;
  const whole = [...splitter.push(bytes.subarray(0, half)), ...splitter.push(bytes.subarray(half)), ...splitter.end()];
  if (whole.some((it) => it.ok && it.text.length > lineBytesMost)) return "a line is longer than the bound";
  for (const it of whole) {
    for (const schema of [joinOperation, agentOperation]) {
      const parsed = parseOperation(it, schema);
      const complaint = parsed.ok && "body" in parsed.operation ? checkBody(parsed.operation.body) : undefined;
      if (complaint !== undefined) return complaint;
    }
  }
  return undefined;
}

/** What JSON gives as a body, it gives again. */
function checkBody(json: unknown): string | undefined {
  const value = fromJson(json);
  if (!value.ok) return undefined;
  const again = fromJson(JSON.parse(JSON.stringify(toJson(value.value) ?? null)));
  return again.ok ? undefined : "a body that was read isn't read again";
}

const examples = [
  { transfer, entries: 2, bytes: 7, names: ["a", "b"] },
  { transfer, entry: 0, offset: 0, length: 262_144 },
  { transfer, entry: 0, outcome: { is: "received", sha256: "a".repeat(64) } },
  {
    entries: [
      { kind: "file", path: "a/b", bytes: 1, modifiedMs: -1, executable: false },
      { kind: "folder", path: "c" },
    ],
  },
  { is: "piece", bytes: new Uint8Array(9), sha256: "0".repeat(64) },
  { is: "changed", now: { bytes: 1, modifiedMs: 2, executable: true } },
];

const { offer, decline, list, digest, read, settled, finish } = transferProtocol;
const schemas = [
  ...[offer, decline, list, digest, read, settled, finish].map(({ schema }) => schema),
  ...[list, digest, read, finish].map(({ reply }) => reply),
];

const transfers: Target = {
  name: "transfer-bodies",
  examples: examples.map((value) => Uint8Array.from(encode(value))),
  check(bytes) {
    const value = decode(bytes);
    if (!value.ok) return undefined;
    for (const schema of schemas) {
      const fitting = validate(schema, value.value);
      if (fitting.ok && !validate(schema, fitting.value).ok) return "what fits the schema doesn't fit it again";
    }
    return undefined;
  },
};

/** Everything that the command decodes by itself, beyond what its packages do. */
export const commandTargets: readonly Target[] = [lines, transfers];

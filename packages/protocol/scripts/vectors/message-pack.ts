import { decode, encode, limits } from "@skein/protocol";
import { hex, run, toVector, unhex } from "./notation.ts";

/** What encode writes: the shortest form. */
const values: unknown[] = [
  null,
  false,
  true,
  0,
  1,
  127,
  128,
  255,
  256,
  65_535,
  65_536,
  2 ** 32 - 1,
  2 ** 32,
  Number.MAX_SAFE_INTEGER,
  -1,
  -32,
  -33,
  -128,
  -129,
  -32_768,
  -32_769,
  -(2 ** 31),
  -(2 ** 31) - 1,
  0.5,
  -1.25,
  1e300,
  "",
  "a",
  "é",
  "😀",
  "\ufeffmark",
  "x".repeat(31),
  "x".repeat(32),
  "x".repeat(256),
  `\ufeff${"x".repeat(70)}`,
  new Uint8Array(0),
  run(3, 1),
  run(256, 0),
  [],
  [1, [2, [3]]],
  new Array(16).fill(0),
  {},
  { a: 1, b: [true, null], c: { d: run(2, 9) } },
  2n ** 64n - 1n,
  -(2n ** 63n),
];

/** What others may write, and must be read all the same. */
const otherForms = [
  "cc05",
  "cd0005",
  "ce00000005",
  "cf0000000000000005",
  "d005",
  "d10005",
  "d200000005",
  "d30000000000000005",
  "ca3f000000",
  "d90161",
  "da000161",
  "db0000000161",
  "c500010a",
  "c6000000010a",
  "dc000105",
  "dd0000000105",
  "de0001a16105",
  "df00000001a16105",
  "df00000001d9016105",
  "82a16101a16102",
];

const proto = "5f5f70726f746f5f5f";

const rejected: [why: string, code: string, bytes: string][] = [
  ["empty", "malformed", ""],
  ["the unused byte", "malformed", "c1"],
  ["ext 8", "malformed", "c7010000"],
  ["ext 16", "malformed", "c800010000"],
  ["ext 32", "malformed", "c9000000010000"],
  ["fixext 1", "malformed", "d40000"],
  ["fixext 2", "malformed", "d5000000"],
  ["fixext 4, a timestamp", "malformed", "d6ff00000000"],
  ["fixext 8", "malformed", "d7ff0000000000000000"],
  ["fixext 16", "malformed", `d800${"00".repeat(16)}`],
  ["an extension whose bytes would read as values", "malformed", "93d47240"],
  ["a record's definition, as msgpackr writes one", "malformed", "d4724091a16101"],
  ["an extension within an array", "malformed", "92c0d6ff00000000"],
  ["bytes after the value", "malformed", "c0c0"],
  ["a text with a byte too few", "malformed", "a261"],
  ["a byte string with a byte too few", "malformed", "c40201"],
  ["a float with a byte too few", "malformed", "cb00000000000000"],
  ["a length cut", "malformed", "da00"],
  ["an array with a value too few", "malformed", "9201"],
  ["a map with a key and no value", "malformed", "81a161"],
  ["an array that claims 4 billion values", "malformed", "ddffffffff00"],
  ["a map that claims 4 billion entries", "malformed", "dfffffffff00"],
  ["a text that claims 4 GiB", "malformed", "dbffffffff61"],
  ["a number as key", "malformed", "810105"],
  ["nil as key", "malformed", "81c005"],
  ["bytes as key", "malformed", "81c4016105"],
  ["the key __proto__", "malformed", `81a9${proto}80`],
  ["the key __proto__, in a longer form", "malformed", `81d909${proto}80`],
  ["nested one deeper than the limit", "over-limit", `${"91".repeat(limits.depth + 1)}c0`],
];

export function messagePackVectors() {
  const read = (bytes: string) => {
    const decoded = decode(unhex(bytes));
    if (!decoded.ok) throw new Error(`${bytes}: ${decoded.reason}`);
    return toVector(decoded.value);
  };
  const deepest = `${"91".repeat(limits.depth)}c0`;
  return {
    accepted: [
      ...values.map((value) => ({ bytes: hex(encode(value)), value: toVector(value) })),
      ...[...otherForms, deepest].map((bytes) => ({ bytes, value: read(bytes) })),
    ],
    rejected: rejected.map(([why, code, bytes]) => ({ why, code, bytes })),
  };
}

import fc from "fast-check";
import type { FuzzTarget } from "./fuzz-target.js";
import { awkwardNumbers, type Mutation, messagePackHeads, mutate, numberForms } from "./mutation.js";

const at = fc.oneof({ weight: 2, arbitrary: fc.nat(40) }, fc.nat(200_000));
const few = fc.uint8Array({ maxLength: 12 });

const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  fc.record({ kind: fc.constant("flip" as const), at, bit: fc.nat(7) }),
  fc.record({ kind: fc.constant("set" as const), at, byte: fc.nat(255) }),
  fc.record({ kind: fc.constant("truncate" as const), at }),
  fc.record({ kind: fc.constant("extend" as const), bytes: few }),
  fc.record({ kind: fc.constant("insert" as const), at, bytes: few }),
  fc.record({ kind: fc.constant("remove" as const), at, count: fc.integer({ min: 1, max: 20 }) }),
  fc.record({
    kind: fc.constant("repeat" as const),
    at,
    count: fc.integer({ min: 1, max: 40 }),
    times: fc.oneof(fc.nat(20), fc.constantFrom(100, 1_000, 100_000)),
  }),
  fc.record({ kind: fc.constant("splice" as const), at, example: fc.nat(10_000), from: at }),
  fc.record({
    kind: fc.constant("number" as const),
    at,
    value: fc.constantFrom(...awkwardNumbers),
    form: fc.constantFrom(...numberForms),
  }),
  fc.record({
    kind: fc.constant("nest" as const),
    at,
    depth: fc.constantFrom(1, 2, 31, 32, 33, 1_000, 100_000),
    of: fc.constantFrom("arrays" as const, "maps" as const),
  }),
  fc.record({ kind: fc.constant("retype" as const), at, head: fc.constantFrom(...messagePackHeads) }),
);

/** Bytes for a target: an example of its own, changed a few times; now and then bytes of no sense at all. */
export function hostileBytes({ examples }: FuzzTarget): fc.Arbitrary<Uint8Array> {
  const changed = fc
    .tuple(fc.constantFrom(...examples), fc.array(mutation, { minLength: 0, maxLength: 6 }))
    .map(([example, mutations]) => mutations.reduce((bytes, each) => mutate(bytes, each, examples), example));
  return fc.oneof({ weight: 15, arbitrary: changed }, fc.uint8Array({ maxLength: 200 }));
}

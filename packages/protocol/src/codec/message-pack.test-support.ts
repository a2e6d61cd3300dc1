import fc from "fast-check";

const text = fc.string({ unit: "binary", maxLength: 90 });
const key = text.filter((word) => word !== "__proto__");
const scalar = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  fc.integer(),
  fc.maxSafeInteger(),
  fc.double().filter((value) => !Object.is(value, -0)),
  text,
  fc.uint8Array({ maxLength: 70 }),
);
/** Whatever plain MessagePack can carry. */
export const plainValue = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", maxDepth: 6 },
    scalar,
    fc.array(tie("value"), { maxLength: 20 }),
    fc.dictionary(key, tie("value"), { maxKeys: 20, noNullPrototype: true }),
  ),
})).value;

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { encode } from "../codec/message-pack.js";
import type { Decoded } from "../decoded.js";
import { readCard } from "../identity/card.js";
import { clientMessages, decodeClientMessage, decodeServerMessage, serverMessages } from "../wire/control.js";
import { decodePayload, payloadKind } from "../wire/payload.js";
import { decodeFrame, recordType } from "../wire/record.js";
import { decodeSignal, signals } from "../wire/signal.js";
import { fieldsOf, type SpecField, sampleOf, typeOf, without } from "./notation.test-support.js";
import { partOf, type Row, tableOf, word } from "./pages.test-support.js";

type Read = (bytes: Uint8Array) => Decoded<unknown>;

/** Something that the specification describes as a map, and what reads it. */
interface Described {
  readonly name: string;
  readonly fields: readonly SpecField[];
  readonly read: (map: Record<string, unknown>) => Decoded<unknown>;
}

function byType(rows: readonly Row[], read: Read): Described[] {
  return rows.map(([type, fields]) => {
    const t = word(type as string);
    return { name: t, fields: fieldsOf(fields as string), read: (map) => read(encode({ t, ...map })) };
  });
}

const fromClient = byType(tableOf("server.md", "From the client", "`t`"), decodeClientMessage);
const fromServer = byType(tableOf("server.md", "From the server", "`t`"), decodeServerMessage);
const ofSignals = byType(tableOf("signals.md", "Signals", "`t`"), decodeSignal);

const card: Described = {
  name: "a card",
  fields: tableOf("identity.md", "Cards", "key").map(([key, type]) => {
    const name = word(key as string);
    return { key: name.replace("?", ""), isOptional: name.endsWith("?"), type: typeOf(type as string) };
  }),
  read: (map) => readCard({ b: encode(map), s: new Uint8Array(64) }),
};

const iceServer: Described = {
  name: "an ICE server",
  fields: fieldsOf(/An ice server is `\{([^`]*)\}`/.exec(partOf("server.md", "From the server"))?.[1] ?? ""),
  read: (map) => decodeServerMessage(encode({ t: "ice", ice: [map] })),
};

/** Records and payloads whose body is, or ends in, a map. */
function withMaps(
  heading: string,
  first: string,
  read: (number: number, map: Uint8Array) => Decoded<unknown>,
): Described[] {
  const rows = tableOf("links.md", heading, first);
  return rows.flatMap(([kind = "", body = ""]) => {
    const [, map] = /map \{(.*)\}/.exec(body) ?? [];
    if (map === undefined) return [];
    const number = Number.parseInt(kind, 10);
    return [{ name: word(kind), fields: fieldsOf(map), read: (value) => read(number, encode(value)) }];
  });
}

const inRecords = withMaps("Frames and records", "type", (type, map) => {
  // Lengths of two bytes as well.
  const length = map.length < 128 ? [map.length] : [(map.length & 0x7f) | 0x80, map.length >> 7];
  return decodeFrame(Uint8Array.of(type, ...length, ...map));
});
const inPayloads = withMaps("Payloads", "kind", (kind, map) => decodePayload(Uint8Array.of(kind, 0, ...map)));

const all = [...fromClient, ...fromServer, ...ofSignals, card, iceServer, ...inRecords, ...inPayloads];

it("the tables have every message there is, and no other", () => {
  const names = (described: readonly Described[]) => described.map(({ name }) => name).sort();
  expect(names(fromClient)).toEqual(Object.keys(clientMessages).sort());
  expect(names(fromServer)).toEqual(Object.keys(serverMessages).sort());
  expect(names(ofSignals)).toEqual(Object.keys(signals).sort());
  expect(names(inRecords)).toEqual(["close", "hello"]);
  expect(names(inPayloads)).toEqual(["failure", "stream-reset", "stream-stop"]);
  for (const name of names(inRecords)) expect(recordType).toHaveProperty(name);
  for (const name of names(inPayloads)) expect(payloadKind).toHaveProperty(name);
});

describe.each(all)("$name, as its table has it", ({ fields, read }) => {
  const sample = sampleOf(fields);
  const code = (map: Record<string, unknown>) => {
    const decoded = read(map);
    return decoded.ok ? "taken" : decoded.code;
  };

  it("is taken, with and without what may be missing", () => {
    const least = fields.filter(({ isOptional }) => isOptional).reduce((map, { key }) => without(map, key), sample);
    expect([code(sample), code(least)]).toEqual(["taken", "taken"]);
  });

  it("is taken whatever keys it has besides, and none of those comes through", () => {
    const decoded = read({ ...sample, laterThanThis: { a: [1] } });
    expect(decoded).toEqual(read(sample));
    expect(decoded.ok).toBe(true);
  });

  it("is malformed where something is missing, or of another type", () => {
    for (const { key, isOptional, type } of fields) {
      if (!isOptional) expect([key, code(without(sample, key))]).toEqual([key, "malformed"]);
      for (const misfit of type.misfits) {
        expect([key, misfit, code({ ...sample, [key]: misfit })]).toEqual([key, misfit, "malformed"]);
      }
    }
  });
});

it("no vector has a key that its table doesn't, but for what is to be ignored", () => {
  const described = new Map(
    [...fromClient, ...fromServer].map(({ name, fields }) => [name, fields.map(({ key }) => key)]),
  );
  const vectors = JSON.parse(readFileSync(new URL("../../vectors/control.json", import.meta.url), "utf8"));
  for (const { message } of vectors.accepted as { message: { t: string } }[]) {
    const { t, ...rest } = message;
    expect(described.get(t), t).toEqual(expect.arrayContaining(Object.keys(rest)));
  }
});

import { encodePayload, limits, type Payload, SkeinError } from "@skein/protocol";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { turn } from "../testing.test-support.js";
import { type ByteStream, streamWindowBytes } from "./byte-stream.js";
import { type End, linkedEnds } from "./linked-ends.test-support.js";

/** Two ends, and a stream between them: ann's end of it, and ben's. */
async function opened(name = "files") {
  const [ann, ben] = linkedEnds({});
  const theirs: ByteStream[] = [];
  ben.streamHandlers.add(name, (stream) => void theirs.push(stream));
  const ours = await ann.exchange.stream("bulk", name, undefined);
  return { ann, ben, ours, theirs: theirs[0] as ByteStream };
}

const bytes = (length: number, byte = 7) => new Uint8Array(length).fill(byte);

async function readAll(stream: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** How many bytes of streams an end has sent. */
const sentBytes = ({ said }: End) =>
  said.reduce((sum, payload) => sum + (payload.kind === "stream-data" ? payload.body.length : 0), 0);

const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => "nothing",
    (error: SkeinError) => error.code,
  );

describe("a stream", () => {
  it("carries bytes both ways, in order, whatever they are written and read in", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(60_000), { maxLength: 12 }), fc.array(fc.nat(60_000)), async (there, back) => {
        const { ours, theirs, ann, ben } = await opened();
        const write = async (to: WritableStream<Uint8Array>, lengths: number[]) => {
          const writer = to.getWriter();
          for (const [i, length] of lengths.entries()) await writer.write(bytes(length, i));
          await writer.close();
        };
        const wanted = (lengths: number[]) => Buffer.concat(lengths.map((length, i) => bytes(length, i)));
        const [atBen, atAnn] = await Promise.all([
          readAll(theirs.readable),
          readAll(ours.readable),
          write(ours.writable, there),
          write(theirs.writable, back),
        ]);
        expect(Buffer.compare(atBen, wanted(there)) | Buffer.compare(atAnn, wanted(back))).toBe(0);
        expect([...ann.violations, ...ben.violations]).toEqual([]);
      }),
      { numRuns: 25 },
    );
  });

  it("sends no more than a window to a reader that doesn't read, and goes on when it does", async () => {
    const { ann, ours, theirs } = await opened();
    const piped = new Blob([bytes(3 * streamWindowBytes)]).stream().pipeTo(ours.writable);
    await turn();
    await turn();
    await turn();
    expect(sentBytes(ann)).toBeLessThanOrEqual(streamWindowBytes);
    expect((await readAll(theirs.readable)).length).toBe(3 * streamWindowBytes);
    await piped;
  });

  it("that nobody reads holds up no other", async () => {
    const { ann, ours, theirs } = await opened();
    void ours.writable.getWriter().write(bytes(2 * streamWindowBytes));
    const other = await ann.exchange.stream("bulk", "files", undefined);
    const writer = other.writable.getWriter();
    await writer.write(bytes(streamWindowBytes));
    expect(theirs.readable.locked).toBe(false);
  });

  it("ends one way while the other goes on", async () => {
    const { ours, theirs } = await opened();
    await ours.writable.close();
    expect((await readAll(theirs.readable)).length).toBe(0);
    const writer = theirs.writable.getWriter();
    await writer.write(bytes(5));
    await writer.close();
    expect((await readAll(ours.readable)).length).toBe(5);
  });

  it("closes its reader at once where all was read", async () => {
    const { ours, theirs } = await opened();
    const reader = theirs.readable.getReader();
    await ours.writable.close();
    await reader.closed;
  });

  it("gives several reads at once what they wait for, and the end behind it", async () => {
    const { ours, theirs } = await opened();
    const reader = theirs.readable.getReader();
    const reads = [reader.read(), reader.read(), reader.read()];
    const writer = ours.writable.getWriter();
    await writer.write(bytes(3));
    await writer.write(bytes(4));
    await writer.close();
    expect((await Promise.all(reads)).map(({ value, done }) => [value?.length, done])).toEqual([
      [3, false],
      [4, false],
      [undefined, true],
    ]);
  });

  it("aborted, fails its reader with a SkeinError's words, and with nothing of another reason", async () => {
    for (const [reason, code, message] of [
      [new SkeinError("too-large", "Too much."), "too-large", "Too much."],
      [new Error("secret path /home"), "aborted", "The peer gave the stream up."],
    ] as const) {
      const { ann, ours, theirs } = await opened();
      await ours.writable.abort(reason);
      await expect(theirs.readable.getReader().read()).rejects.toMatchObject({ code, message });
      expect(JSON.stringify(ann.said)).not.toContain("secret");
    }
  });

  it("can be aborted while its writer waits for the reader", async () => {
    const { ben, ours, theirs } = await opened();
    const writer = ours.writable.getWriter();
    const written = codeOf(writer.write(bytes(2 * streamWindowBytes)));
    await turn();
    await writer.abort(new SkeinError("closed", "Enough."));
    expect(await written).toBe("closed");
    expect(await codeOf(theirs.readable.getReader().read())).toBe("closed");
    expect(ben.violations).toEqual([]);
  });

  it("cancelled, fails its writer, also one that waits, and is never heard of again", async () => {
    const { ann, ben, ours, theirs } = await opened();
    const writer = ours.writable.getWriter();
    const written = codeOf(writer.write(bytes(2 * streamWindowBytes)));
    await turn();
    await theirs.readable.cancel();
    expect(await written).toBe("aborted");
    expect(await codeOf(writer.closed)).toBe("aborted");
    expect(ann.said.at(-1)).toMatchObject({ kind: "stream-reset", code: "aborted" });
    await theirs.writable.close();
    expect((await readAll(ours.readable)).length).toBe(0);
    expect([...ann.violations, ...ben.violations]).toEqual([]);
  });

  it("takes bytes alone", async () => {
    const { ours, theirs } = await opened();
    const writer = ours.writable.getWriter();
    expect(await codeOf(writer.write("text" as unknown as Uint8Array))).toBe("bad-argument");
    expect(await codeOf(theirs.readable.getReader().read())).toBe("bad-argument");
  });

  it("says nothing more of itself once its link is lost, whatever its reader and writer do", async () => {
    const { ann, ours, theirs } = await opened();
    const reader = ours.readable.getReader();
    const writer = ours.writable.getWriter();
    const sent = theirs.writable.getWriter().write(bytes(1_000));
    await reader.read();
    await sent;
    // More than the window: it waits for leave to go on.
    const waiting = codeOf(writer.write(bytes(2 * streamWindowBytes)));
    await turn();
    const { length } = ann.said;
    ann.exchange.end(new SkeinError("link-lost", "The link ended."));
    expect(await waiting).toBe("link-lost");
    await Promise.allSettled([writer.abort(), reader.cancel()]);
    await turn();
    expect(ann.said.slice(length)).toEqual([]);
  });

  it("of a lost link fails both ways with its error, but for what was whole", async () => {
    const { ann, ben, ours, theirs } = await opened();
    const writer = theirs.writable.getWriter();
    await writer.write(bytes(9));
    await writer.close();
    const waiting = codeOf(ours.writable.getWriter().write(bytes(2 * streamWindowBytes)));
    const error = new SkeinError("link-lost", "The link ended.");
    for (const { exchange } of [ann, ben]) exchange.end(error);
    expect(await waiting).toBe("link-lost");
    expect((await readAll(ours.readable)).length).toBe(9);
    const reader = theirs.readable.getReader();
    await expect(reader.read()).rejects.toBe(error);
  });
});

describe("opening a stream", () => {
  it("fails where nobody handles it, where the handler throws, and where the peer has no streams", async () => {
    const [ann, ben] = linkedEnds({});
    expect(await codeOf(ann.exchange.stream("bulk", "files", undefined))).toBe("no-handler");
    const cause = new Error("secret path /home");
    ben.streamHandlers.add("breaks", () => Promise.reject(cause));
    const { readable, writable } = await ann.exchange.stream("bulk", "breaks", undefined);
    expect(await codeOf(readable.getReader().read())).toBe("handler-failed");
    expect(await codeOf(writable.getWriter().closed)).toBe("handler-failed");
    expect(ben.troubles).toMatchObject([{ code: "handler-failed", cause }]);
    expect(JSON.stringify(ben.said)).not.toContain("secret");
    expect([...ann.violations, ...ben.violations]).toEqual([]);
    const [alone] = linkedEnds({}, {}, []);
    expect(await codeOf(alone.exchange.stream("bulk", "files", undefined))).toBe("protocol-mismatch");
    expect(alone.said).toEqual([]);
  });

  it("can be given up before the peer takes it", async () => {
    const [ann, ben] = linkedEnds({});
    const lost: Uint8Array[] = [];
    const carry = ann.transmit;
    ann.transmit = async (_lane, payload) => void lost.push(payload);
    const controller = new AbortController();
    const asked = codeOf(ann.exchange.stream("bulk", "files", controller.signal));
    controller.abort();
    expect(await asked).toBe("aborted");
    ben.streamHandlers.add("files", () => {});
    for (const payload of lost) await carry(2, payload);
    expect(ann.said.map(({ kind }) => kind)).toEqual(["stream-open", "stream-stop", "stream-reset"]);
    expect([...ann.violations, ...ben.violations]).toEqual([]);
    expect(await codeOf(ann.exchange.stream("bulk", "files", AbortSignal.abort()))).toBe("aborted");
  });

  it("fails with the link's error while it is under way", async () => {
    const [ann] = linkedEnds({});
    ann.transmit = async () => {};
    const asked = codeOf(ann.exchange.stream("bulk", "files", undefined));
    ann.exchange.end(new SkeinError("link-lost", "The link ended."));
    expect(await asked).toBe("link-lost");
  });

  it("goes on in the stream's own lane, and numbers each lane by itself", async () => {
    const [ann, ben] = linkedEnds({});
    ben.streamHandlers.add("files", ({ writable }) => void writable.getWriter().write(bytes(1)));
    for (const lane of ["control", "bulk", "bulk"] as const) {
      const { readable } = await ann.exchange.stream(lane, "files", undefined);
      await readable.getReader().read();
    }
    expect(ann.saidOn).toEqual([0, 2, 2]);
    expect(ben.saidOn).toEqual([0, 0, 2, 2, 2, 2]);
    expect(ann.said).toMatchObject([{ stream: 0 }, { stream: 0 }, { stream: 2 }]);
  });

  it("ends at the most that may be open, and goes on once one is over", async () => {
    const [ann, ben] = linkedEnds({});
    const theirs: ByteStream[] = [];
    ben.streamHandlers.add("files", (stream) => void theirs.push(stream));
    const open = () => ann.exchange.stream("bulk", "files", undefined);
    const all = await Promise.all(Array.from({ length: limits.openStreams }, open));
    expect(await codeOf(open())).toBe("rate-limited");
    await Promise.all([all[5]?.writable.close(), theirs[5]?.writable.abort()]);
    await open();
    expect(theirs).toHaveLength(limits.openStreams + 1);
    expect(ben.violations).toEqual([]);
  });
});

describe("a peer that breaks the rules of streams", () => {
  const open = (stream: number): Payload => ({ kind: "stream-open", stream, credit: 5, name: "files" });
  const end = (stream: number): Payload => ({ kind: "stream-end", stream });
  const data = (stream: number, length: number): Payload => ({ kind: "stream-data", stream, body: bytes(length) });

  it.each<[string, Payload[]]>([
    ["speaks of a stream that isn't open", [data(0, 1)]],
    ["ends a stream of ours that isn't open", [end(1)]],
    ["grants bytes of a stream that was never open", [{ kind: "stream-credit", stream: 2, credit: 1 }]],
    ["opens one twice", [open(0), open(0)]],
    ["opens one out of turn", [open(2)]],
    ["opens one in our name", [open(1)]],
    ["sends more than it was granted", [open(0), data(0, streamWindowBytes + 1)]],
    ["sends behind an end", [open(0), end(0), data(0, 1)]],
    ["ends twice", [open(0), end(0), end(0)]],
    ["opens too many", Array.from({ length: limits.openStreams + 1 }, (_, i) => open(2 * i))],
  ])("loses its link when it %s", (_name, payloads) => {
    const [ann, ben] = linkedEnds({});
    ann.transmit = async () => {};
    ben.streamHandlers.add("files", () => {});
    for (const payload of payloads) ben.receive(encodePayload(payload), 2);
    expect(ben.violations).toHaveLength(1);
  });

  it("loses nothing for a credit or a stop that crossed our last word", async () => {
    const { ann, ben, ours, theirs } = await opened();
    await Promise.all([ours.writable.close(), theirs.writable.close()]);
    ann.receive(encodePayload({ kind: "stream-credit", stream: 1, credit: 2 ** 40 }), 2);
    ann.receive(encodePayload({ kind: "stream-stop", stream: 1, code: "aborted", message: "" }), 2);
    expect([...ann.violations, ...ben.violations]).toEqual([]);
  });

  it.each([true, false])("waits for the room that its answers take, handled: %s", async (isHandled) => {
    const [, ben] = linkedEnds({});
    if (isHandled) ben.streamHandlers.add("files", () => {});
    let makeRoom: () => void = () => {};
    ben.transmit = () => new Promise((resolve) => (makeRoom = resolve));
    ben.receive(encodePayload(open(0)), 2);
    await turn();
    expect([ben.received, ben.done]).toEqual([1, 0]);
    makeRoom();
    await turn();
    expect(ben.done).toBe(1);
  });

  it("makes nothing throw, whatever it sends", () => {
    const stream = fc.nat(3);
    const anything = fc.oneof(
      stream.map(open),
      stream.map(end),
      fc.tuple(stream, fc.nat(40)).map(([number, length]) => data(number, length)),
      fc.record({ kind: fc.constant("stream-credit" as const), stream, credit: fc.nat() }),
      fc.record({
        kind: fc.constantFrom("stream-stop" as const, "stream-reset" as const),
        stream,
        code: fc.constantFrom("aborted", "no such code"),
        message: fc.string(),
      }),
    );
    fc.assert(
      fc.property(fc.array(anything, { maxLength: 30 }), fc.boolean(), (all, isHandled) => {
        const [ann, ben] = linkedEnds({});
        ann.transmit = async () => {};
        if (isHandled)
          ben.streamHandlers.add(
            "files",
            ({ readable }) =>
              void readable
                .getReader()
                .read()
                .catch(() => {}),
          );
        void ben.exchange.stream("bulk", "files", undefined).catch(() => {});
        for (const payload of all) ben.receive(encodePayload(payload), 2);
      }),
    );
  });
});

describe("a peer that takes no words about its streams", () => {
  /** What ben says waits, and is counted, until the test lets it go. */
  function deaf() {
    const [ann, ben] = linkedEnds({});
    const waiting: (() => void)[] = [];
    ben.transmit = () => new Promise((resolve) => waiting.push(resolve));
    const say = (payload: Payload) => ben.receive(encodePayload(payload), 2);
    const open = (number: number) => say({ kind: "stream-open", stream: 2 * number, credit: 0, name: "files" });
    const reset = (number: number) => say({ kind: "stream-reset", stream: 2 * number, code: "aborted", message: "" });
    return { ann, ben, waiting, say, open, reset };
  }

  it("opens no more of them than the limit, also where each is over at once", () => {
    const { ben, waiting, open, reset } = deaf();
    for (let i = 0; i < limits.openStreams; i++) {
      open(i);
      reset(i);
    }
    expect(ben.violations).toEqual([]);
    for (let i = limits.openStreams; i < 2_000; i++) {
      if (ben.violations.length === 0) open(i);
      if (ben.violations.length === 0) reset(i);
    }
    expect(ben.violations).toHaveLength(1);
    // Of each: that it isn't taken, and that nothing comes.
    expect(waiting).toHaveLength(2 * limits.openStreams);
  });

  it("may go on once it took them", async () => {
    const { ben, waiting, open, reset } = deaf();
    for (let i = 0; i < 3 * limits.openStreams; i++) {
      open(i);
      reset(i);
      if (i % limits.openStreams !== limits.openStreams - 1) continue;
      for (const go of waiting.splice(0)) go();
      await turn();
    }
    expect(ben.violations).toEqual([]);
  });

  it("is told of credit once at a time, however much is read", async () => {
    const { ben, waiting, say, open } = deaf();
    const taken: ByteStream[] = [];
    ben.streamHandlers.add("files", (stream) => void taken.push(stream));
    open(0);
    const reader = (taken[0] as ByteStream).readable.getReader();
    const quarter = streamWindowBytes / 4;
    for (let i = 0; i < 4; i++) {
      for (let sent = 0; sent < quarter; sent += 8_192) {
        say({ kind: "stream-data", stream: 0, body: bytes(8_192) });
        await reader.read();
      }
    }
    // That it is taken, and one credit.
    expect(waiting).toHaveLength(2);
    for (const go of waiting.splice(0)) go();
    await turn();
    expect(ben.said.at(-1)).toEqual({ kind: "stream-credit", stream: 1, credit: 2 * streamWindowBytes });
    expect(ben.violations).toEqual([]);
  });
});

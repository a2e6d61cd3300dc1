import {
  defineProtocol,
  encode,
  encodePayload,
  limits,
  type MessageDefinition,
  message,
  type Payload,
  request,
  SkeinError,
  versionsOf,
} from "@skein/protocol";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { lossyLane } from "../core/lossy-lane.js";
import { turn } from "../testing.test-support.js";
import { payloadBytesMost } from "./bodies.js";
import { waitingAnswersBytes } from "./incoming-requests.js";
import { linkedEnds } from "./linked-ends.test-support.js";

const text = (value: unknown): string => {
  if (typeof value !== "string") throw new Error("not a text");
  return value;
};
const anything = (value: unknown): unknown => value;

const chat = defineProtocol("test.chat", "1.0.0", {
  say: message(text),
  ask: request(text, text),
  raw: message(anything),
  point: message(anything, { lane: "lossy" }),
});
const versions = versionsOf([chat["~protocol"]]);
const newer = defineProtocol("test.chat", ["2.0.0", "3.0.0"], {});

const linked = () => linkedEnds(versions);
const ask = chat.ask;

/** A request that is served until the test answers it. */
function servedAsk() {
  const [ann, ben] = linked();
  const served: { body: unknown; signal: AbortSignal; answer: (reply: unknown) => void }[] = [];
  ben.handle(ask, (body, { signal }) => new Promise((answer) => served.push({ body, signal, answer })));
  return { ann, ben, served };
}

describe("messages", () => {
  it("reach their handler, checked, in order, with who sent them", async () => {
    const [ann, ben] = linked();
    const heard: unknown[] = [];
    ben.handle(chat.say, (body, _context, from) => void heard.push([body, from === undefined]));
    await ann.exchange.send(chat.say, "one");
    await ann.exchange.send(chat.say, "two");
    expect(heard).toEqual([
      ["one", false],
      ["two", false],
    ]);
    expect(ben.troubles).toEqual([]);
  });

  it("name their type once per link, and use its number from then on", async () => {
    const [ann, ben] = linked();
    ben.handle(chat.say, () => {});
    ben.handle(chat.raw, () => {});
    await ann.exchange.send(chat.say, "one");
    await ann.exchange.send(chat.raw, 1);
    await ann.exchange.send(chat.say, "two");
    expect(ann.said.map(({ kind }) => kind)).toEqual(["bind", "message", "bind", "message", "message"]);
    expect(ann.said).toMatchObject([{ number: 0, name: "test.chat/say" }, {}, { number: 1 }, { type: 1 }, { type: 0 }]);
  });

  it("that don't fit aren't sent, and bind nothing", async () => {
    const [ann] = linked();
    await expect(ann.exchange.send(chat.say, 7)).rejects.toMatchObject({ code: "bad-body" });
    await expect(ann.exchange.send(chat.raw, () => {})).rejects.toMatchObject({ code: "bad-body" });
    await expect(ann.exchange.send(chat.say, "x".repeat(payloadBytesMost))).rejects.toMatchObject({
      code: "too-large",
    });
    expect(ann.said).toEqual([]);
  });

  it("of the largest body arrive", async () => {
    const [ann, ben] = linked();
    const heard: number[] = [];
    ben.handle(chat.say, (body) => void heard.push((body as string).length));
    await ann.exchange.send(chat.say, "x".repeat(payloadBytesMost - 7));
    expect(heard).toEqual([payloadBytesMost - 7]);
  });

  it("that nobody handles are told to the app, not to the sender", async () => {
    const [ann, ben] = linked();
    ben.handle(ask, () => "a request's handler is none for a message of that name");
    await ann.exchange.send(chat.say, "one");
    expect(ben.troubles).toMatchObject([{ code: "no-handler" }]);
    expect(ben.said).toEqual([]);
  });

  it("whose handler throws are told to the app, with the cause, not to the sender", async () => {
    const [ann, ben] = linked();
    const cause = new Error("secret path /home");
    ben.handle(chat.say, async () => {
      throw cause;
    });
    await ann.exchange.send(chat.say, "one");
    await turn();
    expect(ben.troubles).toMatchObject([{ code: "handler-failed", cause }]);
    expect(ben.said).toEqual([]);
  });

  it("that don't fit the receiver's schema are counted, and their handler isn't run", async () => {
    const [ann, ben] = linked();
    const numbers = defineProtocol("test.chat", "1.0.0", { say: message(anything) });
    ben.handle(chat.say, () => expect.fail("it ran"));
    await ann.exchange.send(numbers.say, 7);
    expect(ben.rejections).toMatchObject([{ code: "malformed" }]);
    expect(ben.violations).toEqual([]);
  });

  it("of a protocol without a common version fail, naming both sides' versions, without being sent", async () => {
    const [ann] = linkedEnds(versions, versionsOf([newer["~protocol"]]));
    await expect(ann.exchange.send(chat.say, "one")).rejects.toMatchObject({
      code: "protocol-mismatch",
      message: "No common version of test.chat: we speak 1.0.0, the peer 2.0.0, 3.0.0.",
    });
    const [alone] = linkedEnds(versions, {});
    await expect(alone.exchange.request(ask, "?", {})).rejects.toMatchObject({
      code: "protocol-mismatch",
      message: "No common version of test.chat: we speak 1.0.0, the peer none.",
    });
    expect([...ann.said, ...alone.said]).toEqual([]);
  });

  it("of more types than a link may bind fail here, and cost no link", async () => {
    const [ann, ben] = linked();
    const of = (i: number): MessageDefinition => ({ ...chat.raw, name: `test.chat/m${i}` });
    for (let i = 0; i < limits.boundTypes; i++) await ann.exchange.send(of(i), i);
    await expect(ann.exchange.send(of(limits.boundTypes), 0)).rejects.toMatchObject({ code: "too-large" });
    await ann.exchange.send(of(0), 0);
    expect(ben.violations).toEqual([]);
  });
});

describe("messages that are tried", () => {
  it("go where their lane has room; otherwise nothing is looked at, bound or sent", async () => {
    const [ann, ben] = linked();
    const heard: unknown[] = [];
    ben.handle(chat.say, (body) => void heard.push(body));
    ann.hasRoom = false;
    expect(ann.exchange.trySend(chat.say, "one")).toBe(false);
    expect(ann.exchange.trySend(chat.say, 7)).toBe(false);
    expect(ann.said).toEqual([]);
    ann.hasRoom = true;
    expect(ann.exchange.trySend(chat.say, "two")).toBe(true);
    expect(heard).toEqual(["two"]);
  });

  it("throw where they are wrong, at once", () => {
    const [ann] = linked();
    const codeOf = (run: () => unknown) => {
      try {
        return run();
      } catch (error) {
        return (error as SkeinError).code;
      }
    };
    expect(codeOf(() => ann.exchange.trySend(chat.say, 7))).toBe("bad-body");
    expect(codeOf(() => ann.exchange.trySend(chat.say, "x".repeat(payloadBytesMost)))).toBe("too-large");
    const [alone] = linkedEnds(versions, {});
    alone.hasRoom = false;
    expect(codeOf(() => alone.exchange.trySend(chat.say, "a"))).toBe("protocol-mismatch");
    expect([...ann.said, ...alone.said]).toEqual([]);
  });
});

describe("requests", () => {
  it("are answered, each with its own answer", async () => {
    const { ann, served } = servedAsk();
    const answers = Promise.all([ann.exchange.request(ask, "a", {}), ann.exchange.request(ask, "b", {})]);
    await turn();
    expect(served.map(({ body }) => body)).toEqual(["a", "b"]);
    served[1]?.answer("for b");
    served[0]?.answer("for a");
    expect(await answers).toEqual(["for a", "for b"]);
    expect(ann.clock.armed).toBe(0);
  });

  it("that nobody handles fail with no-handler, also where a message's handler has their name", async () => {
    const [ann, ben] = linked();
    const named = { ...chat.raw, name: "test.chat/other" };
    ben.handle(named, () => {});
    await expect(ann.exchange.request(ask, "a", {})).rejects.toMatchObject({ code: "no-handler" });
    await expect(ann.exchange.request({ ...ask, name: named.name }, "a", {})).rejects.toMatchObject({
      code: "no-handler",
    });
    expect(ann.clock.armed).toBe(0);
  });

  it.each([
    ["an error", new TypeError("secret path /home")],
    ["no error at all", "secret path /home"],
    ["nothing", undefined],
  ])("whose handler throws %s fail without its text", async (_name, thrown) => {
    const [ann, ben] = linked();
    ben.handle(ask, () => {
      throw thrown;
    });
    const failure = await ann.exchange.request(ask, "a", {}).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: "handler-failed", message: "The peer's handler of test.chat/ask failed." });
    expect(ben.troubles).toMatchObject([{ code: "handler-failed" }]);
    expect(ben.troubles[0]?.cause).toBe(thrown);
    expect(JSON.stringify(ben.said)).not.toContain("secret");
  });

  it("whose handler throws a SkeinError fail with its code and text", async () => {
    const [ann, ben] = linked();
    ben.handle(ask, () => {
      throw new SkeinError("rate-limited", "Ask me tomorrow.");
    });
    await expect(ann.exchange.request(ask, "a", {})).rejects.toMatchObject({
      code: "rate-limited",
      message: "Ask me tomorrow.",
    });
  });

  it("fail with handler-failed where the failure's code isn't known here", async () => {
    const { ann, served } = servedAsk();
    const answer = ann.exchange.request(ask, "a", {});
    ann.receive(encodePayload({ kind: "failure", request: 0, code: "from-the-future", message: "who knows" }));
    await expect(answer).rejects.toMatchObject({ code: "handler-failed", message: "who knows" });
    expect(served).toHaveLength(1);
  });

  it("that don't fit aren't sent", async () => {
    const [ann] = linked();
    await expect(ann.exchange.request(ask, 7, {})).rejects.toMatchObject({ code: "bad-body" });
    await expect(ann.exchange.request(ask, "x".repeat(payloadBytesMost), {})).rejects.toMatchObject({
      code: "too-large",
    });
    expect(ann.said).toEqual([]);
  });

  it("that the other side's schema refuses fail with bad-body", async () => {
    const { ann, ben } = servedAsk();
    await expect(ann.exchange.request({ ...ask, schema: anything }, 7, {})).rejects.toMatchObject({ code: "bad-body" });
    expect(ben.rejections).toMatchObject([{ code: "malformed" }]);
  });

  it("whose answer doesn't fit its schema at its source fail with handler-failed", async () => {
    const [ann, ben] = linked();
    ben.handle(ask, () => 7);
    await expect(ann.exchange.request(ask, "a", {})).rejects.toMatchObject({ code: "handler-failed" });
    expect(ben.troubles[0]?.cause).toBeInstanceOf(TypeError);
  });

  it("whose answer doesn't fit its schema here fail with bad-message, and are counted", async () => {
    const { ann, ben, served } = servedAsk();
    const answer = ann.exchange.request({ ...ask, reply: (value) => text(Number(value)) }, "a", {});
    await turn();
    served[0]?.answer("seven");
    await expect(answer).rejects.toMatchObject({ code: "bad-message" });
    expect(ann.rejections).toHaveLength(1);
    expect([...ann.violations, ...ben.violations]).toEqual([]);
    const broken = ann.exchange.request(ask, "b", {});
    ann.receive(encodePayload({ kind: "response", request: 1, body: Uint8Array.of(0xc1) }));
    await expect(broken).rejects.toMatchObject({ code: "bad-message" });
  });

  it("whose answer is too large fail with too-large", async () => {
    const [ann, ben] = linked();
    ben.handle(ask, () => "x".repeat(payloadBytesMost));
    await expect(ann.exchange.request(ask, "a", {})).rejects.toMatchObject({ code: "too-large" });
  });

  it("time out by themselves, and tell the handler that nobody waits any more", async () => {
    const { ann, ben, served } = servedAsk();
    const answer = ann.exchange.request(ask, "a", { timeoutMs: 500 });
    const outcome = expect(answer).rejects.toMatchObject({
      code: "timeout",
      message: expect.stringContaining("500 ms"),
    });
    await turn();
    ann.clock.advance(499);
    expect(served[0]?.signal.aborted).toBe(false);
    ann.clock.advance(1);
    await outcome;
    expect(served[0]?.signal.aborted).toBe(true);
    expect(served[0]?.signal.reason).toMatchObject({ code: "aborted" });
    // The answer that comes too late goes nowhere.
    served[0]?.answer("late");
    await turn();
    // It hears that the handler has ended: until then it counts what it gave up as asked.
    expect(ben.said).toMatchObject([{ kind: "failure", request: 0, code: "aborted" }]);
    expect(ann.clock.armed).toBe(0);
  });

  it("time out after 30 s unless told otherwise", async () => {
    const { ann } = servedAsk();
    const answer = ann.exchange.request(ask, "a", {});
    const outcome = expect(answer).rejects.toMatchObject({ code: "timeout" });
    await turn();
    expect(ann.clock.nextMs).toBe(30_000);
    ann.clock.advance(30_000);
    await outcome;
  });

  it("aborted before they begin aren't sent", async () => {
    const { ann } = servedAsk();
    const signal = AbortSignal.abort(new Error("why"));
    await expect(ann.exchange.request(ask, "a", { signal })).rejects.toMatchObject({
      code: "aborted",
      cause: new Error("why"),
    });
    expect(ann.said).toEqual([]);
    expect(ann.clock.armed).toBe(0);
  });

  it("aborted under way fail at once, and tell the handler", async () => {
    const { ann, served } = servedAsk();
    const controller = new AbortController();
    const answer = ann.exchange.request(ask, "a", { signal: controller.signal });
    await turn();
    controller.abort();
    await expect(answer).rejects.toMatchObject({ code: "aborted" });
    expect(served[0]?.signal.aborted).toBe(true);
    expect(ann.said.map(({ kind }) => kind)).toEqual(["bind", "request", "cancel"]);
    expect(ann.clock.armed).toBe(0);
  });

  it("aborted while they wait for the path fail at once too", async () => {
    const [ann] = linked();
    ann.transmit = () => new Promise(() => {});
    const controller = new AbortController();
    const answer = ann.exchange.request(ask, "a", { signal: controller.signal });
    controller.abort();
    await expect(answer).rejects.toMatchObject({ code: "aborted" });
  });

  it("aborted after their answer change nothing", async () => {
    const [ann, ben] = linked();
    ben.handle(ask, () => "yes");
    const controller = new AbortController();
    expect(await ann.exchange.request(ask, "a", { signal: controller.signal })).toBe("yes");
    controller.abort();
    ann.clock.advance(60_000);
    expect(ann.said.map(({ kind }) => kind)).toEqual(["bind", "request"]);
  });

  it("ignore answers that nobody waits for: late, repeated, or never asked for", async () => {
    const [ann, ben] = linked();
    ben.handle(ask, () => "yes");
    expect(await ann.exchange.request(ask, "a", {})).toBe("yes");
    for (const number of [0, 1, 99]) {
      ann.receive(encodePayload({ kind: "response", request: number, body: encode("again") }));
      ann.receive(encodePayload({ kind: "failure", request: number, code: "timeout", message: "" }));
      ben.receive(encodePayload({ kind: "cancel", request: number }));
    }
    expect([...ann.violations, ...ann.rejections, ...ben.violations, ...ben.rejections]).toEqual([]);
  });

  it("of a lost link all fail with its error, and their handlers are told", async () => {
    const { ann, ben, served } = servedAsk();
    const answers = [ann.exchange.request(ask, "a", {}), ann.exchange.request(ask, "b", {})];
    const outcomes = answers.map((answer) => expect(answer).rejects.toMatchObject({ code: "link-lost" }));
    await turn();
    const error = new SkeinError("link-lost", "The link ended.");
    ann.exchange.end(error);
    ben.exchange.end(error);
    await Promise.all(outcomes);
    expect(served.map(({ signal }) => signal.reason)).toEqual([error, error]);
    served[0]?.answer("late");
    await turn();
    expect(ben.said).toEqual([]);
    expect(ann.clock.armed).toBe(0);
  });

  it("fail where the path takes nothing more", async () => {
    const [ann] = linked();
    ann.transmit = () => Promise.reject(new SkeinError("link-lost", "It is closed."));
    await expect(ann.exchange.request(ask, "a", {})).rejects.toMatchObject({ code: "link-lost" });
    await expect(ann.exchange.send(chat.say, "a")).rejects.toMatchObject({ code: "link-lost" });
    expect(ann.clock.armed).toBe(0);
  });

  it("above the most that may wait are refused, and are taken again once one is answered", async () => {
    const { ann, served } = servedAsk();
    const answers = Array.from({ length: limits.openRequests }, () => ann.exchange.request(ask, "a", {}));
    await turn();
    await expect(ann.exchange.request(ask, "one more", {})).rejects.toMatchObject({ code: "rate-limited" });
    served[0]?.answer("done");
    expect(await answers[0]).toBe("done");
    const taken = ann.exchange.request(ask, "now", {});
    await turn();
    served.at(-1)?.answer("yes");
    expect(await taken).toBe("yes");
    for (const { answer } of served) answer("done");
    await Promise.all(answers);
  });

  it("that are cancelled count for as long as their handlers run: nobody starts handlers without end", async () => {
    const { ann, ben, served } = servedAsk();
    ben.receive(encodePayload({ kind: "bind", number: 0, name: ask.name }));
    for (let i = 0; i < 3 * limits.openRequests; i++) {
      ben.receive(encodePayload({ kind: "request", type: 0, request: i, body: encode("a") }));
      ben.receive(encodePayload({ kind: "cancel", request: i }));
    }
    await turn();
    expect(served).toHaveLength(limits.openRequests);
    for (const { answer } of served) answer("done");
    await turn();
    const kinds = ben.said.map((payload) => (payload.kind === "failure" ? payload.code : payload.kind));
    // Those that were given up are answered as well, so that whoever asked knows when it may ask for more.
    expect(kinds.filter((kind) => kind === "aborted")).toHaveLength(limits.openRequests);
    expect(kinds.filter((kind) => kind === "rate-limited")).toHaveLength(2 * limits.openRequests);
    expect([...ann.violations, ...ben.violations]).toEqual([]);
  });

  it("that were given up count for as long as they aren't answered: nobody is asked for more than it may be", async () => {
    const { ann, ben, served } = servedAsk();
    const controller = new AbortController();
    const asked = Array.from({ length: limits.openRequests }, () =>
      ann.exchange.request(ask, "a", { signal: controller.signal }),
    );
    const outcomes = Promise.allSettled(asked);
    await turn();
    controller.abort();
    await outcomes;
    await expect(ann.exchange.request(ask, "one more", {})).rejects.toMatchObject({ code: "rate-limited" });
    expect(ann.said.filter(({ kind }) => kind === "request")).toHaveLength(limits.openRequests);
    served[0]?.answer("at last");
    await turn();
    const answer = ann.exchange.request(ask, "now", {});
    await turn();
    served.at(-1)?.answer("yes");
    expect(await answer).toBe("yes");
    expect(ben.violations).toEqual([]);
  });
});

describe("a peer that asks, and takes no answers", () => {
  /** Ben's lanes are full: what he says waits until the test lets it go. */
  function full() {
    const ends = linked();
    const [ann, ben] = ends;
    ben.hasRoom = false;
    const waiting: { readonly bytes: number; go(): void }[] = [];
    ben.transmit = (lane, payload) =>
      new Promise((resolve) => {
        const go = () => {
          ann.receive(payload, lane);
          resolve();
        };
        waiting.push({ bytes: payload.length, go });
      });
    ben.receive(encodePayload({ kind: "bind", number: 0, name: ask.name }));
    const request = (number: number) =>
      ben.receive(encodePayload({ kind: "request", type: 0, request: number, body: encode("a") }));
    const waitingBytes = () => waiting.reduce((sum, { bytes }) => sum + bytes, 0);
    return { ann, ben, waiting, waitingBytes, request };
  }

  it("gets so many answers, then so many refusals, then loses its link", async () => {
    const { ben, waiting, request } = full();
    ben.handle(ask, () => "yes");
    for (let i = 0; i < 2 * limits.openRequests; i++) request(i);
    await turn();
    expect(ben.violations).toEqual([]);
    expect(waiting).toHaveLength(2 * limits.openRequests);
    for (let i = 0; i < 10_000; i++) request(2 * limits.openRequests + i);
    await turn();
    expect(new Set(ben.violations)).toEqual(new Set(["it asks on and on, and takes no answers"]));
    expect(waiting).toHaveLength(2 * limits.openRequests);
  });

  it("has no handler run for it beyond the first ones", async () => {
    const { ben, request } = full();
    let runs = 0;
    ben.handle(ask, () => {
      runs++;
      return "yes";
    });
    for (let i = 0; i < 10 * limits.openRequests; i++) {
      request(i);
      if (i % 100 === 0) await turn();
    }
    expect(runs).toBe(limits.openRequests);
  });

  it("makes us keep a bound of bytes of answers, however large they are", async () => {
    const { ben, waiting, waitingBytes, request } = full();
    const page = "x".repeat(1024 * 1024);
    ben.handle(ask, () => page);
    for (let i = 0; i < 100; i++) request(i);
    await turn();
    expect(waiting).toHaveLength(100);
    expect(waitingBytes()).toBeLessThan(waitingAnswersBytes + limits.messageBytes);
    // Nothing is served meanwhile.
    request(100);
    expect(waiting.at(-1)?.bytes).toBeLessThan(200);
    // Once it takes them, it is served as before.
    for (const { go } of waiting.splice(0)) go();
    await turn();
    request(101);
    await turn();
    expect(waiting.at(-1)?.bytes).toBeGreaterThan(page.length);
    expect(ben.violations).toEqual([]);
  });

  it("gets refusals for whatever it asks that nobody handles, and no more than a bound of them", async () => {
    const { ben, waiting, request } = full();
    for (let i = 0; i < 5 * limits.openRequests; i++) request(i);
    await turn();
    expect(waiting).toHaveLength(2 * limits.openRequests);
    expect(ben.violations.length).toBeGreaterThan(0);
  });
});

describe("lanes", () => {
  const lanes = defineProtocol("test.lanes", "1.0.0", {
    tick: message(anything, { lane: "control" }),
    file: message(anything, { lane: "bulk" }),
    word: message(anything),
    fetch: request(anything, anything, { lane: "bulk" }),
  });
  const speak = versionsOf([lanes["~protocol"]]);

  it("are those of the definitions, for the binding of their types too", async () => {
    const [ann, ben] = linkedEnds(speak);
    for (const definition of [lanes.tick, lanes.word, lanes.file]) {
      ben.handle(definition, () => {});
      await ann.exchange.send(definition, 1);
    }
    expect(ann.saidOn).toEqual([0, 0, 1, 1, 2, 2]);
  });

  it("bind a type on its own lane, so that no message passes its binding", async () => {
    const [ann, ben] = linkedEnds(speak);
    ben.handle(lanes.fetch, (body) => body);
    expect(await ann.exchange.request(lanes.fetch, 7, {})).toBe(7);
    expect([ann.saidOn, ben.saidOn]).toEqual([[2, 2], [2]]);
  });

  it("are those of the request for its cancel and for its failure", async () => {
    const [ann, ben] = linkedEnds(speak);
    await expect(ann.exchange.request(lanes.fetch, 1, {})).rejects.toMatchObject({ code: "no-handler" });
    expect(ben.saidOn).toEqual([2]);
    ben.handle(lanes.fetch, () => new Promise(() => {}));
    const controller = new AbortController();
    const answer = ann.exchange.request(lanes.fetch, 1, { signal: controller.signal });
    controller.abort();
    await expect(answer).rejects.toMatchObject({ code: "aborted" });
    expect(ann.saidOn).toEqual([2, 2, 2, 2]);
  });
});

describe("what came in counts against the window", () => {
  it("until the handler of a message or of a request has ended", async () => {
    for (const definition of [chat.say, ask]) {
      const [ann, ben] = linked();
      let end: (reply: unknown) => void = () => {};
      ben.handle(definition, () => new Promise((resolve) => (end = resolve)));
      if (definition.kind === "message") await ann.exchange.send(definition, "a");
      else void ann.exchange.request(definition, "a", {});
      await turn();
      expect([ben.received, ben.done]).toEqual([2, 1]);
      end("yes");
      await turn();
      expect([ben.received, ben.done]).toEqual([2, 2]);
    }
  });

  it.each(["at once", "later"])("until a handler has thrown, %s", async (when) => {
    for (const definition of [chat.say, ask]) {
      const [ann, ben] = linked();
      ben.handle(definition, () => {
        if (when === "at once") throw new Error("no");
        return Promise.reject(new Error("no"));
      });
      if (definition.kind === "message") await ann.exchange.send(definition, "a");
      else await expect(ann.exchange.request(definition, "a", {})).rejects.toMatchObject({ code: "handler-failed" });
      await turn();
      expect([ben.received, ben.done]).toEqual([2, 2]);
    }
  });

  it("no longer than it takes to see that nobody deals with it", async () => {
    const { ann, ben } = servedAsk();
    const payloads = [
      Uint8Array.of(99, 1, 2),
      Uint8Array.of(3, 1),
      encodePayload({ kind: "bind", number: 0, name: chat.say.name }),
      encodePayload({ kind: "message", type: 0, body: encode("nobody handles it") }),
      encodePayload({ kind: "message", type: 5, body: encode("a type that isn't bound") }),
      encodePayload({ kind: "request", type: 0, request: 7, body: encode("no handler") }),
      encodePayload({ kind: "bind", number: 1, name: ask.name }),
      encodePayload({ kind: "request", type: 1, request: 8, body: encode(7) }),
      encodePayload({ kind: "response", request: 1, body: encode("nobody asked") }),
      encodePayload({ kind: "cancel", request: 9 }),
    ];
    for (const payload of payloads) ben.receive(payload);
    expect([ben.received, ben.done]).toEqual([payloads.length, payloads.length]);
    expect(ann.violations).toEqual([]);
  });
});

describe("a peer that breaks the conversation", () => {
  it.each([
    ["uses a type number that it didn't bind", [{ kind: "message", type: 5, body: encode("a") }]],
    ["asks with a type number that it didn't bind", [{ kind: "request", type: 5, request: 0, body: encode("a") }]],
    [
      "binds a number twice",
      [
        { kind: "bind", number: 0, name: "a" },
        { kind: "bind", number: 0, name: "b" },
      ],
    ],
    [
      "uses a request's number twice",
      [
        { kind: "bind", number: 0, name: ask.name },
        { kind: "request", type: 0, request: 4, body: encode("a") },
        { kind: "request", type: 0, request: 4, body: encode("a") },
      ],
    ],
  ] as const)("loses its link when it %s", (_name, payloads) => {
    const { ben } = servedAsk();
    for (const payload of payloads) ben.receive(encodePayload(payload));
    expect(ben.violations).toHaveLength(1);
  });

  it("loses its link when it binds more types than it may", () => {
    const { ben } = servedAsk();
    const bind = (number: number) => ben.receive(encodePayload({ kind: "bind", number, name: `n${number}` }));
    for (let i = 0; i < limits.boundTypes; i++) bind(i);
    expect(ben.violations).toEqual([]);
    bind(limits.boundTypes);
    expect(ben.violations).toHaveLength(1);
  });

  it("loses its link with bytes that can't be read, but not with kinds that come later", () => {
    const { ben } = servedAsk();
    ben.receive(Uint8Array.of(99, 1, 2));
    expect(ben.rejections).toMatchObject([{ code: "unknown-type" }]);
    expect(ben.violations).toEqual([]);
    ben.receive(Uint8Array.of(3, 1));
    expect(ben.violations).toHaveLength(1);
  });

  it("makes nothing throw, whatever it sends", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 30 }), { maxLength: 20 }), (all) => {
        const { ben } = servedAsk();
        ben.receive(encodePayload({ kind: "bind", number: 0, name: ask.name }));
        for (const bytes of all) ben.receive(bytes);
      }),
    );
  });
});

describe("lossy messages", () => {
  it("are bound in lane control, once, and go in their own", async () => {
    const [ann, ben] = linked();
    const heard: unknown[] = [];
    ben.handle(chat.point, (body) => void heard.push(body));
    await ann.exchange.send(chat.point, 1);
    await ann.exchange.send(chat.point, 2);
    expect(ann.said.map(({ kind }) => kind)).toEqual(["bind", "message", "message"]);
    expect(ann.saidOn).toEqual([0, lossyLane, lossyLane]);
    expect(heard).toEqual([1, 2]);
    expect([ben.received, ben.done]).toEqual([3, 3]);
  });

  it("that overtake what binds their type are lost, and nothing else", async () => {
    const [ann, ben] = linked();
    const late: Uint8Array[] = [];
    const heard: unknown[] = [];
    ben.handle(chat.point, (body) => void heard.push(body));
    ann.transmit = async (lane, payload) => void (lane === 0 ? late.push(payload) : ben.receive(payload, lane));
    await ann.exchange.send(chat.point, 1);
    for (const payload of late) ben.receive(payload, 0);
    await ann.exchange.send(chat.point, 2);
    expect(heard).toEqual([2]);
    expect([ben.violations, ben.rejections, ben.troubles]).toEqual([[], [], []]);
    expect(ben.done).toBe(ben.received);
  });

  it("don't wait until what binds their type has room, nor fail where that is lost", async () => {
    const [ann] = linked();
    ann.transmit = (lane) => (lane === 0 ? Promise.reject(new SkeinError("link-lost", "over")) : Promise.resolve());
    await ann.exchange.send(chat.point, 1);
  });

  it("go in lane default to whoever doesn't know theirs, as any other", async () => {
    const [ann, ben] = linkedEnds(versions, versions, []);
    const heard: unknown[] = [];
    ben.handle(chat.point, (body) => void heard.push(body));
    await ann.exchange.send(chat.point, 1);
    expect(ann.saidOn).toEqual([1, 1]);
    expect(heard).toEqual([1]);
  });

  it("fit into one record with their heads, and bind nothing where they don't", async () => {
    const [ann] = linked();
    const sizes: number[] = [];
    ann.transmit = async (lane, payload) => {
      if (lane === lossyLane) sizes.push(payload.length);
    };
    // A kind, a type, and three bytes of MessagePack.
    const largest = new Uint8Array(limits.lossyBytes - 5);
    await expect(ann.exchange.send(chat.point, new Uint8Array(largest.length + 1))).rejects.toMatchObject({
      code: "too-large",
    });
    expect(ann.said).toEqual([]);
    await ann.exchange.send(chat.point, largest);
    expect(sizes).toEqual([limits.lossyBytes]);
  });

  it.each<[string, Payload]>([
    ["bind", { kind: "bind", number: 0, name: "test.chat/say" }],
    ["request", { kind: "request", type: 0, request: 0, body: encode("x") }],
    ["cancel", { kind: "cancel", request: 0 }],
  ])("can't be a %s", (_kind, payload) => {
    const [, ben] = linked();
    ben.receive(encodePayload(payload), lossyLane);
    expect(ben.violations).toHaveLength(1);
    expect(ben.done).toBe(1);
  });

  it("of a kind that isn't known are passed over; those that can't be read are violations", () => {
    const [, ben] = linked();
    ben.receive(Uint8Array.of(99), lossyLane);
    expect(ben.violations).toEqual([]);
    ben.receive(Uint8Array.of(2), lossyLane);
    expect(ben.violations).toHaveLength(1);
  });
});

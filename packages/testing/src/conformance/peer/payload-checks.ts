import { concatBytes, encode, encodePayload } from "@skein/protocol";
import { mustBe, section } from "../kit/check.js";
import type { LinkEnd } from "./link-end.js";
import type { PeerWorld } from "./peer-world.js";

/** @throws {Unmet} unless the peer refuses what is sent */
function refused(send: (end: LinkEnd) => void): (world: PeerWorld) => Promise<void> {
  return async (world) => {
    const { end } = await world.link();
    await end.settle();
    send(end);
    await end.hearRefusal();
  };
}

/** No MessagePack (spec README, rule 1). */
const unreadable = Uint8Array.of(0xc1);

export const payloadChecks = section<PeerWorld>("links.md: Payloads", {
  "a message reaches its handler, and the answer comes back": async (world) => {
    const { end } = await world.link();
    const body = { text: "héllo 😀", bytes: Uint8Array.of(1, 2, 3), list: [1, -1, 2 ** 40, 0.5, null, true] };
    end.message("echo", body);
    await end.hearMessage("echoed", body);
  },
  "payloads of an unknown kind are passed over, and their number counts": async (world) => {
    const { end } = await world.link();
    end.say(Uint8Array.of(99));
    end.say(Uint8Array.of(0xff, 0x80, 0x80));
    await end.settle();
  },
  "a message that nobody handles costs itself alone": async (world) => {
    const { end } = await world.link();
    end.message("nobody-handles-this", 1);
    await end.settle();
  },
  "a message whose body can't be read costs itself alone": async (world) => {
    const { end } = await world.link();
    const type = end.typeOf("echo");
    end.say({ kind: "message", type, body: unreadable });
    await end.settle();
  },
  "a type's name may be bound to any number": async (world) => {
    const { end } = await world.link();
    const number = 2 ** 40;
    end.say({ kind: "bind", number, name: "skein.conformance/echo" });
    end.say({ kind: "message", type: number, body: Uint8Array.from(encode("far out")) });
    await end.hearMessage("echoed", "far out");
  },
  "the peer binds each type once, before it uses it, in the lane that it uses it in": async (world) => {
    const { end } = await world.link();
    for (let i = 0; i < 3; i++) {
      end.message("echo", i);
      await end.hearMessage("echoed", i);
    }
    mustBe(end.faults.length === 0, "each type bound once", end.faults[0] ?? "");
  },
  "a type that wasn't bound is a violation": refused((end) =>
    end.say({ kind: "message", type: 555, body: Uint8Array.of(0xc0) }),
  ),
  "a type that is bound twice is a violation": refused((end) => {
    for (let i = 0; i < 2; i++) end.say({ kind: "bind", number: 700, name: "skein.conformance/echo" });
  }),
  "a known payload that ends in its head is a violation": refused((end) => end.say(Uint8Array.of(3, 5))),
  "a name that isn't UTF-8 is a violation": refused((end) => end.say(Uint8Array.of(1, 9, 0xff, 0xfe))),
});

export const requestChecks = section<PeerWorld>("links.md: Requests", {
  "a request is answered once, on its own lane": async (world) => {
    const { end } = await world.link();
    for (const lane of [0, 1, 2]) {
      const body = `lane ${lane}`;
      const said = await end.hearResponse(end.request("ask", body, lane), body);
      mustBe(said.lane === lane, `an answer in lane ${lane}`, `one in lane ${said.lane}`);
    }
    const more = end.said.rest.filter(({ payload }) => payload.kind === "response").length;
    mustBe(more === 0, "one answer each", `${more} more`);
  },
  "requests are answered by what they asked": async (world) => {
    const { end } = await world.link();
    const requests = [1, 2, 3].map((a) => ({ request: end.request("add", { a, b: 10 }), sum: a + 10 }));
    for (const { request, sum } of requests) await end.hearResponse(request, sum);
  },
  "a body that doesn't fit the schema is answered `bad-body`": async (world) => {
    const { end } = await world.link();
    await end.hearFailure(end.request("add", { a: "one" }), "bad-body");
  },
  "a body that can't be read is answered `bad-body`": async (world) => {
    const { end } = await world.link();
    const type = end.typeOf("ask");
    end.say({ kind: "request", type, request: 800, body: unreadable });
    await end.hearFailure(800, "bad-body");
  },
  "a request that nobody handles is answered `no-handler`": async (world) => {
    const { end } = await world.link();
    await end.hearFailure(end.request("nobody-handles-this", 1), "no-handler");
    await end.settle();
  },
  "a handler that fails is answered `handler-failed`, and nothing of what it threw is told": async (world) => {
    const { end } = await world.link();
    const { message } = await end.hearFailure(end.request("fail", "a secret of the handler's"), "handler-failed");
    mustBe(!message.includes("secret"), "nothing of what the handler threw", message);
    mustBe(message.length <= 1_024, "1024 characters at most", `${message.length}`);
  },
  "a request that is cancelled stops its handler": async (world) => {
    const { end } = await world.link();
    const request = end.request("wait", "until it is cancelled");
    await end.settle();
    end.say({ kind: "cancel", request });
    await end.hearMessage("cancelled", "until it is cancelled");
  },
  "a `cancel` of what isn't open is passed over": async (world) => {
    const { end } = await world.link();
    const request = end.request("ask", 1);
    await end.hearResponse(request, 1);
    for (const number of [request, 4_000]) end.say({ kind: "cancel", request: number });
    await end.settle();
  },
  "what stands behind the number of a `cancel` is passed over": async (world) => {
    const { end } = await world.link();
    const request = end.request("wait", "until it is cancelled");
    end.say(concatBytes(encodePayload({ kind: "cancel", request }), Uint8Array.of(1, 2, 3)));
    await end.hearMessage("cancelled", "until it is cancelled");
  },
  "an answer to what was never asked is passed over": async (world) => {
    const { end } = await world.link();
    end.say({ kind: "response", request: 4_000, body: Uint8Array.of(0xc0) });
    end.say({ kind: "failure", request: 4_001, code: "a-code-of-later", message: "" });
    await end.settle();
  },
  "unknown keys in a failure are ignored": async (world) => {
    const { end } = await world.link();
    const map = Uint8Array.from(encode({ code: "aborted", message: "m", later: [1] }));
    end.say(concatBytes(encodePayload({ kind: "cancel", request: 5 }).with(0, 5), map));
    await end.settle();
  },
  "a request number that is still open is a violation": async (world) => {
    const { end } = await world.link();
    const request = end.request("wait", "first");
    const type = end.typeOf("wait");
    end.say({ kind: "request", type, request, body: Uint8Array.of(0xc0) });
    await end.hearRefusal();
  },
});

export const settlementChecks = section<PeerWorld>("links.md: App protocols", {
  "the highest version that both list is used, whatever else is listed": async (world) => {
    const { end } = await world.link({
      protocols: { "skein.conformance": ["0.1", "1.0.0", "97.0.0"], "a.b": ["1"], later: [] },
    });
    end.message("echo", "settled");
    await end.hearMessage("echoed", "settled");
  },
  "without a common version nothing of that protocol is sent, and the link goes on": async (world) => {
    for (const protocols of [{}, { "skein.conformance": ["97.0.0"] }, { "skein.conformance": ["1.0"] }]) {
      const { end } = await world.link({ protocols });
      end.message("echo", "nothing in common");
      end.say({ kind: "bind", number: 900, name: "elsewhere/ask" });
      end.say({ kind: "request", type: 900, request: 9, body: Uint8Array.of(0xc0) });
      await end.hearFailure(9, "no-handler");
      await end.ping();
      const isSent = end.data.some(({ payload }) => Buffer.from(payload).includes("echoed"));
      mustBe(!isSent, "no `echoed`", "one");
    }
  },
});

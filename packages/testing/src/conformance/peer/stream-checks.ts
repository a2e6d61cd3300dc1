import { concatBytes, type StreamPayload } from "@skein/protocol";
import { mustBe, section } from "../kit/check.js";
import { echoStream } from "./conformance-protocol.js";
import type { LinkEnd, Said } from "./link-end.js";
import type { PeerWorld } from "./peer-world.js";

const lane = 2;
/** Ours, and the same seen from the peer. */
const [ours, theirs] = [0, 1];

async function streamLink(world: PeerWorld): Promise<LinkEnd> {
  world.mustHave("streams");
  return (await world.link()).end;
}

/** The next payload of a kind about our stream. @throws {Unmet} */
async function hear<Kind extends StreamPayload["kind"]>(end: LinkEnd, kind: Kind) {
  const said = await end.said.take(
    `\`${kind}\``,
    (came): came is Said & { readonly payload: Extract<StreamPayload, { readonly kind: Kind }> } =>
      came.payload.kind === kind && "stream" in came.payload && came.payload.stream === theirs,
  );
  return said.payload;
}

function open(end: LinkEnd, credit: number, name = echoStream, stream = ours): void {
  end.say({ kind: "stream-open", stream, credit, name }, lane);
}

/** So many bytes of the stream. @throws {Unmet} */
async function read(end: LinkEnd, length: number): Promise<Uint8Array> {
  let bytes: Uint8Array = new Uint8Array(0);
  while (bytes.length < length) bytes = concatBytes(bytes, (await hear(end, "stream-data")).body);
  return bytes;
}

function refused(send: (end: LinkEnd) => void | Promise<void>): (world: PeerWorld) => Promise<void> {
  return async (world) => {
    const end = await streamLink(world);
    await send(end);
    await end.hearRefusal();
  };
}

export const streamChecks = section<PeerWorld>("links.md: Streams", {
  "a stream is taken, its bytes come back, and both ways end": async (world) => {
    const end = await streamLink(world);
    open(end, 2 ** 20);
    await hear(end, "stream-credit");
    const body = Uint8Array.from({ length: 3_000 }, (_, i) => i % 250);
    end.say({ kind: "stream-data", stream: ours, body }, lane);
    const came = await read(end, body.length);
    mustBe(`${came}` === `${body}`, "the same bytes", "others");
    end.say({ kind: "stream-end", stream: ours }, lane);
    await hear(end, "stream-end");
  },
  "no more of a stream is sent than was granted, and the rest when it is": async (world) => {
    const end = await streamLink(world);
    open(end, 10);
    await hear(end, "stream-credit");
    end.say({ kind: "stream-data", stream: ours, body: new Uint8Array(100) }, lane);
    const first = await read(end, 10);
    await end.settle();
    const more = end.said.rest.filter(({ payload }) => payload.kind === "stream-data").length;
    mustBe(first.length === 10 && more === 0, "10 bytes", `${first.length}, and ${more} payloads more`);
    end.say({ kind: "stream-credit", stream: ours, credit: 1_000 }, lane);
    await read(end, 90);
  },
  "a stream of a name that nobody takes is stopped and reset with `no-handler`": async (world) => {
    const end = await streamLink(world);
    open(end, 100, "nobody/takes.this");
    const kinds = new Set<string>();
    while (kinds.size < 2) {
      const { payload } = await end.said.take("`stream-stop` and `stream-reset`", ({ payload: { kind } }) =>
        kind.startsWith("stream-"),
      );
      mustBe(payload.kind === "stream-stop" || payload.kind === "stream-reset", "a stop and a reset", payload.kind);
      mustBe(payload.code === "no-handler", "`no-handler`", payload.code);
      kinds.add(payload.kind);
    }
    await end.settle();
  },
  "`stream-stop` is answered with `stream-reset`": async (world) => {
    const end = await streamLink(world);
    open(end, 2 ** 20);
    await hear(end, "stream-credit");
    end.say({ kind: "stream-stop", stream: ours, code: "aborted", message: "" }, lane);
    await hear(end, "stream-reset");
    await end.settle();
  },
  "a stream that is opened out of turn is a violation": refused((end) => open(end, 10, echoStream, 4)),
  "bytes of a stream that isn't open are a violation": refused((end) =>
    end.say({ kind: "stream-data", stream: 6, body: Uint8Array.of(1) }, lane),
  ),
  "more of a stream than was granted is a violation": refused(async (end) => {
    open(end, 0);
    const { credit } = await hear(end, "stream-credit");
    const body = new Uint8Array(15_000);
    for (let sent = 0; sent <= credit + 600_000; sent += body.length) {
      end.say({ kind: "stream-data", stream: ours, body }, lane);
    }
  }),
  "bytes behind a stream's end are a violation": refused((end) => {
    open(end, 10);
    end.say({ kind: "stream-end", stream: ours }, lane);
    end.say({ kind: "stream-data", stream: ours, body: Uint8Array.of(1) }, lane);
  }),
});

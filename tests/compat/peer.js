// One of two peers that meet, and use of each other what a release promises: messages in each lane, large ones, requests, a stream each
// way. It writes what came of that as a line of JSON, leaves, and ends by itself.
import { defineProtocol, joinRoom, message, request } from "@skein/client";
import { relayFallback } from "@skein/relay-fallback";

const compat = defineProtocol("skein.compat", ["1.0.0", "1.1.0"], {
  say: message((body) => body),
  urgent: message(String, { lane: "control" }),
  large: message((bytes) => bytes, { lane: "bulk" }),
  pointer: message(Number, { lane: "lossy" }),
  double: request(Number, Number),
  finished: request(String, Boolean),
});
const messages = 50;
const largeBytes = 300_000;
const streamBytes = 600_000;

/** Counts what comes, and settles when all of it is here. */
function listen(room) {
  const heard = { said: 0, inOrder: true, urgent: "", largeBytes: 0 };
  const all = new Promise((resolve) => {
    const look = () =>
      heard.said === messages && heard.urgent !== "" && heard.largeBytes === largeBytes && resolve(heard);
    room.handle(compat.say, ({ number, bytes }) => {
      heard.inOrder &&= number === heard.said && bytes.every((byte) => byte === number);
      heard.said++;
      look();
    });
    room.handle(compat.urgent, (text) => {
      heard.urgent = text;
      look();
    });
    room.handle(compat.large, (bytes) => {
      heard.largeBytes += bytes.length;
      look();
    });
  });
  room.handle(compat.pointer, () => {});
  room.handle(compat.double, (number) => 2 * number);
  room.handleStream("echo", ({ readable, writable }) => readable.pipeTo(writable));
  return all;
}

async function talk(room, peer) {
  for (let number = 0; number < messages; number++) {
    await room.send(peer, compat.pointer, number);
    await room.send(peer, compat.say, { number, bytes: new Uint8Array(number * 10).fill(number), none: null });
  }
  await room.send(peer, compat.large, new Uint8Array(largeBytes));
  await room.send(peer, compat.urgent, "héron");
}

/** How many bytes come back of those that were sent. */
async function stream(room, peer) {
  const { readable, writable } = await room.stream(peer, { name: "echo" });
  const sent = new Blob([new Uint8Array(streamBytes)]).stream().pipeTo(writable);
  const [{ byteLength }] = await Promise.all([new Response(readable).arrayBuffer(), sent]);
  return byteLength;
}

/** Neither leaves before the other has all that it waits for. */
async function part(room, peer, isFirst, own) {
  if (isFirst) return own.then(() => room.request(peer, compat.finished, "", { timeoutMs: 20_000 }));
  const left = new Promise((resolve) => room.on("peer-left", resolve));
  room.handle(compat.finished, () => own.then(() => true));
  return left;
}

async function main([server, name, role, policy]) {
  const room = await joinRoom({
    server,
    room: name,
    name: role,
    protocols: [compat],
    paths: [relayFallback({ policy })],
  });
  const all = listen(room);
  const peer = await new Promise((resolve) => room.on("peer-connected", resolve));
  const answers = [all, talk(room, peer), room.request(peer, compat.double, 21), stream(room, peer)];
  const own = Promise.all(answers).then(([heard, , doubled, echoed]) => ({
    ...heard,
    doubled,
    echoed,
    path: peer.path,
  }));
  await part(room, peer, role === "first", own);
  process.stdout.write(`${JSON.stringify(await own)}\n`);
  await room.leave();
}

void main(process.argv.slice(2));

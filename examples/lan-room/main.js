// A room in a network that has no way out. Without an address it is the machine with the server; with one it joins that.
import { networkInterfaces } from "node:os";
import { createInterface } from "node:readline";
import { defineProtocol, joinRoom, message } from "@skein/client";
import { relayFallback } from "@skein/relay-fallback";
import { createServer } from "@skein/server";

const chat = defineProtocol("acme.chat", "1.0.0", { say: message(String) });
const [address, name = process.pid.toString()] = process.argv.slice(2);

// No STUN server is named: in one network, the machines' own addresses are all that there is to know.
const server =
  address === undefined ? await createServer({ host: "0.0.0.0", port: Number(process.env.PORT ?? 7700) }) : undefined;
if (server !== undefined) {
  for (const here of ownAddresses()) console.log(`On another machine: npm start -- ws://${here}:${server.port}/skein`);
}

const room = await joinRoom({
  server: address ?? `ws://127.0.0.1:${server.port}/skein`,
  room: "lan",
  name: address === undefined ? "host" : name,
  protocols: [chat],
  paths: [relayFallback()],
}).catch((error) => {
  console.error(error.message);
  process.exit(1);
});
room.handle(chat.say, (text, from) => console.log(`${from.card.name}: ${text}`));
room.on("peer-connected", (peer) => console.log(`${peer.card.name} is here, ${peer.path}`));
room.on("peer-left", ({ peer }) => console.log(`${peer.card.name} left`));
console.log("Type to talk. The end of the input (Ctrl-D) leaves.");

for await (const line of createInterface({ input: process.stdin })) await room.broadcast(chat.say, line);
await room.leave();
await server?.close();

/** This machine's addresses in its networks. */
function ownAddresses() {
  const all = Object.values(networkInterfaces()).flat();
  return all.filter(({ family, internal }) => family === "IPv4" && !internal).map((each) => each.address);
}

import { defineProtocol, joinRoom, message, type Peer } from "@skein/client";
import { relayFallback } from "@skein/relay-fallback";

const chat = defineProtocol("acme.chat", "1.0.0", { say: message(String) });
const [server = "", room = ""] = process.argv.slice(2);

const joined = await joinRoom({ server, room, name: "app", protocols: [chat], paths: [relayFallback()] });
const answer = new Promise<string>((resolve) => joined.handle(chat.say, resolve));
joined.on("peer-connected", (peer: Peer) => joined.send(peer, chat.say, "hello"));
console.log(await answer);
await joined.leave();

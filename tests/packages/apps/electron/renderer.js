import { defineProtocol, joinRoom, message } from "@skein/client";
import { relayFallback } from "@skein/relay-fallback";

const chat = defineProtocol("acme.chat", "1.0.0", { say: message(String) });
const { server, room } = Object.fromEntries(new URLSearchParams(location.search));

const joined = await joinRoom({ server, room, name: "app", protocols: [chat], paths: [relayFallback()] });
const answer = new Promise((resolve) => joined.handle(chat.say, resolve));
joined.on("peer-connected", (peer) => joined.send(peer, chat.say, "hello"));
document.querySelector("#answer").textContent = await answer;
await joined.leave();

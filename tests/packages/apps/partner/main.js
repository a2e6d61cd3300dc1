// Waits in each of the rooms, and answers whoever says something there.
import { defineProtocol, joinRoom, message } from "@skein/client";
import { relayFallback } from "@skein/relay-fallback";

const chat = defineProtocol("acme.chat", "1.0.0", { say: message(String) });
const [server, ...rooms] = process.argv.slice(2);

async function wait(room) {
  const joined = await joinRoom({ server, room, name: "partner", protocols: [chat], paths: [relayFallback()] });
  joined.handle(chat.say, (text, from) => joined.send(from, chat.say, `${from.card.name} said: ${text}`));
}

await Promise.all(rooms.map(wait));
console.log("waiting");

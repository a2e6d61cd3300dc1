// Two agents in one process greet each other, then leave.
import { defineProtocol, joinRoom, memorySignaling, message } from "@skein/client";

const chat = defineProtocol("acme.chat", "1.0.0", { say: message(String) });
const signaling = memorySignaling();

async function startAgent(name) {
  const room = await joinRoom({ signaling, room: "lab", name, protocols: [chat] });
  const heard = new Promise((resolve) => {
    room.handle(chat.say, (text, from) => resolve(`${name} hears ${from.card.name}: ${text}`));
  });
  room.on("peer-connected", (peer) => room.send(peer, chat.say, `hello from ${name}`));
  return { room, heard };
}

const agents = await Promise.all([startAgent("ann"), startAgent("bob")]);
for (const { heard } of agents) console.log(await heard);
await Promise.all(agents.map(({ room }) => room.leave()));

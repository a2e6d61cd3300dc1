import { defineProtocol, joinRoom, message } from "@skein/client";

const chat = defineProtocol("acme.chat", "1.0.0", { say: message(String) });
const [server, room] = process.argv.slice(2);

async function talk() {
  const joined = await joinRoom({ server, room, name: "app", protocols: [chat] });
  const answer = new Promise((resolve) => joined.handle(chat.say, resolve));
  joined.on("peer-connected", (peer) => joined.send(peer, chat.say, "hello"));
  console.log(await answer);
  await joined.leave();
}

void talk();

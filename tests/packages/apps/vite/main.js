import { defineProtocol, joinRoom, message } from "@skein/client";
import { artifactsProtocol, createArtifacts } from "@skein/coordination";
import { createIndexedDbStore } from "@skein/coordination/indexed-db";
import { relayFallback } from "@skein/relay-fallback";

const chat = defineProtocol("acme.chat", "1.0.0", { say: message(String) });
const { server, room } = Object.fromEntries(new URLSearchParams(location.search));

const joined = await joinRoom({
  server,
  room,
  name: "app",
  protocols: [chat, artifactsProtocol],
  paths: [relayFallback()],
});
const answer = new Promise((resolve) => joined.handle(chat.say, resolve));
joined.on("peer-connected", async (peer) => joined.send(peer, chat.say, await greeting()));
document.querySelector("#answer").textContent = await answer;
await joined.leave();

/** Kept in the browser, by what it is. */
async function greeting() {
  const artifacts = await createArtifacts(joined, { store: await createIndexedDbStore() });
  const { id } = await artifacts.put(new TextEncoder().encode("hello"));
  return new TextDecoder().decode(await artifacts.bytes(id));
}

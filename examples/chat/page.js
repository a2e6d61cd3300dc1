// A room of whoever has the page open. What is typed goes to all of them, directly where it can.
import { defineProtocol, joinRoom, message } from "@skein/client";
import { relayFallback } from "@skein/relay-fallback";

const chat = defineProtocol("acme.chat", "1.0.0", { say: message(String) });
const lines = document.getElementById("lines");
const who = document.getElementById("who");
const text = document.getElementById("text");

const room = await joinRoom({
  // Where the page came from.
  server: `${location.protocol.replace("http", "ws")}//${location.host}/skein`,
  room: "chat",
  name: new URLSearchParams(location.search).get("name") ?? `guest ${Math.floor(Math.random() * 1000)}`,
  protocols: [chat],
  paths: [relayFallback()],
});

room.handle(chat.say, (words, from) => show(`${from.card.name}: ${words}`));
room.on("peer-connected", (peer) => show(`${peer.card.name} is here (${peer.path})`, "news"));
room.on("peer-left", ({ peer }) => show(`${peer.card.name} left`, "news"));
for (const event of ["peer-connected", "peer-left"]) room.on(event, showWho);
showWho();

document.querySelector("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const words = text.value.trim();
  if (words === "") return;
  text.value = "";
  show(`${room.card.name}: ${words}`);
  await room.broadcast(chat.say, words);
});

addEventListener("pagehide", () => room.leave());

/** As text, never as HTML: what others say is theirs. */
function show(line, kind = "said") {
  const item = document.createElement("li");
  item.className = kind;
  item.textContent = line;
  lines.append(item);
  item.scrollIntoView();
}

function showWho() {
  const connected = [...room.peers.values()].filter((peer) => peer.state === "connected");
  who.textContent = `You are ${room.card.name}. ${connected.length} linked.`;
}

// Two agents have the same bytes, one of them not quite. A third fetches them from both, finds out which of them lies, and has them whole.
import { joinRoom, memorySignaling } from "@skein/client";
import { artifactsProtocol, createArtifacts, createMemoryStore } from "@skein/coordination";

const signaling = memorySignaling();

async function agent(name, store = createMemoryStore()) {
  const room = await joinRoom({ signaling, room: "lab", name, protocols: [artifactsProtocol] });
  return { room, artifacts: await createArtifacts(room, { store }) };
}

/** Gives other bytes than it keeps. */
function lying(store) {
  return { ...bound(store), read: async (id, index) => (await store.read(id, index))?.map((byte) => byte ^ 1) };
}

function bound(store) {
  const names = ["list", "read", "remove", "draft", "close"];
  return Object.fromEntries(names.map((name) => [name, (...args) => store[name](...args)]));
}

const content = Uint8Array.from({ length: 3_000_000 }, (_, index) => index % 251);
const [honest, liar, asker] = await Promise.all([
  agent("honest"),
  agent("liar", lying(createMemoryStore())),
  agent("asker"),
]);

const announced = new Promise((resolve) => {
  const holders = new Set();
  asker.artifacts.on("announced", ({ holder }) => holders.add(holder).size === 2 && resolve());
});
const { id } = await honest.artifacts.put(content, { meta: { name: "numbers" } });
await liar.artifacts.put(content, { meta: { name: "numbers" } });
await announced;

const [found] = asker.artifacts.find({ meta: { name: "numbers" } });
console.log(`${found.bytes} bytes, ${found.holders.length} holders`);

asker.artifacts.on("holder-dropped", ({ holder, reason }) => {
  console.log(`${asker.room.peers.get(holder)?.card.name} ${reason}`);
});
await asker.artifacts.fetch(id);
const bytes = await asker.artifacts.bytes(id);
console.log(bytes.every((byte, index) => byte === content[index]) ? "all of it is right" : "it is wrong");

await Promise.all([honest, liar, asker].map(({ room }) => room.leave()));

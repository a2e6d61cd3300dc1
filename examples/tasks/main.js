// Agents that share work: one gives tasks, two do them. The one that has a task goes away in the middle of it, and the other one gets it.
import { joinRoom, memorySignaling } from "@skein/client";
import { createPresence, createTasks, presenceProtocol, tasksProtocol } from "@skein/coordination";

const signaling = memorySignaling();

async function agent(name) {
  const room = await joinRoom({ signaling, room: "lab", name, protocols: [presenceProtocol, tasksProtocol] });
  return { name, room, tasks: createTasks(room, { presence: createPresence(room) }) };
}

const [giver, ...workers] = await Promise.all(["giver", "fern", "moss"].map(agent));
let leaver;
for (const worker of workers) {
  worker.tasks.handle("shout", { input: String }, (text) => text.toUpperCase());
  // Whoever gets it first goes away over it; whoever gets it next does it.
  worker.tasks.handle("think", {}, async () => {
    if (leaver !== undefined) return "42";
    leaver = worker;
    await worker.room.leave();
  });
}

console.log(await giver.tasks.delegate({ name: "shout", input: "hello" }));

const words = [];
for await (const word of giver.tasks.map(["ann", "ben", "cal"], { name: "shout" })) words.push(word);
console.log(words.join(" "));

giver.tasks.on("handed-over", ({ name, reason }) => console.log(`${name} was handed over: ${reason.code}`));
console.log(await giver.tasks.delegate({ name: "think" }));

await giver.tasks
  .delegate({ name: "fly", nobodyMs: 100 })
  .catch((error) => console.log(`fly: ${error.code}: ${error.message}`));

await Promise.all([giver, ...workers].map(({ room }) => room.leave()));

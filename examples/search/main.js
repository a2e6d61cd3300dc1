// Three agents, each a process of its own, hold two shares of a library; each share is with two of them. We ask, kill one, and ask again.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { joinRoom } from "@skein/client";
import { createPresence, createTasks, presenceProtocol, tasksProtocol } from "@skein/coordination";
import { createServer } from "@skein/server";
import { holds, searchOutput, searchTask } from "./protocol.js";

const server = await createServer({ port: 0 });
const room = await joinRoom({ server: server.url, room: "library", protocols: [presenceProtocol, tasksProtocol] });
const presence = createPresence(room);
const tasks = createTasks(room, { presence });

const agents = [start("fern", 1), start("moss", 2), start("reed", 1, 2)];
await holders(2);

await ask("heron");
console.log("moss is killed");
agents[1].kill("SIGKILL");
await ask("heron");

for (const agent of agents) agent.kill();
await Promise.all(agents.map((agent) => agent.exitCode ?? agent.signalCode ?? once(agent, "exit")));
await room.leave();
await server.close();

function start(name, ...held) {
  const program = fileURLToPath(new URL("agent.js", import.meta.url));
  return spawn(process.execPath, [program, server.url, name, ...held.map(String)], { stdio: "inherit" });
}

/** Resolves once each share is with so many agents. */
function holders(count) {
  return new Promise((resolve) => {
    const look = () =>
      [1, 2].every((share) => presence.find({ capabilities: [holds(share)] }).length === count) && resolve();
    for (const event of ["joined", "changed"]) presence.on(event, look);
    look();
  });
}

/** Each share is searched by whoever holds it and is the least busy; where that one is lost, another does it. */
async function ask(word) {
  const found = await Promise.all(
    [1, 2].map((share) => {
      const options = { name: searchTask, input: { share, word }, output: searchOutput, requires: [holds(share)] };
      // One that is dead doesn't say so: it is given two seconds for a word.
      return tasks.delegate({ ...options, attemptMs: 2_000 });
    }),
  );
  for (const { book, line, text } of found.flat()) console.log(`${book}:${line}  ${text}`);
}

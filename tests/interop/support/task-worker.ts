import { joinRoom } from "@skein/client";
import { createPresence, createTasks, presenceProtocol, tasksProtocol } from "@skein/coordination";

// A worker in a process of its own, that can be killed like any other: `task-worker.ts SERVER NAME`. It tells when a task begins.
const [server = "", name = ""] = process.argv.slice(2);
const room = await joinRoom({ server, room: "lab", name, protocols: [presenceProtocol, tasksProtocol] });
const presence = createPresence(room);
const tasks = createTasks(room, { presence });
tasks.handle("work", {}, async (input, { signal }) => {
  process.send?.({ begun: input });
  signal.addEventListener("abort", () => process.send?.({ aborted: input }));
  if (input === "hang" || input === `${name} hangs`) await new Promise(() => {});
  // Long enough to be killed in the middle of it.
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  return name;
});
process.send?.({ ready: room.id });
// Whoever started it is gone.
process.on("disconnect", () => process.exit());

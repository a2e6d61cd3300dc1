// An agent: holds some shares of the library, and searches them for whoever asks. `node agent.js SERVER NAME SHARE…`
import { joinRoom } from "@skein/client";
import { createPresence, createTasks, presenceProtocol, tasksProtocol } from "@skein/coordination";
import { shares } from "./library.js";
import { holds, searchInput, searchOutput, searchTask } from "./protocol.js";

const [server, name, ...held] = process.argv.slice(2);
const room = await joinRoom({ server, room: "library", name, protocols: [presenceProtocol, tasksProtocol] });
const presence = createPresence(room, { capabilities: held.map(holds) });
const tasks = createTasks(room, { presence });

tasks.handle(searchTask, { input: searchInput, output: searchOutput, concurrency: 4 }, ({ share, word }) => {
  const books = Object.entries(shares[share] ?? {});
  return books.flatMap(([book, lines]) =>
    lines
      .map((text, index) => ({ book, line: index + 1, text }))
      .filter(({ text }) => text.toLowerCase().includes(word.toLowerCase())),
  );
});

process.once("SIGTERM", () => room.leave());

// A server, an agent that answers, and one that asks: schemas on both sides, a deadline, and errors by their code.
import { defineProtocol, joinRoom, request, SkeinError } from "@skein/client";
import { createServer } from "@skein/server";
import * as v from "valibot";

const maths = defineProtocol("acme.maths", ["1.0.0", "1.1.0"], {
  divide: request(v.object({ by: v.number(), what: v.number() }), v.number()),
  ponder: request(v.string(), v.string()),
});

const server = await createServer({ port: 0 });
const join = (name) => joinRoom({ server: server.url, room: "class", name, protocols: [maths] });

const teacher = await join("teacher");
teacher.handle(maths.divide, ({ what, by }) => {
  if (by === 0) throw new SkeinError("bad-argument", "Nothing can be divided by 0.");
  return what / by;
});
teacher.handle(maths.ponder, (_question, _from, { signal }) => {
  return new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
});

const pupil = await join("pupil");
const peer = await new Promise((resolve) => pupil.on("peer-connected", resolve));

console.log("7 / 2 =", await pupil.request(peer, maths.divide, { what: 7, by: 2 }));
await tell("7 / 0", pupil.request(peer, maths.divide, { what: 7, by: 0 }));
await tell("seven / 2", pupil.request(peer, maths.divide, { what: "seven", by: 2 }));
await tell("the meaning of life", pupil.request(peer, maths.ponder, "why?", { timeoutMs: 100 }));

await Promise.all([teacher.leave(), pupil.leave()]);
await server.close();

/** What went wrong is told by its code; the text is for people. */
async function tell(what, asked) {
  await asked.catch((error) => console.log(`${what}: ${error.code}: ${error.message}`));
}

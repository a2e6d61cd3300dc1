import { mustBe, section } from "../kit/check.js";
import { describeHeard } from "../kit/server-connection.js";
import type { ServerWorld } from "./server-world.js";

export const misbehaviourChecks = section<ServerWorld>("server.md: Limits and misbehaviour", {
  "one packet that can't be read ends nothing": async (world) => {
    const { connection } = await world.enter();
    connection.send(Uint8Array.of(1, 0x91));
    await connection.complainedWith("bad-message");
  },
  "(should) ten of them end the connection": async (world) => {
    const { connection } = await world.enter();
    for (let i = 0; i < 10; i++) connection.send(Uint8Array.of(1, 0x91));
    for (;;) {
      const error = await connection.next("error");
      mustBe(error.code === "bad-message", "the error `bad-message`", describeHeard(error));
      if (error.fatal) break;
    }
    await connection.ended();
  },
  "whoever misbehaves costs nobody else anything": async (world) => {
    const [first, second] = await world.enterAll(2);
    const rogue = await world.enter();
    for (let i = 0; i < 10; i++) rogue.connection.send(Uint8Array.of(1, 0x91));
    await rogue.connection.next("error");
    first.forward(second.persona.id, Uint8Array.of(1));
    await second.connection.next("forward");
  },
  "a packet over `limits.packetBytes` ends the WebSocket with 1009": async (world) => {
    const asked = world.connect();
    const { limits } = await asked.next("challenge");
    const { connection } = await world.enter();
    connection.send(new Uint8Array(limits.packetBytes + 1).fill(1));
    const code = await connection.ended();
    mustBe(code === 1009, "the close code 1009", `${code}`);
  },
});

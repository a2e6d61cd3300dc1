import { encodeControl } from "@skein/protocol";
import { mustBe, section } from "../kit/check.js";
import { statusOf, upgradeHeaders } from "./http.js";
import type { ServerWorld } from "./server-world.js";

export const webSocketChecks = [
  ...section<ServerWorld>("server.md: The WebSocket", {
    "an upgrade without the subprotocol skein.1 is refused with HTTP 400": async ({ under }) => {
      const status = await statusOf(under, upgradeHeaders);
      mustBe(status === 400, "HTTP 400", `HTTP ${status}`);
    },
    "an upgrade with other subprotocols alone is refused with HTTP 400": async ({ under }) => {
      const status = await statusOf(under, { ...upgradeHeaders, "Sec-WebSocket-Protocol": "skein.2, chat" });
      mustBe(status === 400, "HTTP 400", `HTTP ${status}`);
    },
    "(should) a plain GET is answered 426": async ({ under }) => {
      const status = await statusOf(under, {});
      mustBe(status === 426, "HTTP 426", `HTTP ${status}`);
    },
    "the subprotocol is chosen": async (world) => {
      const connection = world.connect();
      await connection.next("challenge");
      mustBe(connection.socket.protocol === "skein.1", "the subprotocol skein.1", `"${connection.socket.protocol}"`);
    },
    "(should) permessage-deflate isn't taken": async (world) => {
      const connection = world.connect({ perMessageDeflate: true });
      await connection.next("challenge");
      mustBe(connection.socket.extensions === "", "no extension", connection.socket.extensions);
    },
    "a text message is malformed, and the connection goes on": async (world) => {
      const { connection } = await world.enter();
      connection.send("ping");
      await connection.complainedWith("bad-message");
    },
  }),
  ...section<ServerWorld>("server.md: Packets", {
    "an empty packet is malformed, and the connection goes on": async (world) => {
      const { connection } = await world.enter();
      connection.send(new Uint8Array(0));
      await connection.complainedWith("bad-message");
    },
    "a packet of an unknown kind is answered, and ends nothing": async (world) => {
      const { connection } = await world.enter();
      for (let i = 0; i < 12; i++) connection.send(Uint8Array.of(4, 1, 2, 3));
      await connection.complainedWith("bad-message");
    },
    "a control message of an unknown type is answered, and ends nothing": async (world) => {
      const { connection } = await world.enter();
      const later = encodeControl({ t: "later", of: 1 } as never);
      for (let i = 0; i < 12; i++) connection.send(later);
      await connection.complainedWith("bad-message");
    },
    "a map with unknown keys is read": async (world) => {
      const { connection } = await world.enter();
      connection.send(encodeControl({ t: "ping", later: [1, { deep: true }] } as never));
      await connection.next("pong");
    },
    "MessagePack that can't be read is malformed, and the connection goes on": async (world) => {
      const { connection } = await world.enter();
      connection.send(Uint8Array.of(1, 0xc1));
      await connection.complainedWith("bad-message");
    },
  }),
];

import { createHash } from "node:crypto";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import WebSocket from "ws";
import { binaryFrame } from "./frame.js";

/** A server that agrees to a WebSocket and writes frames of ours, and a client of the package `ws` that reads them. */
let stream: Socket;
let client: WebSocket;
const http = createServer();

beforeEach(async () => {
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  const { port } = http.address() as AddressInfo;
  const upgraded = new Promise<Socket>((resolve) => {
    http.once("connection", (socket) => {
      socket.once("data", (head) => {
        const [, key = ""] = /sec-websocket-key: (\S+)/i.exec(head.toString()) ?? [];
        const accept = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
        socket.write(
          `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
        );
        resolve(socket);
      });
    });
  });
  client = new WebSocket(`ws://127.0.0.1:${port}`, { createConnection: () => connect(port, "127.0.0.1") });
  stream = await upgraded;
});

afterEach(async () => {
  client.terminate();
  stream.destroy();
  await new Promise((resolve) => http.close(resolve));
});

describe("a frame", () => {
  test.each([0, 1, 125, 126, 127, 300, 0xffff, 0x10000, 131_072])(
    "of %i bytes is read as it was written",
    async (length) => {
      const payload = Uint8Array.from({ length }, (_, i) => i % 251);
      const read = new Promise<readonly [Buffer, boolean]>((resolve) => {
        client.once("message", (data, isBinary) => resolve([data as Buffer, isBinary]));
      });
      stream.write(binaryFrame(payload));
      const [message, isBinary] = await read;
      expect(isBinary).toBe(true);
      expect(Buffer.from(payload).equals(message)).toBe(true);
    },
  );
});

// The least that two peers need to find each other: whatever one says goes to all others on the same address.
import type { AddressInfo } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";
import { answerCalls } from "../child.ts";

/** What the relay's process can be asked for. */
export interface RelayServer extends Record<string, (...args: never[]) => unknown> {
  listen(): Promise<string>;
}

const members = new Map<string, Set<WebSocket>>();

function join(room: string, socket: WebSocket): void {
  const others = members.get(room) ?? new Set();
  members.set(room, others.add(socket));
  socket.on("message", (data, isBinary) => {
    for (const other of others) if (other !== socket) other.send(data, { binary: isBinary });
  });
  socket.on("close", () => {
    others.delete(socket);
    if (others.size === 0) members.delete(room);
  });
}

function listen(): Promise<string> {
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
  server.on("connection", (socket, request) => join(request.url ?? "/", socket));
  return new Promise((resolve) => {
    server.on("listening", () => resolve(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`));
  });
}

answerCalls({ listen } satisfies RelayServer);

// Socket.IO with its defaults, and the handler that its documentation has for messages from one to another, in a process of its own.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Server } from "socket.io";
import { answerCalls } from "../child.ts";
import { type MeasuredServer, measures } from "./measured.ts";

function listen(): Promise<string> {
  const http = createServer();
  const server = new Server(http);
  server.on("connection", (socket) => {
    socket.on("signal", (to: string, payload: string) => server.to(to).emit("signal", socket.id, payload));
  });
  return new Promise((resolve) => {
    http.listen(0, "127.0.0.1", () => {
      resolve(`ws://127.0.0.1:${(http.address() as AddressInfo).port}/socket.io/?EIO=4&transport=websocket`);
    });
  });
}

answerCalls({ ...measures, listen } satisfies MeasuredServer);

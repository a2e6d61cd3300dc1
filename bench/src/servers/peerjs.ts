// peerjs-server with its defaults, in a process of its own; but it takes as many clients as come, where its default is 5,000.
import type { AddressInfo } from "node:net";
import { PeerServer } from "peer";
import { answerCalls } from "../child.ts";
import { type MeasuredServer, measures } from "./measured.ts";

function listen(): Promise<string> {
  return new Promise((resolve) => {
    PeerServer({ host: "127.0.0.1", port: 0, concurrent_limit: 1_000_000 }, (server) => {
      resolve(`ws://127.0.0.1:${(server.address() as AddressInfo).port}/peerjs`);
    });
  });
}

answerCalls({ ...measures, listen } satisfies MeasuredServer);

import { request as requestPlainly } from "node:http";
import { request as requestSecurely } from "node:https";
import { inTime } from "../kit/inbox.js";
import type { ServerUnderTest } from "./server-world.js";

/** The status that a GET of the WebSocket's path is answered with, by whatever headers. */
export function statusOf({ url, timeoutMs }: ServerUnderTest, headers: Record<string, string>): Promise<number> {
  const address = new URL(url.replace(/^ws/, "http"));
  const request = address.protocol === "https:" ? requestSecurely : requestPlainly;
  const answer = new Promise<number>((resolve, reject) => {
    const sent = request(address, { headers, agent: false });
    sent.on("response", (response) => {
      response.destroy();
      resolve(response.statusCode ?? 0);
    });
    sent.on("upgrade", (_, socket) => {
      socket.destroy();
      resolve(101);
    });
    sent.on("error", reject);
    sent.end();
  });
  return inTime("an HTTP answer", answer, timeoutMs);
}

/** RFC 6455 §4.1. */
export const upgradeHeaders = {
  Connection: "Upgrade",
  Upgrade: "websocket",
  "Sec-WebSocket-Version": "13",
  "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
};

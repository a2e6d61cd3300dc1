import { randomBytes } from "node:crypto";
import { createSocket } from "node:dgram";
import { createServer, isIPv6 } from "node:net";

const askAgainMs = 50;

/** Asks a STUN server for our address (RFC 8489 §5), again and again, until it answers: then it is there. */
export function stunAnswers(host: string, port: number, signal: AbortSignal): Promise<void> {
  const socket = createSocket(isIPv6(host) ? "udp6" : "udp4");
  const id = randomBytes(12);
  // Binding request, no attributes, the magic cookie.
  const request = Buffer.concat([Buffer.from([0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42]), id]);
  return new Promise((resolve, reject) => {
    const ask = () => socket.send(request, port, host, () => {});
    const timer = setInterval(ask, askAgainMs);
    const abort = () => end(() => reject(signal.reason));
    const end = (settle: () => void) => {
      clearInterval(timer);
      signal.removeEventListener("abort", abort);
      socket.removeAllListeners("message");
      socket.close();
      settle();
    };
    // A port that nobody listens on yet is told as an error.
    socket.on("error", () => {});
    socket.on("message", (answer) => {
      if (answer.length >= 20 && answer.readUInt16BE(0) === 0x0101 && answer.subarray(8, 20).equals(id)) end(resolve);
    });
    signal.addEventListener("abort", abort, { once: true });
    ask();
  });
}

/** Whether a port is free, for UDP and TCP. */
export async function isPortFree(host: string, port: number): Promise<boolean> {
  return (await isUdpFree(host, port)) && (await isTcpFree(host, port));
}

function isUdpFree(host: string, port: number): Promise<boolean> {
  const socket = createSocket(isIPv6(host) ? "udp6" : "udp4");
  return new Promise((resolve) => {
    socket.once("error", () => {
      socket.close();
      resolve(false);
    });
    socket.bind(port, host, () => socket.close(() => resolve(true)));
  });
}

function isTcpFree(host: string, port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once("error", () => resolve(false));
    server.listen(port, host, () => server.close(() => resolve(true)));
  });
}

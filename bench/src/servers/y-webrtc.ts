// y-webrtc's signalling server, as it comes, in a process of its own.
import { once } from "node:events";
import { createRequire } from "node:module";
import { type AddressInfo, createServer } from "node:net";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { answerCalls } from "../child.ts";
import { type MeasuredServer, measures } from "./measured.ts";

async function listen(): Promise<string> {
  const port = await freePort();
  process.env.PORT = String(port);
  // A program, which the package's `exports` don't list.
  const entry = createRequire(import.meta.url).resolve("y-webrtc");
  await import(pathToFileURL(join(dirname(entry), "../bin/server.js")).href);
  return `ws://127.0.0.1:${port}/`;
}

/** It has no way to ask for any that is free. */
async function freePort(): Promise<number> {
  const probe = createServer().listen(0);
  await once(probe, "listening");
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, "close");
  return port;
}

answerCalls({ ...measures, listen } satisfies MeasuredServer);

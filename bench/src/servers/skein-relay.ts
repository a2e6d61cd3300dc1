// Our server, letting every client relay as fast as it can: what is measured is relaying, not its limits.
import { createServer } from "@skein/server";
import { answerCalls } from "../child.ts";
import { type MeasuredServer, measures } from "./measured.ts";

const relayBytes = { perSecond: 1e12, burst: 1e12 };

answerCalls({
  ...measures,
  listen: async () => (await createServer({ port: 0, limits: { relayBytes } })).url,
} satisfies MeasuredServer);

// Our server, as `skein serve` runs it where nothing is said but the port, in a process of its own.
import { setFlagsFromString } from "node:v8";
import { createServer, type SkeinServer } from "@skein/server";
import { answerCalls } from "../child.ts";
import { type MeasuredServer, measures } from "./measured.ts";

/** What ours can be asked for beyond the others. */
export interface SkeinServerMethods extends MeasuredServer {
  /** Places in rooms, those of peers that are away included. */
  places(): number;
}

// As the command does: packages/cli/src/process/small-heap.ts says why.
setFlagsFromString("--semi-space-growth-factor=1");

let server: SkeinServer | undefined;

answerCalls({
  ...measures,
  async listen(port = 0, trustedHops = 0) {
    server = await createServer({ port, trustedHops });
    return server.url;
  },
  places: () => server?.stats().peers ?? 0,
} satisfies SkeinServerMethods);

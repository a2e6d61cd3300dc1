// Our server, as `createServer` makes it where only the port is given, in a process of its own.
import { createServer, type SkeinServer } from "@skein/server";
import { answerCalls } from "../child.ts";
import { type MeasuredServer, measures } from "./measured.ts";

/** What ours can be asked for beyond the others. */
export interface SkeinServerMethods extends MeasuredServer {
  /** Places in rooms, those of peers that are away included. */
  places(): number;
}

let server: SkeinServer | undefined;

answerCalls({
  ...measures,
  async listen(port = 0, trustedHops = 0) {
    server = await createServer({ port, trustedHops });
    return server.url;
  },
  places: () => server?.stats().peers ?? 0,
} satisfies SkeinServerMethods);

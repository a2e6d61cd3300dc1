// Our server, as `createServer` makes it where only the port is given, in a process of its own.
import { createServer } from "@skein/server";
import { answerCalls } from "../child.ts";
import { type MeasuredServer, measures } from "./measured.ts";

answerCalls({
  ...measures,
  listen: async (port = 0, trustedHops = 0) => (await createServer({ port, trustedHops })).url,
} satisfies MeasuredServer);

// Our server, as `createServer` makes it where only the port is given, in a process of its own.
import { createServer } from "@skein/server";
import { answerCalls } from "../child.ts";
import { type MeasuredServer, measures } from "./measured.ts";

answerCalls({ ...measures, listen: async () => (await createServer({ port: 0 })).url } satisfies MeasuredServer);

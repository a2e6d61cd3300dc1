import { createServer } from "@skein/server";
import { afterAll, beforeAll, expect, it } from "vitest";
import { checkServer, serverChecks } from "./check-server.js";

let server: Awaited<ReturnType<typeof createServer>>;
beforeAll(async () => {
  server = await createServer({ port: 0, graceMs: 800 });
});
afterAll(() => server.close());

it("finds nothing wrong with our own server", async () => {
  const results = await checkServer({ url: server.url, timeoutMs: 10_000 });
  expect(results.filter(({ verdict }) => verdict.is !== "passed")).toEqual([]);
  expect(results).toHaveLength(serverChecks.length);
});

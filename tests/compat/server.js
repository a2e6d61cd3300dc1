// A server that says where it is, and stops when it is told to.
import { createServer } from "@skein/server";

async function main() {
  const server = await createServer({ port: 0 });
  process.stdout.write(`${server.url}\n`);
  process.once("SIGTERM", () => server.close());
}

void main();

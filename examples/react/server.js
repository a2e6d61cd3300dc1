// Serves what Vite has built, and Skein, from one port.
import { createServer } from "@skein/server";
import sirv from "sirv";

const page = sirv(new URL("dist", import.meta.url).pathname);
const server = await createServer({
  port: Number(process.env.PORT ?? 7700),
  handleRequest: (request, response) => page(request, response, () => response.writeHead(404).end()),
});
console.log(`Open http://127.0.0.1:${server.port}/ in two browsers, or in two tabs.`);

process.once("SIGINT", () => server.close());
process.once("SIGTERM", () => server.close());

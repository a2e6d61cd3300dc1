import type { AddressInfo } from "node:net";
import { connect, createServer, type Socket } from "node:net";

/** The same server, so many milliseconds farther away in each direction. */
export async function slowProxy(url: string, delayMs: number): Promise<{ url: string; close(): void }> {
  const target = new URL(url);
  const sockets = new Set<Socket>();
  const pass = (from: Socket, to: Socket) => {
    sockets.add(from);
    from.on("data", (chunk) => setTimeout(() => to.write(chunk), delayMs));
    from.on("close", () => {
      sockets.delete(from);
      setTimeout(() => to.destroy(), delayMs);
    });
    from.on("error", () => from.destroy());
  };
  const server = createServer((near) => {
    const far = connect(Number(target.port), target.hostname);
    for (const socket of [near, far]) socket.setNoDelay(true);
    pass(near, far);
    pass(far, near);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `ws://127.0.0.1:${port}${target.pathname}`,
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createServer, type ServerOptions, type SkeinServer } from "./index.js";
import { enter, HealthyPair, Persona, RawClient } from "./testing-client.test-support.js";

/** Each test abuses the server from outside of its rooms; two who talk in one of them must not notice. */
let server: SkeinServer;
let healthy: HealthyPair;

async function start(options: ServerOptions = {}): Promise<void> {
  server = await createServer({ port: 0, joinTimeoutMs: 1_500, ...options });
  healthy = await HealthyPair.enter(server.url);
}

beforeEach(() => start());

afterEach(async () => {
  await healthy.talk();
  await server.close();
});

async function restart(options: ServerOptions): Promise<void> {
  await server.close();
  await start(options);
}

const mebibyte = 1024 * 1024;

interface RawSocket {
  readonly socket: Socket;
  /** All that came until the server closed the socket. */
  readonly answer: Promise<string>;
}

async function raw(): Promise<RawSocket> {
  const socket = connect(server.port, "127.0.0.1");
  socket.on("error", () => {});
  let text = "";
  socket.on("data", (chunk) => {
    text += chunk.toString("latin1");
  });
  await once(socket, "connect");
  return { socket, answer: new Promise((resolve) => socket.once("close", () => resolve(text))) };
}

const upgrade = (more = "") =>
  "GET /skein HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" +
  `Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: skein.1\r\n${more}\r\n`;

describe("half-open sockets", () => {
  test("that say nothing are closed", async () => {
    const sockets = await Promise.all(Array.from({ length: 20 }, raw));
    await Promise.all(sockets.map(({ answer }) => answer));
  });

  test("that begin a request and never end it are closed", async () => {
    const { socket, answer } = await raw();
    socket.write("GET /skein HTTP/1.1\r\nHost: x\r\n");
    expect(await answer).toMatch(/^(?:HTTP\/1\.1 408|$)/);
  });

  test("that drip a request are closed in time, however steadily they drip", async () => {
    const { socket, answer } = await raw();
    socket.write("GET /skein HTTP/1.1\r\nX-Drip: ");
    const drip = setInterval(() => socket.write("a"), 20);
    await answer;
    clearInterval(drip);
  });

  test("that drip a body are closed in time", async () => {
    const { socket, answer } = await raw();
    socket.write("POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n");
    const drip = setInterval(() => socket.write("a"), 20);
    await answer;
    clearInterval(drip);
  });

  test("that become WebSockets and join no room are closed", async () => {
    const client = new RawClient(server.url);
    expect(await client.next("error")).toMatchObject({ code: "timeout", fatal: true });
    expect(await client.closed).toBe(1008);
  });

  test("that drip a WebSocket frame are closed as well", async () => {
    const { socket, answer } = await raw();
    socket.write(upgrade());
    socket.write(Buffer.from([0x82, 0xfe, 0xff, 0xff, 1, 2, 3, 4]));
    const drip = setInterval(() => socket.write("a"), 20);
    await answer;
    clearInterval(drip);
  });
});

describe("floods", () => {
  test("behind what has ended their connection are read no further, and the connection ends all the same", async () => {
    const { socket, answer } = await raw();
    socket.write(upgrade());
    // The beginning of a frame of a GiB, RFC 6455 §5.2.
    socket.write(Buffer.from([0x82, 0xff, 0, 0, 0, 0, 0x40, 0, 0, 0, 1, 2, 3, 4]));
    // More than the two kernels' buffers hold.
    const wasRead = new Promise<boolean>((resolve) => {
      socket.write(Buffer.alloc(64 * mebibyte), (error) => resolve(error === undefined || error === null));
    });
    // Its close frame has the code 1009, "message too big".
    expect((await answer).endsWith("\x03\xf1")).toBe(true);
    expect(await wasRead).toBe(false);
    expect(server.stats().drops).toEqual({ "over-limit": 1 });
  });
});

describe("compression bombs", () => {
  test("find nothing that would inflate them", async () => {
    const { socket, answer } = await raw();
    socket.write(upgrade("Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"));
    // A frame that claims to be compressed (RFC 7692 §6): RSV1.
    socket.write(Buffer.from([0xc2, 0x84, 0, 0, 0, 0, 1, 2, 3, 4]));
    const head = await answer;
    expect(head).toMatch(/^HTTP\/1\.1 101/);
    expect(head).not.toMatch(/permessage-deflate/i);
    expect(server.stats().drops).toEqual({ malformed: 1 });
  });

  test("of HTTP aren't read either", async () => {
    const { socket, answer } = await raw();
    socket.write(
      "POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\nConnection: close\r\n\r\n\x1f\x8b\x08\x00",
    );
    expect(await answer).toMatch(/^HTTP\/1\.1 200/);
  });
});

describe("headers", () => {
  test.each<[string, string, RegExp]>([
    ["too long", `GET / HTTP/1.1\r\nHost: x\r\nX: ${"a".repeat(100_000)}\r\n\r\n`, /^HTTP\/1\.1 431/],
    [
      "of two lengths",
      "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /skein HTTP/1.1\r\n\r\n",
      /^HTTP\/1\.1 400/,
    ],
    ["with a line end in the middle", "GET / HTTP/1.1\r\nHost: x\r\nX: a\rSet-Cookie: b\r\n\r\n", /^HTTP\/1\.1 400/],
    ["of no host", "GET / HTTP/1.1\r\n\r\n", /^HTTP\/1\.1 400/],
    ["of a key that is none", upgrade().replace("AAAAAAAAAAAAAAAAAAAAAA==", "short"), /^HTTP\/1\.1 400/],
    ["of another version", upgrade().replace("Version: 13", "Version: 7"), /^HTTP\/1\.1 (?:400|426)/],
    ["of another upgrade", upgrade().replace("websocket", "h2c"), /^HTTP\/1\.1 400/],
    ["with a token in the address", upgrade().replace("/skein ", "/skein?a=1&access_token=x "), /^HTTP\/1\.1 400/],
    ["with a subprotocol that is nearly ours", upgrade().replace("skein.1", "skein.1x"), /^HTTP\/1\.1 400/],
  ])("%s are refused", async (_, request, status) => {
    const { socket, answer } = await raw();
    socket.write(request);
    socket.end();
    expect(await answer).toMatch(status);
  });
});

describe("a room scan", () => {
  test("learns nothing of rooms that it doesn't name, and is slowed", async () => {
    await restart({ limits: { perIdentity: { arrivals: { perSecond: 1, burst: 20 } } } });
    const persona = new Persona();
    const answers: string[] = [];
    for (let i = 0; i < 25; i++) {
      const client = new RawClient(server.url);
      client.say(await persona.join((await client.next("challenge")).nonce, `la${i}`));
      const joined = await client.next("joined").catch(() => undefined);
      answers.push(joined === undefined ? "refused" : `${joined.peers.length} peers`);
      client.socket.terminate();
    }
    expect(answers.slice(0, 20)).toEqual(Array.from({ length: 20 }, () => "0 peers"));
    expect(answers.filter((answer) => answer === "refused").length).toBeGreaterThanOrEqual(3);
  });
});

describe("a join flood", () => {
  test("of forged proofs costs its senders their connections, and nobody else", async () => {
    await restart({ joinTimeoutMs: 10_000, limits: { joinsAtOnce: 2 } });
    const persona = new Persona();
    const stale = await persona.join(new Uint8Array(32), "lab");
    const floods = Array.from({ length: 60 }, async () => {
      const client = new RawClient(server.url);
      await client.next("challenge");
      client.say(stale);
      return client.closed;
    });
    await healthy.talk();
    expect(new Set(await Promise.all(floods))).toEqual(new Set([1008]));
    expect(server.stats()).toMatchObject({ peers: 2, drops: { forged: 60 } });
    await enter(server.url);
  });
});

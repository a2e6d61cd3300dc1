import { createHash } from "node:crypto";

const hash = (...parts: readonly (string | Buffer)[]): Buffer => {
  const whole = createHash("sha512");
  for (const part of parts) whole.update(part);
  return whole.digest().subarray(0, 32);
};

/** The servers of a room, by its name: `docs/spec/server.md`, "Several servers". */
export function serverOrderVectors() {
  const vector = (why: string, room: string, places: Readonly<Record<string, string>>) => {
    const servers = Object.entries(places).map(([address, place]) => {
      const weight = hash("skein/1 server\0", hash(room), place).toString("hex");
      return { address, place, weight };
    });
    return { why, room, servers: servers.sort((a, b) => (a.weight < b.weight ? 1 : -1)) };
  };
  const three = {
    "wss://a.example.org/skein": "a.example.org/skein",
    "wss://b.example.org/skein": "b.example.org/skein",
    "wss://c.example.org/skein": "c.example.org/skein",
  };
  return {
    accepted: [
      vector("three servers", "lab", three),
      vector("the same, for another room", "lab2", three),
      vector("one more: the others stay in their order", "lab", {
        ...three,
        "wss://d.example.org/skein": "d.example.org/skein",
      }),
      vector("a name in UTF-8", "Größe 😀", three),
      vector("an address isn't its spelling: capitals, its scheme's own port, dots in the path", "lab", {
        "WSS://A.Example.ORG:443/skein": "a.example.org/skein",
        "wss://b.example.org/x/../skein": "b.example.org/skein",
        "ws://c.example.org:80/skein": "c.example.org/skein",
      }),
      vector("a port, a path and a query are part of the place; scheme and user aren't", "lab", {
        "ws://127.0.0.1:7700/skein": "127.0.0.1:7700/skein",
        "ws://127.0.0.1:7701/skein": "127.0.0.1:7701/skein",
        "wss://someone:password@127.0.0.1:7702/skein": "127.0.0.1:7702/skein",
        "ws://127.0.0.1:7702/skein?node=2": "127.0.0.1:7702/skein?node=2",
        "ws://127.0.0.1:7702/": "127.0.0.1:7702/",
      }),
      vector("addresses and names that aren't ASCII; no path", "lab", {
        "wss://[2001:DB8::0:1]/skein": "[2001:db8::1]/skein",
        "wss://bücher.example/skein": "xn--bcher-kva.example/skein",
        "wss://example.org": "example.org/",
      }),
    ],
    rejected: [],
  };
}

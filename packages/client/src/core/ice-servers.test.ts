import { type IceServer, iceUrlKind, limits } from "@skein/protocol";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { usableIceServers } from "./ice-servers.js";

const withPassword = { username: "1790003600:x", credential: "c" };

const anyServer: fc.Arbitrary<IceServer> = fc.record(
  {
    urls: fc.array(
      fc.oneof(fc.string(), fc.constantFrom("stun:a", "turn:b?transport=udp", "turns:c:443?transport=tcp", "http://d")),
      { maxLength: 16 },
    ),
    username: fc.string(),
    credential: fc.string(),
  },
  { requiredKeys: ["urls"] },
);

describe("the ICE servers that a server names", () => {
  it("are used as they are where nothing is wrong with them", () => {
    const named = [
      { urls: ["stun:a"] },
      { urls: ["turn:b?transport=udp", "turns:b:443?transport=tcp"], ...withPassword },
    ];
    expect(usableIceServers(named)).toEqual({ servers: named, rejections: [] });
  });

  it("are bounded, readable and complete, whatever was named, and what is left out is said", () => {
    fc.assert(
      fc.property(fc.array(anyServer, { maxLength: 16 }), (named) => {
        const { servers, rejections } = usableIceServers(named);
        const urls = servers.flatMap((server) => server.urls);
        expect(urls.length).toBeLessThanOrEqual(limits.iceUrls);
        expect(servers.every((server) => server.urls.length > 0)).toBe(true);
        for (const server of servers) {
          for (const url of server.urls) {
            const kind = iceUrlKind(url);
            expect(kind).toBeDefined();
            if (kind === "turn") expect(server.username && server.credential).toBeTruthy();
          }
        }
        expect(rejections.length > 0).toBe(urls.length < named.flatMap((server) => server.urls).length);
        expect(rejections.length).toBeLessThanOrEqual(3);
        expect(usableIceServers(servers)).toEqual({ servers, rejections: [] });
      }),
    );
  });

  it.each<[string, IceServer, string]>([
    ["an address that is none", { urls: ["http://192.0.2.1/"] }, "malformed"],
    ["a password within an address", { urls: ["turn:user:pass@example.org"], ...withPassword }, "malformed"],
    ["a TURN server without a credential", { urls: ["turn:example.org"] }, "malformed"],
    ["a TURN server with an empty user name", { urls: ["turn:a"], username: "", credential: "c" }, "malformed"],
    ["more addresses than a client uses", { urls: Array(40).fill("stun:a") }, "over-limit"],
  ])("lose %s, and nothing else", (_, server, code) => {
    const good = { urls: ["stun:good"] };
    const { servers, rejections } = usableIceServers([good, server]);
    expect(servers[0]).toEqual(good);
    expect(rejections).toMatchObject([{ ok: false, code }]);
  });

  it("tell of what is wrong without its text", () => {
    const { rejections } = usableIceServers([{ urls: ["http://secret.example/"] }]);
    expect(JSON.stringify(rejections)).not.toContain("secret");
  });
});

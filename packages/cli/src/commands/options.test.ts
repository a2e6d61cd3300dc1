import { Command } from "commander";
import { describe, expect, it, vi } from "vitest";
import { agentCommand } from "./agent.js";
import { fetchCommand } from "./fetch.js";
import { joinCommand } from "./join.js";
import {
  parseByteCount,
  parseByteRate,
  parseDuration,
  parseIceServer,
  parseOrigin,
  parsePart,
  parsePort,
  parseProtocol,
  parseRoom,
  parseSeconds,
  parseServer,
  parseServers,
  serverOption,
  serverOrderOption,
} from "./options.js";
import { peersCommand } from "./peers.js";
import { receiveCommand } from "./receive.js";
import { sendCommand } from "./send.js";
import { shareCommand } from "./share.js";

describe("options", () => {
  it("read what they should", () => {
    expect(parsePort("0")).toBe(0);
    expect(parsePart("2/3")).toEqual({ indexes: [2], of: 3 });
    expect(parsePart("3,1,3/3")).toEqual({ indexes: [3, 1], of: 3 });
    expect(["65536", "64K", "512k", "10M"].map(parseByteRate)).toEqual([65_536, 65_536, 524_288, 10_485_760]);
    expect(["131072", "128k", "4M"].map(parseByteCount)).toEqual([131_072, 131_072, 4_194_304]);
    expect(parseSeconds("30")).toBe(30);
    expect(["90s", "10m", "12h", "7d"].map(parseDuration)).toEqual([90_000, 600_000, 43_200_000, 604_800_000]);
    expect(parseServer("wss://example.org/skein")).toBe("wss://example.org/skein");
    expect(parseServers("ws://b.example, ws://c.example", parseServers("ws://a.example"))).toEqual([
      "ws://a.example",
      "ws://b.example",
      "ws://c.example",
    ]);
    expect(parseIceServer("turn:b.example:3478?transport=udp", parseIceServer("stun:a.example"))).toEqual([
      "stun:a.example",
      "turn:b.example:3478?transport=udp",
    ]);
    const origins = ["self", "null", "https://example.org", "http://localhost:8080", "moz-extension://0b1c"];
    expect(origins.reduce<readonly string[]>((before, text) => parseOrigin(text, before), [])).toEqual(origins);
    const [chat, math] = parseProtocol("acme.math@2,3.1", parseProtocol("acme.chat@1.0.0"));
    expect(chat?.["~protocol"]).toEqual({ name: "acme.chat", versions: ["1.0.0"] });
    expect(math?.["~protocol"]).toEqual({ name: "acme.math", versions: ["2", "3.1"] });
  });

  it.each([
    ["a port", () => parsePort("65536")],
    ["a port", () => parsePort("-1")],
    ["a port", () => parsePort("80x")],
    ["a part", () => parsePart("0/3")],
    ["a part", () => parsePart("4/3")],
    ["a part", () => parsePart("1,4/3")],
    ["a part", () => parsePart("1,/3")],
    ["a part", () => parsePart("1")],
    ["a rate", () => parseByteRate("63K")],
    ["a rate", () => parseByteRate("10G")],
    ["a rate", () => parseByteRate("M")],
    ["a rate", () => parseByteRate("1.5M")],
    ["bytes", () => parseByteCount("127K")],
    ["bytes", () => parseByteCount("")],
    ["a number of seconds", () => parseSeconds("0")],
    ["a number of seconds", () => parseSeconds("1m")],
    ["a time", () => parseDuration("0s")],
    ["a time", () => parseDuration("10")],
    ["a time", () => parseDuration("-1h")],
    ["a time", () => parseDuration("9999d")],
    ["a server", () => parseServer("https://example.org")],
    ["a server", () => parseServer("example.org")],
    ["a STUN server", () => parseIceServer("stun.example.org:3478")],
    ["a STUN server", () => parseIceServer("stun://stun.example.org")],
    ["an origin", () => parseOrigin("example.org")],
    ["an origin", () => parseOrigin("https://example.org/")],
    ["an origin", () => parseOrigin("https://example.org:443")],
    ["an origin", () => parseOrigin("*")],
    ["a room", () => parseRoom("")],
    ["a room", () => parseRoom("x".repeat(129))],
    ["a protocol", () => parseProtocol("acme.chat")],
    ["a protocol", () => parseProtocol("@1.0.0")],
    ["a protocol", () => parseProtocol("acme chat@1.0.0")],
    ["a protocol", () => parseProtocol("acme.chat@latest")],
  ])("refuse what is no %s", (_what, parse) => {
    expect(parse).toThrow(expect.objectContaining({ code: "commander.invalidArgument" }));
  });
});

describe("the servers of a command", () => {
  const read = (argv: string[]) =>
    new Command().addOption(serverOption()).exitOverride().parse(argv, { from: "user" }).opts().server;

  it("are this machine's own unless any is told, and then no other", () => {
    expect(read([])).toEqual(["ws://127.0.0.1:7700/skein"]);
    expect(read(["--server", "wss://a.example"])).toEqual(["wss://a.example"]);
    expect(read(["-s", "wss://a.example", "-s", "wss://b.example"])).toEqual(["wss://a.example", "wss://b.example"]);
  });

  it("may come from the environment, with commas between", () => {
    vi.stubEnv("SKEIN_SERVER", "wss://a.example,wss://b.example");
    expect(read([])).toEqual(["wss://a.example", "wss://b.example"]);
    expect(read(["-s", "wss://c.example"])).toEqual(["wss://c.example"]);
    vi.unstubAllEnvs();
  });

  const readOrder = (argv: string[]) =>
    new Command()
      .addOption(serverOrderOption())
      .exitOverride()
      .configureOutput({ writeErr: () => {} })
      .parse(argv, { from: "user" })
      .opts().serverOrder;

  it("are gone to as listed unless it is told, and by no order that there isn't", () => {
    expect(readOrder([])).toBe("listed");
    expect(readOrder(["--server-order", "by-room"])).toBe("by-room");
    expect(() => readOrder(["--server-order", "room"])).toThrow(/listed, by-room, nearest, any/);
    vi.stubEnv("SKEIN_SERVER_ORDER", "nearest");
    expect(readOrder([])).toBe("nearest");
    vi.unstubAllEnvs();
  });

  it.each(
    [
      joinCommand(),
      sendCommand(),
      receiveCommand(),
      shareCommand(),
      fetchCommand(),
      peersCommand(),
      agentCommand(),
    ].map((command) => [command.name(), command] as const),
  )("have an order: skein %s", (_, { options }) => {
    expect(options.map(({ long }) => long)).toEqual(expect.arrayContaining(["--server", "--server-order"]));
  });
});

import { createIdentity, defineProtocol, message, saveIdentity } from "@skein/protocol";
import { describe, expect, it } from "vitest";
import { memorySignaling } from "../signaling/memory.js";
import { checkOptions } from "./check-options.js";
import type { JoinOptions } from "./options.js";

const chat = defineProtocol("test.chat", "1.0.0", { say: message(String) });
const identity = createIdentity();
const path = { kind: "relay", replacesDirect: false, attach: () => undefined } as const;

const complaint = (options: unknown): string => {
  try {
    checkOptions(options as JoinOptions);
    return "none";
  } catch (error) {
    expect(error).toMatchObject({ name: "SkeinError", code: "bad-argument" });
    return (error as Error).message;
  }
};

describe("options of a join", () => {
  it("are taken as the types have them", () => {
    const all = { room: "lab", name: "ann", identity, token: () => "t", secret: "s", protocols: [chat], paths: [path] };
    expect(complaint({ signaling: memorySignaling(), ...all, iceServers: [{ urls: ["stun:x"] }] })).toBe("none");
    expect(complaint({ server: "ws://x/", room: "lab" })).toBe("none");
    expect(complaint({ server: ["ws://x/", "ws://y/"], room: "x".repeat(128), name: undefined })).toBe("none");
  });

  it.each([undefined, null, {}, { room: "lab" }, { room: "lab", server: "ws://x/", signaling: memorySignaling() }])(
    "say where to go, once: %j",
    (options) => expect(complaint(options)).toMatch(/one of `server` \(an address\) and `signaling`/),
  );

  it.each<[keyof JoinOptions, unknown]>([
    ["server", { url: "ws://x/" }],
    ["server", ["ws://x/", 4]],
    ["room", undefined],
    ["room", ""],
    ["room", "x".repeat(129)],
    ["room", 7],
    ["protocols", chat],
    ["protocols", ["acme.chat"]],
    ["protocols", [undefined]],
    ["paths", path],
    ["paths", [() => path]],
    ["iceServers", ["stun:x"]],
    ["iceServers", { urls: "stun:x" }],
    ["identity", saveIdentity(identity)],
    ["token", "a.b.c"],
    ["secret", ""],
  ])("say of `%s` what it has to be, where it is %j", (key, value) => {
    expect(complaint({ server: "ws://x/", room: "lab", [key]: value })).toContain(`joinRoom takes as \`${key}\` `);
  });
});

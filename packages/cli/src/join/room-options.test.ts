import { describe, expect, it } from "vitest";
import { defaultServer } from "../commands/options.js";
import { joinOptionsOf, meetingText, type RoomOptions } from "./room-options.js";

const [a, b] = ["wss://a.example/skein", "wss://b.example/skein"];

describe("what the other side has to say", () => {
  it.each<[string, RoomOptions]>([
    ["--room lab", { server: [defaultServer], serverOrder: "listed" }],
    [`--room lab --server ${a}`, { server: [a], serverOrder: "by-room" }],
    [`--room lab --server ${a} --server ${b}`, { server: [a, b], serverOrder: "listed" }],
    [`--room lab --server ${a} --server ${b} --server-order by-room`, { server: [a, b], serverOrder: "by-room" }],
    ["--room lab --secret-file FILE", { server: [defaultServer], serverOrder: "listed", secretFile: "lab.secret" }],
  ])("is %s", (text, options) => {
    expect(meetingText("lab", options)).toBe(text);
  });
});

it("servers and their order are the room's as they are the command's", () => {
  expect(joinOptionsOf("lab", { server: [a, b], serverOrder: "by-room" })).toMatchObject({
    room: "lab",
    server: [a, b],
    serverOrder: "by-room",
  });
});

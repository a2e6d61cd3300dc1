import { fileURLToPath } from "node:url";
import { verifyCertificate } from "@skein/coordination";
import { createServer, type SkeinServer } from "@skein/server";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { LineProgram } from "./support/lines.ts";

const skein = fileURLToPath(new URL("../../packages/cli/dist/esm/main.js", import.meta.url));

let server: SkeinServer;
const started: LineProgram[] = [];
beforeEach(async () => {
  server = await createServer({ port: 0 });
});
afterEach(async () => {
  await Promise.all(started.splice(0).map((program) => program.kill()));
  await server.close();
});

function join(name: string, ...options: string[]): LineProgram {
  const program = new LineProgram(skein, ["join", "lab", "--server", server.url, "--name", name, ...options]);
  started.push(program);
  return program;
}

/** Three who chat, linked to each other, and led by one of them. */
async function chats(): Promise<LineProgram[]> {
  const all = ["ann", "bob", "cyd"].map((name) => join(name));
  await Promise.all(
    all.flatMap((chat, i) =>
      ["ann", "bob", "cyd"]
        .filter((_, other) => other !== i)
        .map((name) => chat.heard(new RegExp(`${name} is here, linked`))),
    ),
  );
  for (const chat of all) await chat.heard(/(You lead|\w+ leads) the room/);
  return all;
}

describe("skein join, for people", () => {
  it("/leader says who leads, and resigns; /vote asks everyone; /lock holds a lock, /unlock gives it to the next", async () => {
    const [ann, bob, cyd] = (await chats()) as [LineProgram, LineProgram, LineProgram];
    for (const chat of [ann, bob, cyd]) chat.say("/leader");
    const said = await Promise.all([ann, bob, cyd].map((chat) => chat.heard(/, in term \d+/)));
    expect(said.filter((line) => line.includes("You lead"))).toHaveLength(1);

    ann.say("/vote shall we go?");
    for (const [chat, answer] of [
      [bob, "/yes"],
      [cyd, "/no"],
    ] as const) {
      await chat.heard(/ann asks: shall we go\?/);
      chat.say(answer);
    }
    await ann.heard(/The vote is accepted: 2 yes, [01] no, [01] without a voice\./);

    bob.say("/lock printer");
    await bob.heard(/You hold printer\./);
    cyd.say("/lock printer");
    bob.say("/unlock printer");
    await bob.heard(/You gave printer back\./);
    await cyd.heard(/You hold printer\./);

    const leader = [ann, bob, cyd].find((_, i) => said[i]?.includes("You lead")) as LineProgram;
    const others = [ann, bob, cyd].filter((chat) => chat !== leader);
    const marks = others.map(({ lines }) => lines.length);
    leader.say("/leader resign");
    await Promise.all(others.map((chat, i) => chat.heard(/(You lead|\w+ leads) the room/, marks[i])));
  });

  it("who is killed leads no more, and its lock goes to the next", async () => {
    const all = await chats();
    for (const chat of all) chat.say("/leader");
    const said = await Promise.all(all.map((chat) => chat.heard(/, in term \d+/)));
    const leader = all.find((_, i) => said[i]?.includes("You lead")) as LineProgram;
    const [other, third] = all.filter((chat) => chat !== leader) as [LineProgram, LineProgram];
    leader.say("/lock printer");
    await leader.heard(/You hold printer\./);
    other.say("/lock printer");
    const marks = [other, third].map(({ lines }) => lines.length);
    await leader.kill();
    await Promise.all([other, third].map((chat, i) => chat.heard(/(You lead|\w+ leads) the room/, marks[i])));
    await other.heard(/You hold printer\./);
  });
});

describe("skein join --json --agree, for programs", () => {
  it("tells who leads, votes and is asked, holds locks and loses none, beside a person in a chat", async () => {
    const ann = join("ann", "--json", "--agree");
    const bob = join("bob", "--json", "--agree");
    const cyd = join("cyd");
    for (const program of [ann, bob]) {
      program.say({ op: "decide", id: "d", kind: "skein.chat/question" });
      await program.event(({ event, id }) => event === "deciding" && id === "d");
      const linked = () => program.lines.filter((line) => line.includes('"peer-connected"')).length === 2;
      await program.event(linked);
      await program.event(({ event, leader }) => event === "leader" && leader !== null);
    }
    await Promise.all(["ann", "bob"].map((name) => cyd.heard(new RegExp(`${name} is here, linked`))));

    bob.say({ op: "propose", id: 1, kind: "skein.chat/question", body: { text: "lunch?" }, rule: "unanimous" });
    const asked = await ann.event(({ event }) => event === "proposal");
    expect(asked).toMatchObject({ kind: "skein.chat/question", body: { text: "lunch?" } });
    ann.say({ op: "vote", id: 2, proposal: asked.proposal, choice: "yes" });
    await ann.event(({ event, id }) => event === "voted" && id === 2);
    await cyd.heard(/bob asks: lunch\?/);
    cyd.say("/yes");
    const outcome = await bob.event(({ event, id }) => event === "outcome" && id === 1);
    expect(outcome).toMatchObject({ end: "accepted", missing: {} });
    const { $bytes } = outcome.certificate as { readonly $bytes: string };
    const proof = await verifyCertificate(new Uint8Array(Buffer.from($bytes, "base64")));
    expect(proof).toMatchObject({ ok: true, value: { decision: "accepted" } });
    expect(await ann.event(({ event }) => event === "told-outcome")).toMatchObject({ end: "accepted", isProven: true });

    ann.say({ op: "lock", id: 3, lock: "index" });
    const first = await ann.event(({ event, id }) => event === "locked" && id === 3);
    bob.say({ op: "lock", id: 4, lock: "index" });
    ann.say({ op: "unlock", id: 5, lock: "index" });
    await ann.event(({ event, id }) => event === "unlocked" && id === 5);
    const second = await bob.event(({ event, id }) => event === "locked" && id === 4);
    expect(String(second.token) > String(first.token)).toBe(true);

    ann.say({ op: "leader", id: 6 });
    expect(await ann.event(({ id }) => id === 6)).toMatchObject({
      event: "leader",
      leader: { term: expect.any(Number) },
    });
    ann.say({ op: "vote", id: 7, proposal: 99, choice: "no" });
    expect(await ann.event(({ id }) => id === 7)).toMatchObject({ event: "error", code: "bad-argument" });
    for (const program of [ann, bob]) {
      await program.end();
      expect(program.lines.at(-1)).toBe('{"event":"left"}');
    }
  });

  it("without --agree says what to do", async () => {
    const ann = join("ann", "--json");
    ann.say({ op: "lock", id: 1, lock: "index" });
    expect(await ann.event(({ event }) => event === "error")).toMatchObject({
      id: 1,
      code: "bad-argument",
      message: expect.stringContaining("--agree"),
    });
  });
});

import {
  appendFile,
  chmod,
  link,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  realpath,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { takeIn } from "./incoming.js";
import { Outgoing } from "./outgoing.js";
import { partName } from "./part-name.js";
import type { Entry, FileEntry, Outcome } from "./protocol.js";
import { pieceBytes, type Sender } from "./receive-entry.js";
import { TargetFolder } from "./target-folder.js";
import { scanTree, type Tree } from "./tree.js";

let base: string;
beforeEach(async () => {
  base = await realpath(await mkdtemp(join(tmpdir(), "skein-transfer-")));
});
afterEach(() => rm(base, { recursive: true }));

const never = new AbortController().signal;

/** Each byte says where it is, so that two places never look the same. */
function content(bytes: number, seed = 0): Buffer {
  const all = Buffer.alloc(bytes);
  for (let i = 0; i < bytes; i++) all[i] = (i * 31 + (i >> 8) * 17 + (i >> 16) * 7 + seed) & 0xff;
  return all;
}

async function write(path: string, bytes: Uint8Array | string): Promise<void> {
  await mkdir(dirname(join(base, path)), { recursive: true });
  await writeFile(join(base, path), bytes);
}

function senderOf(outgoing: Outgoing): Sender {
  return {
    list: async (from) => outgoing.list(from),
    digest: (entry, bytes) => outgoing.digest(entry, bytes, never),
    read: (entry, offset, length) => outgoing.read(entry, offset, length, never),
  };
}

interface Received {
  readonly outcomes: Readonly<Record<string, Outcome>>;
  /** What the sender was asked for, in bytes. */
  readonly readBytes: number;
  readonly unsettled: number;
}

/** Sends a tree into `in`, over nothing but calls. `change` may come between the two. */
async function transfer(
  tree: Tree,
  options: { readonly overwrite?: boolean; readonly signal?: AbortSignal; change?(sender: Sender): Sender } = {},
): Promise<Received> {
  const outcomes: Record<string, Outcome> = {};
  let readBytes = 0;
  await using folder = await TargetFolder.open(join(base, "in"));
  await using outgoing = new Outgoing(tree, {
    progress() {},
    settled: ({ path }, outcome) => (outcomes[path] = outcome),
  });
  const plain = senderOf(outgoing);
  const counted: Sender = {
    ...plain,
    read(entry, offset, length) {
      readBytes += length;
      return plain.read(entry, offset, length);
    },
  };
  await takeIn({
    offer: { entries: tree.held.length, bytes: tree.bytes },
    sender: options.change?.(counted) ?? counted,
    folder,
    overwrite: options.overwrite ?? false,
    signal: options.signal ?? never,
    progress() {},
    settled: async (number, _entry, outcome) => outgoing.settle(number, outcome),
  });
  return { outcomes, readBytes, unsettled: outgoing.unsettled };
}

/** Paths and contents of all files below a folder, and its empty folders. */
async function contents(folder: string): Promise<Record<string, string | null>> {
  const found: Record<string, string | null> = {};
  for (const entry of await readdir(join(base, folder), { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const name = path.slice(join(base, folder).length + 1);
    if (entry.isFile()) found[name] = (await readFile(path)).toString("latin1");
    else if ((await readdir(path)).length === 0) found[name] = null;
  }
  return found;
}

const only = (received: Received): Outcome | undefined => Object.values(received.outcomes)[0];

describe("a transfer", () => {
  it("brings files and empty folders as they are", async () => {
    await write("out/a.bin", content(pieceBytes * 3 + 17));
    await write("out/empty", "");
    await write("out/deep/er/ünï 日本.txt", "x");
    await mkdir(join(base, "out/nothing"));
    await chmod(join(base, "out/empty"), 0o755);
    await utimes(join(base, "out/a.bin"), 1e9, 1e9);
    const { outcomes, unsettled } = await transfer(await scanTree([join(base, "out")]));
    expect(unsettled).toBe(0);
    expect(new Set(Object.values(outcomes).map(({ is }) => is))).toEqual(new Set(["received", "made"]));
    expect(await contents("in/out")).toEqual(await contents("out"));
    expect((await stat(join(base, "in/out/empty"))).mode & 0o100).toBe(0o100);
    expect((await stat(join(base, "in/out/a.bin"))).mode & 0o111).toBe(0);
    expect((await stat(join(base, "in/out/a.bin"))).mtimeMs).toBe(1e12);
  });

  it("brings any tree", async () => {
    const name = fc.string({ unit: fc.constantFrom("a", "B", "é", "日", " ", "-"), minLength: 1, maxLength: 4 });
    const files = fc.dictionary(
      fc.array(name, { minLength: 1, maxLength: 3 }).map((parts) => parts.map((part, i) => `${i}${part}`).join("/")),
      fc.nat({ max: pieceBytes * 2 + 1 }),
      { maxKeys: 8, noNullPrototype: true },
    );
    await fc.assert(
      fc.asyncProperty(files, async (sizes) => {
        await rm(join(base, "out"), { recursive: true, force: true });
        await rm(join(base, "in"), { recursive: true, force: true });
        await mkdir(join(base, "out"));
        for (const [path, bytes] of Object.entries(sizes)) {
          // A file may be in another's way.
          await write(`out/${path}`, content(bytes)).catch(() => {});
        }
        expect((await transfer(await scanTree([join(base, "out")]))).unsettled).toBe(0);
        expect(await contents("in/out")).toEqual(await contents("out"));
      }),
      { numRuns: 10 },
    );
  }, 60_000);

  it("lists very many files in pages", async () => {
    const entry = (i: number): FileEntry => ({
      kind: "file",
      path: `f${i}`,
      bytes: 0,
      modifiedMs: 0,
      executable: false,
    });
    const held = Array.from({ length: 100_000 }, (_, i) => ({ entry: entry(i), place: "", version: "" }));
    await using outgoing = new Outgoing({ held }, { progress() {}, settled() {} });
    const seen: Entry[] = [];
    while (seen.length < held.length) seen.push(...outgoing.list(seen.length).entries);
    expect(seen).toEqual(held.map(({ entry }) => entry));
    expect(outgoing.list(held.length).entries).toEqual([]);
  });
});

describe("a transfer that was ended in the middle", () => {
  const bytes = pieceBytes * 6 + 5;

  it("goes on from where it was, whatever that was, and has nothing under a final name before", async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: 7 }), fc.nat({ max: pieceBytes }), async (pieces, torn) => {
        await rm(join(base, "in"), { recursive: true, force: true });
        await write("big", content(bytes));
        const tree = await scanTree([join(base, "big")]);
        const controller = new AbortController();
        let reads = 0;
        const change = (sender: Sender): Sender => ({
          ...sender,
          async read(...args) {
            if (reads++ === pieces) controller.abort(new Error("killed"));
            controller.signal.throwIfAborted();
            return sender.read(...args);
          },
        });
        const first = await transfer(tree, { signal: controller.signal, change }).catch(() => undefined);
        const part = join(base, "in", partName("big"));
        if (first === undefined) {
          expect(await readdir(join(base, "in"))).toEqual([partName("big")]);
          // A process may die in the middle of a write.
          const kept = await readFile(part);
          await writeFile(part, kept.subarray(0, Math.max(0, kept.length - torn)));
        }
        const there = first === undefined ? (await stat(part)).size : bytes;
        const second = await transfer(await scanTree([join(base, "big")]));
        expect(second.readBytes).toBe(first === undefined ? bytes - there : 0);
        expect(only(second)?.is).toBe(first === undefined ? "received" : "present");
        expect(content(bytes).equals(await readFile(join(base, "in/big")))).toBe(true);
        expect(await readdir(join(base, "in"))).toEqual(["big"]);
      }),
      { numRuns: 12 },
    );
  }, 60_000);

  it.each([
    ["whose source changed meanwhile", content(pieceBytes * 2, 1)],
    ["that was longer than the file is now", content(bytes + 9)],
  ])("starts over with a part %s", async (_what, kept) => {
    await write("big", content(bytes));
    await write(`in/${partName("big")}`, kept);
    const received = await transfer(await scanTree([join(base, "big")]));
    expect(received.readBytes).toBe(bytes);
    expect(content(bytes).equals(await readFile(join(base, "in/big")))).toBe(true);
  });

  it("names a part that was whole already, once its hash is right", async () => {
    await write("big", content(bytes));
    await write(`in/${partName("big")}`, content(bytes));
    expect((await transfer(await scanTree([join(base, "big")]))).readBytes).toBe(0);
    expect(await readdir(join(base, "in"))).toEqual(["big"]);
  });

  it("never writes through a link in a part's place", async () => {
    await write("big", content(9));
    await write("victim", "mine");
    await mkdir(join(base, "in"));
    await symlink(join(base, "victim"), join(base, "in", partName("big")));
    expect(only(await transfer(await scanTree([join(base, "big")])))?.is).toBe("received");
    expect(await readFile(join(base, "victim"), "utf8")).toBe("mine");
  });
});

describe("a file that is there already", () => {
  it("stays and isn't sent, where it is the same", async () => {
    await write("a", content(pieceBytes + 1));
    await write("in/a", content(pieceBytes + 1));
    const received = await transfer(await scanTree([join(base, "a")]));
    expect(only(received)).toMatchObject({ is: "present", sha256: expect.any(String) });
    expect(received.readBytes).toBe(0);
  });

  it("stays where it differs, and is replaced where that was asked for", async () => {
    await write("a", "new");
    await write("in/a", "old");
    const tree = await scanTree([join(base, "a")]);
    expect(only(await transfer(tree))).toMatchObject({
      is: "refused",
      reason: expect.stringMatching(/a different file is in its place/),
    });
    expect(await readFile(join(base, "in/a"), "utf8")).toBe("old");
    expect(only(await transfer(tree, { overwrite: true }))?.is).toBe("received");
    expect(await readFile(join(base, "in/a"), "utf8")).toBe("new");
  });

  it("is replaced, not written to, where it has other names or is a link", async () => {
    await write("a", "new");
    await write("other", "old");
    await mkdir(join(base, "in"));
    await link(join(base, "other"), join(base, "in/a"));
    const tree = await scanTree([join(base, "a")]);
    await transfer(tree, { overwrite: true });
    await rm(join(base, "in/a"));
    await symlink(join(base, "other"), join(base, "in/a"));
    await transfer(tree, { overwrite: true });
    expect(await readFile(join(base, "other"), "utf8")).toBe("old");
    expect(await readFile(join(base, "in/a"), "utf8")).toBe("new");
  });

  it("stays where it is a folder, whatever was asked for", async () => {
    await write("a", "file");
    await write("in/a/b", "kept");
    const received = await transfer(await scanTree([join(base, "a")]), { overwrite: true });
    expect(only(received)).toEqual({ is: "refused", reason: "a folder is in its place" });
    expect(await readFile(join(base, "in/a/b"), "utf8")).toBe("kept");
  });
});

describe("a source that changes under us", () => {
  it("is begun anew, and comes as it is then", async () => {
    await write("log", content(pieceBytes * 4));
    const tree = await scanTree([join(base, "log")]);
    let reads = 0;
    const change = (sender: Sender): Sender => ({
      ...sender,
      async read(...args) {
        if (reads++ === 2) await appendFile(join(base, "log"), "more");
        return sender.read(...args);
      },
    });
    expect(only(await transfer(tree, { change }))?.is).toBe("received");
    expect(await readFile(join(base, "in/log"))).toEqual(await readFile(join(base, "log")));
  });

  it("is asked for as it is after the last of several changes", async () => {
    await write("log", content(pieceBytes * 6));
    const tree = await scanTree([join(base, "log")]);
    let reads = 0;
    const change = (sender: Sender): Sender => ({
      ...sender,
      async read(...args) {
        if (++reads < 5) await appendFile(join(base, "log"), content(pieceBytes));
        return sender.read(...args);
      },
    });
    expect(only(await transfer(tree, { change }))?.is).toBe("received");
    expect(await readFile(join(base, "in/log"))).toEqual(await readFile(join(base, "log")));
  });

  it("is refused where it never comes to rest, and nothing has its name", async () => {
    await write("log", content(pieceBytes));
    let reads = 0;
    const change = (sender: Sender): Sender => ({
      ...sender,
      async read(...args) {
        await utimes(join(base, "log"), 1, ++reads);
        return sender.read(...args);
      },
    });
    const received = await transfer(await scanTree([join(base, "log")]), { change });
    expect(only(received)).toEqual({ is: "refused", reason: "it changed while it was sent" });
    expect(await readdir(join(base, "in"))).not.toContain("log");
  });

  it("is refused where it is gone; the others come", async () => {
    await write("out/a", "a");
    await write("out/b", "b");
    const tree = await scanTree([join(base, "out")]);
    await rm(join(base, "out/a"));
    const { outcomes, unsettled } = await transfer(tree);
    expect(outcomes).toMatchObject({
      "out/a": { is: "refused", reason: "the sender can't read it: it isn't there" },
      "out/b": { is: "received" },
    });
    expect(unsettled).toBe(0);
  });
});

describe("a hostile sender", () => {
  const file = (path: string, bytes = 1): FileEntry => ({
    kind: "file",
    path,
    bytes,
    modifiedMs: 0,
    executable: false,
  });
  const liar = (entries: readonly Entry[], read?: Partial<Sender>): Sender => ({
    list: async (from) => ({ entries: entries.slice(from) }),
    digest: async () => ({ is: "digest", sha256: "0".repeat(64) }),
    read: async (_entry, _offset, length) => ({ is: "piece", bytes: new Uint8Array(length), sha256: "0".repeat(64) }),
    ...read,
  });
  const receive = async (sender: Sender, offer: { entries: number; bytes: number }): Promise<Outcome[]> => {
    const outcomes: Outcome[] = [];
    await using folder = await TargetFolder.open(join(base, "in"));
    await takeIn({
      offer,
      sender,
      folder,
      overwrite: true,
      signal: never,
      progress() {},
      settled: async (number, _entry, outcome) => {
        outcomes[number] = outcome;
      },
    });
    return outcomes;
  };

  it("gets nothing out of the folder, whatever its paths are", async () => {
    const part = fc.constantFrom("..", ".", "", "a", "link", "\\", "C:", "nul", "\0", ".x.skein-part", "in", "victim");
    const path = fc.array(part, { minLength: 1, maxLength: 5 }).map((parts) => parts.join("/"));
    await write("victim", "mine");
    await mkdir(join(base, "in"));
    await symlink(base, join(base, "in/link"));
    await symlink(join(base, "victim"), join(base, "in/victim"));
    await fc.assert(
      fc.asyncProperty(fc.array(path, { minLength: 1, maxLength: 6 }), async (paths) => {
        const entries = paths.flatMap((each): Entry[] => [file(each || "x", 0), { kind: "folder", path: `${each}/f` }]);
        const empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        const read: Sender["read"] = async () => ({ is: "piece", bytes: new Uint8Array(), sha256: empty });
        await receive(liar(entries, { read }), { entries: entries.length, bytes: 0 });
        expect((await readdir(base)).sort()).toEqual(["in", "victim"]);
        expect(await readFile(join(base, "victim"), "utf8")).toBe("mine");
      }),
      { numRuns: 100 },
    );
  }, 60_000);

  it("leaves no file under a name where its content isn't what it promised", async () => {
    const [outcome] = await receive(liar([file("a", 10)]), { entries: 1, bytes: 10 });
    expect(outcome).toMatchObject({ is: "refused", reason: expect.stringMatching(/another SHA-256/) });
    expect(await readdir(join(base, "in"))).toEqual([partName("a")]);
  });

  it("sends no two files to one name", async () => {
    const outcomes = await receive(liar([file("a", 0), file("a", 0)]), { entries: 2, bytes: 0 });
    expect(outcomes[1]).toMatchObject({ is: "refused", reason: expect.stringMatching(/the same name/) });
  });

  const broken: readonly (readonly [string, Sender, { entries: number; bytes: number }])[] = [
    ["more bytes than it offered", liar([file("a", 11)]), { entries: 1, bytes: 10 }],
    ["more files than it offered", liar([file("a", 0), file("b", 0)]), { entries: 1, bytes: 0 }],
    ["fewer files than it offered", liar([file("a", 0)]), { entries: 2, bytes: 0 }],
    [
      "a piece that is longer than what was asked for",
      liar([file("a", 5)], { read: async () => ({ is: "piece", bytes: new Uint8Array(6) }) }),
      { entries: 1, bytes: 5 },
    ],
  ];
  it.each(broken)("ends it all with %s", async (_what, sender, offer) => {
    await expect(receive(sender, offer)).rejects.toMatchObject({ code: "bad-message" });
  });

  it("can't make a file grow without end", async () => {
    const now = { bytes: 1e12, modifiedMs: 0, executable: false };
    const [outcome] = await receive(liar([file("a", 5)], { read: async () => ({ is: "changed", now }) }), {
      entries: 1,
      bytes: 5,
    });
    expect(outcome).toMatchObject({ is: "refused", reason: expect.stringMatching(/it grew/) });
  });
});

it("a receiver that has another file than was sent isn't believed", async () => {
  await write("a", "a");
  const outcomes: Outcome[] = [];
  await using outgoing = new Outgoing(await scanTree([join(base, "a")]), {
    progress() {},
    settled: (_entry, outcome) => outcomes.push(outcome),
  });
  await outgoing.read(0, 0, 1, never);
  outgoing.settle(0, { is: "received", sha256: "0".repeat(64) });
  expect(outcomes).toMatchObject([{ is: "refused", reason: expect.stringMatching(/another SHA-256/) }]);
});

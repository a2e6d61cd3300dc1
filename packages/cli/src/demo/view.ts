import { wordRanges, wordsOf } from "../files/search.js";
import { clean, type Ink } from "../terminal/ink.js";
import { tableLines } from "../terminal/table.js";
import { bytesText, countText, millisecondsText } from "../terminal/units.js";
import type { PeerReport } from "./events.js";
import type { Example } from "./example.js";
import type { Found, FoundHit, Got } from "./findings.js";
import type { OnceReport } from "./once-report.js";

// What the demo shows, as lines. Nothing here writes.

/** An agent as the banner shows it. */
export interface ShownAgent {
  readonly name: string;
  readonly files: number;
  readonly bytes: number;
  readonly pid: number;
}

export function bannerLines(
  what: {
    readonly folder: string;
    readonly url: string;
    readonly page: string | undefined;
    readonly agents: readonly ShownAgent[];
    readonly links: readonly ShownLink[];
    readonly offices: ShownOffices;
    readonly example: Example;
  },
  ink: Ink,
): string[] {
  const { folder, url, page, agents, links, offices, example } = what;
  const addresses = [
    ["folder", clean(folder)],
    ["server", ink("cyan", url)],
    ...(page === undefined ? [] : [["page", `${ink("cyan", page)}  ${ink("dim", "another agent, in your browser")}`]]),
  ];
  const held = agents.map(({ name, files, bytes, pid }) => [
    ink(["bold", "green"], name),
    countText(files, "file"),
    bytesText(bytes),
    ink("dim", `process ${pid}`),
  ]);
  const how = links.every(({ path }) => path === "direct") ? "all direct, over WebRTC" : "";
  const linked = links.map(
    ({ a, b, openMs }) =>
      `${a} ${ink("green", "──")} ${b}${openMs === null ? "" : ink("dim", ` ${millisecondsText(openMs)}`)}`,
  );
  return [
    "",
    `  ${ink("bold", "skein")}  Three agents share a folder, and talk to each other directly. Any file is with two of them.`,
    "",
    ...indented(tableLines(addresses.map(([key = "", value = ""]) => [ink("dim", key), value]))),
    "",
    ...indented(tableLines(held, [1, 2])),
    "",
    ...indented([`${linked.join("   ")}   ${ink("dim", how)}`.trimEnd()]),
    ...officeLines(offices, ink),
    `  ${ink("bold", "Try")}   find ${clean(example.words)}`,
    `        get ${clean(example.file)}`,
    `        kill ${agents[0]?.name ?? ""}   ${ink("dim", "and go on: another one takes its place")}`,
    "",
  ];
}

/** Who does what for all: names, where somebody does. */
export interface ShownOffices {
  readonly leader: string | undefined;
  readonly keeper: string | undefined;
}

export function officeLines({ leader, keeper }: ShownOffices, ink: Ink): string[] {
  const led =
    leader === undefined ? ink("yellow", "being elected") : `${ink("green", leader)} ${ink("dim", "was elected")}`;
  const kept =
    keeper === undefined ? ink("yellow", "being voted on") : `${ink("green", keeper)} ${ink("dim", "was voted for")}`;
  return [
    ...indented(
      tableLines([
        [ink("dim", "leads"), led],
        [ink("dim", "keeps the index"), kept],
      ]),
    ),
    "",
  ];
}

const shownHits = 12;
const shownOfOneFile = 2;

export function foundLines(found: Found, query: string, ink: Ink, columns: number): string[] {
  const words = wordsOf(query);
  const shown = chooseHits(found.hits, query);
  const lines = shown.flatMap(({ file, line, name, text }) => [
    `  ${ink("cyan", clean(file))}${ink("dim", `:${line}`)}  ${ink("green", clean(name))}`,
    `    ${highlight(cut(clean(text), words, columns - 6), words, ink)}`,
  ]);
  const rest = found.hits.length - shown.length;
  const files = new Set(found.hits.map(({ file }) => file)).size;
  const sum =
    found.hits.length === 0
      ? "No line holds all of these words"
      : `${countText(found.hits.length, "line")} in ${countText(files, "file")}${rest > 0 ? `, ${shown.length} of them here` : ""}`;
  const effort = `${countText(found.agents, "agent")} looked into ${countText(found.files, "file")} in ${millisecondsText(found.ms)}`;
  return [
    ...lines,
    ...(lines.length > 0 ? [""] : []),
    `  ${ink("bold", sum)} ${ink("dim", `· ${effort}`)}`,
    ...(found.failed > 0
      ? [
          `  ${ink("yellow", `${countText(found.failed, "part")} of the files couldn't be searched: no agent that holds it is left.`)}`,
        ]
      : []),
    "",
  ];
}

/** A few of each agent, and of no file too many; lines that hold the words as they were typed come first. */
export function chooseHits(hits: readonly FoundHit[], query: string): FoundHit[] {
  const byPeer = new Map<string, FoundHit[]>();
  const ofFile = new Map<string, number>();
  const phrase = query.toLowerCase();
  const isPhrase = ({ text }: FoundHit): boolean => text.toLowerCase().includes(phrase);
  for (const hit of [...hits.filter(isPhrase), ...hits.filter((hit) => !isPhrase(hit))]) {
    const key = `${hit.name}/${hit.file}`;
    const count = ofFile.get(key) ?? 0;
    ofFile.set(key, count + 1);
    if (count >= shownOfOneFile) continue;
    const own = byPeer.get(hit.name);
    if (own === undefined) byPeer.set(hit.name, [hit]);
    else own.push(hit);
  }
  const groups = [...byPeer.values()];
  const share = shares(
    groups.map(({ length }) => length),
    shownHits,
  );
  return groups.flatMap((group, index) => group.slice(0, share[index]));
}

/** Deals places out, one to each in turn, until all are taken or nobody wants more. */
function shares(wants: readonly number[], places: number): number[] {
  const given = wants.map(() => 0);
  for (let left = places; left > 0; ) {
    const open = wants.flatMap((want, index) => ((given[index] ?? 0) < want ? [index] : []));
    if (open.length === 0) break;
    for (const index of open.slice(0, left)) given[index] = (given[index] ?? 0) + 1;
    left -= Math.min(open.length, left);
  }
  return given;
}

/** The piece of a line that fits, with the first word in it. */
function cut(text: string, words: readonly string[], width: number): string {
  if (text.length <= width) return text;
  const first = wordRanges(text, words)[0]?.from ?? 0;
  const from = first < width - 10 ? 0 : first - 20;
  const piece = text.slice(from, from + width - 2).replace(/^\p{Surrogate}|\p{Surrogate}$/gu, "");
  return `${from > 0 ? "…" : ""}${piece}${from + width - 2 < text.length ? "…" : ""}`;
}

function highlight(text: string, words: readonly string[], ink: Ink): string {
  let done = 0;
  let result = "";
  for (const { from, to } of wordRanges(text, words)) {
    result += text.slice(done, from) + ink(["bold", "yellow"], text.slice(from, to));
    done = to;
  }
  return result + text.slice(done);
}

export function gotLines(got: Got, shownPath: string, ink: Ink): string[] {
  const rate = got.ms > 0 ? `${bytesText((got.bytes * 1000) / got.ms)}/s` : "";
  const from = got.from.map((name) => ink("green", clean(name))).join(" and ");
  return [
    `  ${ink("green", "✓")} ${ink("bold", clean(shownPath))}`,
    `    ${bytesText(got.bytes)} in ${millisecondsText(got.ms)}${ink("dim", rate === "" ? "" : `, ${rate}`)} · from ${from}`,
    `    each piece checked against ${got.artifact.slice(0, 16)}… · SHA-256 ${got.sha256.slice(0, 16)}…`,
    "",
  ];
}

/** A link as the table shows it. */
export interface ShownLink {
  readonly a: string;
  readonly b: string;
  readonly path: string | null;
  readonly state: string;
  readonly openMs: number | null;
  readonly rttMs: number | null;
  readonly sent: number;
  readonly received: number;
  readonly rate: number;
  readonly peak: number;
}

/** Each link once, by what its first end says of it. */
export function shownLinks(
  reports: readonly {
    readonly agent: { readonly id: string; readonly name: string };
    readonly peers: readonly PeerReport[];
  }[],
): ShownLink[] {
  const order = new Map(reports.map(({ agent }, index) => [agent.id, index]));
  return reports.flatMap(({ agent, peers }, index) =>
    peers
      .filter(({ id }) => (order.get(id) ?? reports.length) > index)
      .map((peer) => ({
        a: agent.name,
        b: clean(peer.name ?? peer.id.slice(0, 8)),
        path: peer.path,
        state: peer.state,
        openMs: peer.openMs,
        rttMs: peer.rttMs,
        sent: peer.traffic.bytesSent,
        received: peer.traffic.bytesReceived,
        rate: peer.bytesPerSecond,
        peak: peer.peakBytesPerSecond,
      })),
  );
}

export function linkLines(links: readonly ShownLink[], ink: Ink): string[] {
  if (links.length === 0) return ["  No two agents are linked now.", ""];
  const head = ["link", "path", "opened in", "round trip", "→ sent", "← received", "now", "fastest"].map((text) =>
    ink("dim", text),
  );
  const rows = links.map(({ a, b, path, state, openMs, rttMs, sent, received, rate, peak }) => [
    `${ink("bold", a)} ${ink(path === null ? "yellow" : "green", "──")} ${ink("bold", b)}`,
    path ?? ink("yellow", state),
    openMs === null ? "" : millisecondsText(openMs),
    rttMs === null ? "" : millisecondsText(rttMs),
    bytesText(sent),
    bytesText(received),
    `${bytesText(rate)}/s`,
    `${bytesText(peak)}/s`,
  ]);
  return [...indented(tableLines([head, ...rows], [2, 3, 4, 5, 6, 7])), ""];
}

export function helpLines(out: string, ink: Ink): string[] {
  const rows = [
    ["find WORDS", "search all files: each part is looked through by an agent that holds it"],
    ["get FILE", `fetch a file from all who hold it, into ${out}`],
    ["kill NAME", "kill an agent, also while another command runs, and see the others take over"],
    ["peers", "who leads, who keeps the index, and every link: its path, round trip, rate"],
    ["help", "this"],
    ["quit", "end the server and the agents; so does Ctrl-D"],
  ];
  return [...indented(tableLines(rows.map(([key = "", what = ""]) => [ink("bold", key), what]))), ""];
}

export function onceLines({ server, agents, links, leader, index, search, file }: OnceReport, ink: Ink): string[] {
  const name = new Map(agents.map((id, index) => [id, ["fern", "moss", "birch"][index] ?? id]));
  const rows = links.map(({ a, b, path, openMs, rttMs }) => [
    `${name.get(a)} ${ink("green", "──")} ${name.get(b)}`,
    path ?? "",
    openMs === null ? "" : `opened in ${millisecondsText(openMs)}`,
    rttMs === null ? "" : `round trip ${millisecondsText(rttMs)}`,
  ]);
  return [
    `${ink("green", "✓")} server at ${server}, ${countText(agents.length, "agent")}, ${countText(links.length, "link")}`,
    ...indented(tableLines(rows)),
    `${ink("green", "✓")} ${leader} was elected to lead; ${index.keeper} keeps the index${index.of === 0 ? "" : `, ${index.votes} of ${index.of} voted for it`}`,
    `${ink("green", "✓")} "${search.query}" is in ${countText(search.hits, "line")}`,
    `${ink("green", "✓")} ${clean(file.name)} fetched from ${file.from.join(" and ")}, ${bytesText(file.bytes)}, SHA-256 ${file.sha256.slice(0, 16)}… verified`,
  ];
}

function indented(lines: readonly string[]): string[] {
  return lines.map((line) => `    ${line}`);
}

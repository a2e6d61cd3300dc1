import { readFile } from "node:fs/promises";
import { type PeerId, parsePeerId, SkeinError } from "@skein/protocol";
import {
  type CheckOptions,
  type CheckResult,
  checkPeer,
  checkServer,
  countVerdicts,
  peerChecks,
  selectChecks,
  serverChecks,
} from "@skein/testing";
import { defaultServer } from "../commands/options.js";
import { createInk } from "../terminal/ink.js";
import { resultJson, resultLines, summaryText } from "./report.js";

export interface ConformanceOptions {
  readonly only?: string;
  readonly list?: boolean;
  readonly json?: boolean;
  /** Seconds. */
  readonly timeout: number;
  readonly tokenFile?: string;
}

export interface PeerOptions extends ConformanceOptions {
  readonly server: readonly string[];
  readonly room: string;
  readonly peer?: string;
  readonly path: "both" | "direct" | "relay";
  readonly secretFile?: string;
}

/** `skein conformance server`. @throws {SkeinError} where a check fails */
export async function conformServer(url: string, options: ConformanceOptions): Promise<void> {
  if (options.list) return list(serverChecks, options.only);
  const under = { url, ...(await shared(options)) };
  await judge(options, (running) => checkServer(under, running));
}

/** `skein conformance peer`. @throws {SkeinError} where a check fails, or there is no peer */
export async function conformPeer(options: PeerOptions): Promise<void> {
  if (options.list) return list(peerChecks, options.only);
  const { server: servers, room, path: paths, secretFile } = options;
  const [url = defaultServer] = servers;
  if (servers.length > 1) throw new SkeinError("bad-argument", "A peer is checked at one server: give one address.");
  const peer: PeerId | undefined = options.peer === undefined ? undefined : parsePeerId(options.peer);
  const secret = secretFile === undefined ? undefined : await lineOf(secretFile);
  const under = { url, room, paths, peer, secret, ...(await shared(options)) };
  await judge(options, (running) => checkPeer(under, running));
}

async function shared({ timeout, tokenFile }: ConformanceOptions) {
  return { timeoutMs: timeout * 1_000, token: tokenFile === undefined ? undefined : await lineOf(tokenFile) };
}

async function lineOf(file: string): Promise<string> {
  return (await readFile(file, "utf8")).trim();
}

function list(checks: readonly Pick<CheckResult, "section" | "name">[], only: string | undefined): void {
  for (const { section, name } of selectChecks(checks as never, only)) write(`${section}: ${name}`);
}

async function judge(
  { json = false, only }: ConformanceOptions,
  run: (options: CheckOptions) => Promise<readonly CheckResult[]>,
): Promise<void> {
  const ink = createInk(process.stdout);
  let before: CheckResult | undefined;
  const onResult = (result: CheckResult) => {
    for (const line of json ? [resultJson(result)] : resultLines(result, before, ink)) write(line);
    before = result;
  };
  const counts = countVerdicts(await run({ only, onResult }));
  const summary = summaryText(counts);
  if (json) write(JSON.stringify({ event: "summary", ...counts }));
  if (counts.failed > 0) throw new SkeinError("bad-message", summary);
  if (counts.passed + counts.advised + counts.skipped === 0)
    throw new SkeinError("bad-argument", "No check has that in its section or name: --list shows all.");
  if (!json) write(`\n${summary}`);
}

function write(line: string): void {
  process.stdout.write(`${line}\n`);
}

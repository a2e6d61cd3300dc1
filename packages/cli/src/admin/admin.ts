import { SkeinError } from "@skein/protocol";
import type { PeerView, RoomView, ServerStats } from "@skein/server";
import { readText } from "../serve/secret-file.js";
import { statsText } from "../serve-stats.js";
import { clean } from "../terminal/ink.js";
import { countText } from "../terminal/units.js";

/** Which server to ask. */
export interface AdminTarget {
  readonly admin?: string;
  readonly adminToken?: string;
  readonly json?: boolean;
}

const timeoutMs = 10_000;

export async function listRooms(target: AdminTarget): Promise<void> {
  const { rooms } = await ask<{ readonly rooms: readonly RoomView[] }>(target, "/rooms");
  tell(target, { rooms }, rooms.length === 0 ? ["There are no rooms."] : rooms.map(roomText));
}

export async function listPeers(room: string, target: AdminTarget): Promise<void> {
  const path = `/peers?${new URLSearchParams({ room })}`;
  const { peers } = await ask<{ readonly peers: readonly PeerView[] }>(target, path);
  const lines = peers.map(peerText);
  tell(target, { peers }, lines.length === 0 ? ["There is nobody."] : lines);
}

export async function kick(
  peer: string,
  { room, for: forMs, ...target }: AdminTarget & { readonly room?: string; readonly for?: number },
): Promise<void> {
  const answer = await ask<{ readonly removed: number }>(target, "/kick", { peer, room, forMs });
  tell(target, answer, [`${countText(answer.removed, "place")} given up on this server.`]);
}

export async function tellStats(target: AdminTarget): Promise<void> {
  const stats = await ask<ServerStats>(target, "/stats");
  tell(target, stats, [statsText(stats)]);
}

function roomText({ name, peers, away, elsewhere }: RoomView): string {
  const absent = away === 0 ? "" : `, ${away} of them away`;
  const remote = elsewhere === 0 ? "" : `, ${elsewhere} with other nodes`;
  // Whoever names a room may write anything.
  return `${clean(name)}  ${countText(peers, "peer")}${absent}${remote}`;
}

function peerText({ id, away, elsewhere }: PeerView): string {
  return [id, ...(away ? ["away"] : []), ...(elsewhere ? ["with another node"] : [])].join("  ");
}

function tell({ json }: AdminTarget, value: unknown, lines: readonly string[]): void {
  process.stdout.write(json ? `${JSON.stringify(value)}\n` : lines.map((line) => `${line}\n`).join(""));
}

async function ask<Answer>(target: AdminTarget, path: string, body?: unknown): Promise<Answer> {
  const address = target.admin ?? process.env.SKEIN_ADMIN ?? "http://127.0.0.1:7701";
  const file = target.adminToken ?? process.env.SKEIN_ADMIN_TOKEN;
  if (file === undefined) {
    throw new SkeinError(
      "bad-argument",
      "Operators bring a token: name its file by --admin-token or SKEIN_ADMIN_TOKEN.",
    );
  }
  const response = await request(address, path, readText(file, "The operators' token (admin-token)"), body);
  const answer: unknown = await response.json().catch(() => undefined);
  if (response.ok && answer !== undefined) return answer as Answer;
  throw new SkeinError(response.status === 401 ? "not-authorised" : "bad-argument", sentenceOf(answer, address));
}

async function request(address: string, path: string, token: string, body: unknown): Promise<Response> {
  const url = URL.canParse(path, address) ? new URL(path, address) : undefined;
  if (url === undefined)
    throw new SkeinError("bad-argument", `"${address}" is no address: those look like http://127.0.0.1:7701.`);
  try {
    return await fetch(url, {
      headers: { Authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(timeoutMs),
      ...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }),
    });
  } catch (cause) {
    throw new SkeinError(
      "server-unreachable",
      `No server listens for operators at ${address}: was it started with --admin-port and --admin-token?`,
      { cause },
    );
  }
}

function sentenceOf(answer: unknown, address: string): string {
  const error = typeof answer === "object" && answer !== null && "error" in answer ? answer.error : undefined;
  return typeof error === "string" ? clean(error) : `What answers at ${address} is no Skein server's operators' port.`;
}

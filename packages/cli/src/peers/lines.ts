import type { PeerId, PeerStats, RoomStats } from "@skein/client";
import { clean, type Ink } from "../terminal/ink.js";
import { tableLines } from "../terminal/table.js";
import { bytesText, countText, durationText, millisecondsText } from "../terminal/units.js";
import { cut, widthOf } from "../terminal/width.js";

// What `skein peers` shows, as lines of so many columns at most. Nothing here writes.

const nameMost = 20;
const idLength = 8;
const nothing = "–";

interface Column {
  readonly head: string;
  readonly isNumber?: boolean;
  cell(peer: PeerStats, wallMs: number, ink: Ink): string;
}

/** From left to right. */
const columnsOfPeers: readonly Column[] = [
  {
    head: "NAME",
    cell: ({ name }, _wallMs, ink) => ink("bold", name === undefined ? nothing : cut(clean(name), nameMost)),
  },
  { head: "ID", cell: ({ id }, _wallMs, ink) => ink("dim", id.slice(0, idLength)) },
  { head: "PATH", cell: (peer, _wallMs, ink) => pathText(peer, ink) },
  { head: "ENDS", cell: ({ candidates: ends }) => (ends === undefined ? nothing : `${ends.local}/${ends.remote}`) },
  { head: "RTT", isNumber: true, cell: ({ rttMs }) => (rttMs === undefined ? nothing : millisecondsText(rttMs)) },
  { head: "IN", isNumber: true, cell: ({ rates }) => rateText(rates.bytesReceived) },
  { head: "OUT", isNumber: true, cell: ({ rates }) => rateText(rates.bytesSent) },
  { head: "MESSAGES", isNumber: true, cell: ({ traffic }) => `${traffic.messagesReceived}/${traffic.messagesSent}` },
  { head: "RELAYED", isNumber: true, cell: ({ traffic }) => bytesText(relayedBytes(traffic)) },
  { head: "SINCE", isNumber: true, cell: ({ sinceMs }, wallMs) => durationText(Math.max(0, wallMs - sinceMs)) },
];

/** Left out where there is no room for all, the first of them first. The name and the path stay. */
const leftOut = ["ID", "MESSAGES", "ENDS", "SINCE", "RELAYED", "RTT", "OUT", "IN"];

/** Who is there, a line each, under a line of heads. */
export function peerLines({ perPeer }: RoomStats, wallMs: number, columns: number, ink: Ink): string[] {
  if (perPeer.length === 0) return [cut("Nobody else is in the room.", columns)];
  for (let left = 0; ; left++) {
    const shown = columnsOfPeers.filter(({ head }) => !leftOut.slice(0, left).includes(head));
    const rows = perPeer.map((peer) => shown.map(({ cell }) => cell(peer, wallMs, ink)));
    const numbers = shown.flatMap(({ isNumber }, index) => (isNumber ? [index] : []));
    const lines = tableLines([shown.map(({ head }) => ink("dim", head)), ...rows], numbers);
    if (left === leftOut.length || lines.every((line) => widthOf(line) <= columns)) return lines;
  }
}

/** The room as a whole. */
export function headLines(room: string, stats: RoomStats, columns: number, ink: Ink): string[] {
  const { peers, connected, server, bytesReceived, bytesSent, rates } = stats;
  const who = `${clean(room)} · ${countText(peers, "peer")}, ${connected} linked · server ${server}`;
  const amounts = [
    `in ${bytesText(bytesReceived)} (${rateText(rates.bytesReceived)})`,
    `out ${bytesText(bytesSent)} (${rateText(rates.bytesSent)})`,
    `relayed ${bytesText(relayedBytes(stats))}`,
  ];
  return [ink("bold", cut(who, columns)), ink("dim", cut(amounts.join(" · "), columns))];
}

/** What happened last, the newest at the bottom. */
export function eventLines(
  { events }: RoomStats,
  names: ReadonlyMap<PeerId, string>,
  { columns, most }: { readonly columns: number; readonly most: number },
  ink: Ink,
): string[] {
  const shown = most > 0 ? events.slice(-most) : [];
  return shown.map(({ atMs, event, peer, reason, times }) => {
    const who = peer === undefined ? [] : [cut(clean(names.get(peer) ?? peer.slice(0, idLength)), nameMost)];
    const why = reason === undefined ? [] : [clean(reason)];
    const often = times > 1 ? [`(${times} times)`] : [];
    const time = new Date(atMs).toLocaleTimeString("en-GB");
    return ink("dim", cut([time, event, ...who, ...why, ...often].join("  "), columns));
  });
}

function pathText({ state, path }: PeerStats, ink: Ink): string {
  if (state !== "connected") return ink("dim", state);
  if (path === undefined) return ink("red", "none");
  return ink(path === "direct" ? "green" : "yellow", path);
}

function rateText(bytesPerSecond: number): string {
  return `${bytesText(Math.round(bytesPerSecond))}/s`;
}

function relayedBytes(traffic: { readonly relayBytesSent: number; readonly relayBytesReceived: number }): number {
  return traffic.relayBytesSent + traffic.relayBytesReceived;
}

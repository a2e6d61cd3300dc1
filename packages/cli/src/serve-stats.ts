import type { BackplaneStats, ServerStats } from "@skein/server";
import { bytesText, countText } from "./terminal/units.js";

/** What a server holds and has done, as a line for people. */
export function statsText(stats: ServerStats): string {
  const { peers, rooms, forwards, bytes, relayed, relayedBytes, delays, bufferedBytes, drops, backplane } = stats;
  const signals = `${countText(forwards - relayed, "signal")} (${bytesText(bytes - relayedBytes)})`;
  const frames = `${countText(relayed, "relayed frame")} (${bytesText(relayedBytes)})`;
  const parts = [
    `${countText(peers, "peer")} in ${countText(rooms, "room")}`,
    `${signals} and ${frames} passed on`,
    ...(bufferedBytes > 0 ? [`${bytesText(bufferedBytes)} waiting to be read`] : []),
    ...(delays > 0 ? [`relaying held back ${countText(delays, "time")}`] : []),
    ...(backplane === undefined ? [] : [backplaneText(backplane)]),
    ...Object.entries(drops).map(([code, count]) => `${countText(count, code, code)} turned away`),
  ];
  return parts.join(", ");
}

function backplaneText({ kind, isThere, nodes, forwardsOut, bytesOut }: BackplaneStats): string {
  const state = isThere ? `with ${countText(nodes, "other node")}` : "away";
  return `${kind} ${state}, ${countText(forwardsOut, "envelope")} and ${bytesText(bytesOut)} to it`;
}

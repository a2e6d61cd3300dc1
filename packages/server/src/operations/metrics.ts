import { Counter, collectDefaultMetrics, Gauge, Registry } from "prom-client";
import type { BackplaneStats } from "../backplane/stats.js";
import type { ServerStats } from "../stats.js";

/** A server's figures for Prometheus. */
export interface Metrics {
  readonly contentType: string;
  /** All figures as text, in the format that Prometheus reads. */
  text(): Promise<string>;
}

/**
 * Figures of a server, and of its process, in a registry of their own. Labels are classes and reasons: never a room, a peer or an
 * address.
 * @param stats what `server.stats()` gives.
 */
export function createMetrics(stats: () => ServerStats): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const gauge = (name: string, help: string, value: (now: ServerStats) => number) =>
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(value(stats()));
      },
    });
  gauge("skein_connections", "Open WebSockets.", ({ connections }) => connections);
  gauge("skein_rooms", "Rooms.", ({ rooms }) => rooms);
  gauge("skein_peers", "Places in rooms, those of peers that are away included.", ({ peers }) => peers);
  gauge("skein_buffered_bytes", "What waits for clients to read it.", ({ bufferedBytes }) => bufferedBytes);
  counter(registry, stats, "skein_joins_total", "Joins that were let in.", [], (now) => [[{}, now.joins]]);
  counter(registry, stats, "skein_forwards_total", "Envelopes passed on.", ["class"], (now) => [
    [{ class: "signal" }, now.forwards - now.relayed],
    [{ class: "relay" }, now.relayed],
  ]);
  counter(registry, stats, "skein_forward_bytes_total", "Bytes of envelopes passed on.", ["class"], (now) => [
    [{ class: "signal" }, now.bytes - now.relayedBytes],
    [{ class: "relay" }, now.relayedBytes],
  ]);
  counter(registry, stats, "skein_delays_total", "How often a client was read later.", [], (now) => [[{}, now.delays]]);
  counter(registry, stats, "skein_drops_total", "What was turned away.", ["reason"], (now) =>
    Object.entries(now.drops).map(([reason, count]) => [{ reason }, count]),
  );
  if (stats().backplane !== undefined) addBackplane(registry, stats, gauge);
  return { contentType: registry.contentType, text: () => registry.metrics() };
}

function addBackplane(
  registry: Registry,
  stats: () => ServerStats,
  gauge: (name: string, help: string, value: (now: ServerStats) => number) => void,
): void {
  const of = (value: (now: BackplaneStats) => number) => (now: ServerStats) =>
    now.backplane === undefined ? 0 : value(now.backplane);
  gauge(
    "skein_backplane_up",
    "Whether other nodes can be reached.",
    of(({ isThere }) => Number(isThere)),
  );
  gauge(
    "skein_backplane_nodes",
    "Other nodes.",
    of(({ nodes }) => nodes),
  );
  gauge(
    "skein_backplane_buffered_bytes",
    "What waits for the backplane.",
    of(({ bufferedBytes }) => bufferedBytes),
  );
  const total = (name: string, help: string, value: (now: BackplaneStats) => number) =>
    counter(registry, stats, `skein_backplane_${name}_total`, help, [], (now) => [[{}, of(value)(now)]]);
  const both = (name: string, help: string, out: (now: BackplaneStats) => number, back: typeof out) =>
    counter(registry, stats, `skein_backplane_${name}_total`, help, ["direction"], (now) => [
      [{ direction: "out" }, of(out)(now)],
      [{ direction: "in" }, of(back)(now)],
    ]);
  both(
    "messages",
    "Messages to and from other nodes.",
    (now) => now.messagesOut,
    (now) => now.messagesIn,
  );
  both(
    "bytes",
    "Their bytes.",
    (now) => now.bytesOut,
    (now) => now.bytesIn,
  );
  both(
    "forwards",
    "Envelopes among them.",
    (now) => now.forwardsOut,
    (now) => now.forwardsIn,
  );
  total("reconnects", "How often the backplane came back.", ({ reconnects }) => reconnects);
  total("rejected", "Messages that couldn't be read.", ({ rejected }) => rejected);
  total("lost", "Messages that weren't sent, for too much waited.", ({ lost }) => lost);
}

/** The server counts by itself: what it has counted is read, not counted again. */
function counter(
  registry: Registry,
  stats: () => ServerStats,
  name: string,
  help: string,
  labelNames: readonly string[],
  values: (now: ServerStats) => readonly (readonly [Readonly<Record<string, string>>, number])[],
): void {
  new Counter({
    name,
    help,
    labelNames: [...labelNames],
    registers: [registry],
    collect() {
      this.reset();
      for (const [labels, value] of values(stats())) this.inc(labels, value);
    },
  });
}

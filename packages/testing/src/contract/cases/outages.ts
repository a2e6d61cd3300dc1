import { equal } from "../bench.js";
import { call, negotiate, patternOf } from "../call.js";
import type { ContractCase } from "../contract-case.js";

/** Longer than any engine waits until it says something. */
const minuteMs = 60_000;

/** A way that is cut, and comes back or doesn't. */
export const outageCases: readonly ContractCase[] = [
  {
    name: "a cut is told as disconnected, and its end as connected",
    needs: "way",
    async run(bench) {
      await call(bench);
      const { connection } = bench.one;
      bench.way.cut();
      await bench.until("disconnected", () => connection.at(-1) === "disconnected", minuteMs);
      bench.way.heal();
      await bench.until("connected", () => connection.at(-1) === "connected", minuteMs);
      equal("events", connection, ["connecting", "connected", "disconnected", "connected"]);
    },
  },
  {
    name: "what is sent into a short cut arrives after it, in order",
    needs: "way",
    async run(bench) {
      await call(bench);
      bench.way.cut();
      for (let number = 0; number < 50; number++) bench.one.first.channel.send(patternOf(number, 2_000));
      await bench.pass(6_000);
      bench.way.heal();
      await bench.until("all have come", () => bench.other.first.messages.length === 50, minuteMs);
      equal("closed", bench.one.first.events.includes("close"), false);
    },
  },
  {
    name: "a cut without an end is told as failed",
    needs: "way",
    async run(bench) {
      await call(bench);
      bench.way.cut();
      await bench.until("failed", () => bench.one.rtc.connectionState === "failed", minuteMs);
    },
  },
  {
    name: "channels with something under way outlast a cut of 14 s",
    needs: "way",
    async run(bench) {
      await call(bench);
      bench.way.cut();
      bench.one.first.channel.send(patternOf(1, 2_000));
      await bench.pass(14_000);
      equal("the channel", bench.one.first.channel.readyState, "open");
      bench.way.heal();
      await bench.until("it has come", () => bench.other.first.messages.length === 1, minuteMs);
    },
  },
  {
    name: "a restart after a failure brings the channels back, with what waited",
    needs: "way",
    async run(bench) {
      await call(bench);
      bench.way.cut();
      bench.one.first.channel.send(patternOf(1, 2_000));
      await bench.until("failed", () => bench.one.rtc.connectionState === "failed", minuteMs);
      bench.way.heal();
      await negotiate(bench, bench.one, bench.other, { iceRestart: true });
      await bench.until("it has come", () => bench.other.first.messages.length === 1, minuteMs);
      equal("closed", bench.one.first.events.includes("close"), false);
    },
  },
];

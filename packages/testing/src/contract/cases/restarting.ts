import { type ContractBench, equal } from "../bench.js";
import { answerOf, call, lineOf, negotiate, offerOf } from "../call.js";
import type { ContractCase } from "../contract-case.js";
import type { End } from "../end.js";

async function speak(bench: ContractBench): Promise<void> {
  const { one, other } = bench;
  const before = [one.first.messages.length, other.first.messages.length];
  for (const end of [one, other]) end.first.channel.send(Uint8Array.of(1));
  await bench.until("words both ways", () =>
    [one, other].every((end, at) => end.first.messages.length === (before[at] ?? 0) + 1),
  );
}

async function restartBy(bench: ContractBench, offerer: End, answerer: End): Promise<void> {
  await call(bench);
  const names = [offerer, answerer].map(({ rtc }) => lineOf(rtc.localDescription, "ice-ufrag"));
  await negotiate(bench, offerer, answerer, { iceRestart: true });
  const now = [offerer, answerer].map(({ rtc }) => lineOf(rtc.localDescription, "ice-ufrag"));
  equal("are other ones", [now[0] !== names[0], now[1] !== names[1]], [true, true]);
  await speak(bench);
  // The new way takes over meanwhile.
  await bench.pass(500);
  await speak(bench);
  outlasted(bench);
}

/** Nothing happened to the channels. That a buffer is empty again may be told. */
function outlasted({ one, other }: ContractBench): void {
  const events = [one, other].map((end) => end.first.events.filter((event) => event !== "low"));
  equal("events", events, [["open"], ["open"]]);
}

/** Offers after the first (W3C webrtc-pc §4.4.1.5; RFC 8445 §9). */
export const restartCases: readonly ContractCase[] = [
  {
    name: "an offer that restarts has other credentials",
    async run(bench) {
      await call(bench);
      const before = lineOf(bench.one.rtc.localDescription, "ice-ufrag");
      const offer = await bench.settled("createOffer", bench.one.rtc.createOffer({ iceRestart: true }));
      equal("is another one", lineOf(offer, "ice-ufrag") !== before, true);
      equal("in force is the one before", lineOf(bench.one.rtc.localDescription, "ice-ufrag") === before, true);
    },
  },
  {
    name: "an offer that doesn't restart keeps its credentials",
    async run(bench) {
      await call(bench);
      const before = lineOf(bench.one.rtc.localDescription, "ice-ufrag");
      const offer = await bench.settled("createOffer", bench.one.rtc.createOffer());
      equal("is the same", lineOf(offer, "ice-ufrag") === before, true);
    },
  },
  {
    name: "another offer without a restart changes nothing for the channels",
    async run(bench) {
      await call(bench);
      await bench.until("gathering is complete", () => bench.one.rtc.iceGatheringState === "complete");
      await negotiate(bench, bench.one, bench.other);
      await speak(bench);
      outlasted(bench);
      equal("gathering", bench.one.rtc.iceGatheringState, "complete");
      equal("has candidates", lineOf(bench.one.rtc.localDescription, "candidate") !== undefined, true);
    },
  },
  {
    name: "channels outlast a restart by the side that offered, and carry on",
    run: (bench) => restartBy(bench, bench.one, bench.other),
  },
  {
    name: "channels outlast a restart by the side that answered, and carry on",
    run: (bench) => restartBy(bench, bench.other, bench.one),
  },
  {
    name: "two restarts cross, one side gives way, and the channels carry on",
    async run(bench) {
      const { one, other } = bench;
      await call(bench);
      const [offer] = [
        await offerOf(bench, one, { iceRestart: true }),
        await offerOf(bench, other, { iceRestart: true }),
      ];
      await one.take(await answerOf(bench, other, offer));
      await bench.pass(500);
      await speak(bench);
      outlasted(bench);
    },
  },
];

import { equal } from "../bench.js";
import { call } from "../call.js";
import type { ContractCase } from "../contract-case.js";

type Entry = Readonly<Record<string, unknown>>;

async function entriesOf(rtc: RTCPeerConnection): Promise<Map<string, Entry>> {
  const entries = new Map<string, Entry>();
  (await rtc.getStats()).forEach((entry: Entry, id: string) => {
    entries.set(id, entry);
  });
  return entries;
}

function typesOf(entries: Map<string, Entry>, pair: Entry | undefined): unknown[] {
  return [pair?.localCandidateId, pair?.remoteCandidateId].map((id) => entries.get(String(id))?.candidateType);
}

/** Statistics of the pair in use (W3C webrtc-stats §7.12, §7.13). */
export const statisticsCases: readonly ContractCase[] = [
  {
    name: "statistics of a fresh connection name no pair",
    async run(bench) {
      const entries = await bench.settled("getStats", entriesOf(bench.one.rtc));
      equal("pairs", [...entries.values()].filter(({ type }) => type === "candidate-pair").length, 0);
    },
  },
  {
    name: "statistics name the pair in use by the transport",
    async run(bench) {
      await call(bench);
      const entries = await bench.settled("getStats", entriesOf(bench.one.rtc));
      const transport = [...entries.values()].find(({ type }) => type === "transport");
      const pair = entries.get(String(transport?.selectedCandidatePairId));
      equal(
        "candidate types are known",
        typesOf(entries, pair).every((type) => typeof type === "string"),
        true,
      );
    },
  },
  {
    name: "statistics mark a pair as nominated, and know its candidates",
    async run(bench) {
      await call(bench);
      const entries = await bench.settled("getStats", entriesOf(bench.one.rtc));
      const pair = [...entries.values()].find(({ type, nominated }) => type === "candidate-pair" && nominated === true);
      equal(
        "candidate types are known",
        typesOf(entries, pair).every((type) => typeof type === "string"),
        true,
      );
    },
  },
];

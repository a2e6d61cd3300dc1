import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Answers } from "./answers.js";

const options = { openRequests: 4, refusals: 3, waitingBytes: 100 };

type Step =
  | { readonly do: "ask" }
  | { readonly do: "answer"; readonly bytes: number }
  | { readonly do: "leave" }
  | { readonly do: "refusal-leaves" };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.constant<Step>({ do: "ask" }) },
  { weight: 2, arbitrary: fc.nat(80).map((bytes): Step => ({ do: "answer", bytes })) },
  fc.constant<Step>({ do: "leave" }),
  fc.constant<Step>({ do: "refusal-leaves" }),
);

/** What a link does with the counts: requests that run, answers that wait, refusals that wait. */
class Served {
  readonly answers = new Answers(options);
  readonly verdicts: string[] = [];
  running = 0;
  waiting: number[] = [];
  refusals = 0;

  take(it: Step): void {
    if (it.do === "ask") return this.#ask();
    if (it.do === "answer" && this.running > 0) {
      this.running--;
      this.waiting.push(this.answers.answer(it.bytes) ? it.bytes : 0);
    }
    if (it.do === "leave" && this.waiting.length > 0) this.answers.left(this.waiting.shift() as number);
    if (it.do === "refusal-leaves" && this.refusals > 0) {
      this.refusals--;
      this.answers.refusalLeft();
    }
  }

  get bytes(): number {
    return this.waiting.reduce((sum, bytes) => sum + bytes, 0);
  }

  #ask(): void {
    const verdict = this.answers.ask();
    this.verdicts.push(verdict);
    if (verdict === "serve") this.running++;
    if (verdict === "refuse") this.refusals++;
  }
}

describe("the answers of a link", () => {
  it("that wait are bounded by number and by bytes, whatever is asked and taken", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const served = new Served();
        for (const it of steps) {
          served.take(it);
          expect(served.running + served.waiting.length).toBeLessThanOrEqual(options.openRequests);
          expect(served.refusals).toBeLessThanOrEqual(options.refusals);
          expect(served.bytes).toBeLessThan(options.waitingBytes + 80);
          expect(served.answers.waitingBytes).toBe(served.bytes);
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it("never are a violation of who minds the limit: small ones aren't refused either", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const served = new Served();
        for (const it of steps) {
          const isOver = it.do === "ask" && served.running + served.waiting.length >= options.openRequests;
          if (!isOver) served.take(it.do === "answer" ? { ...it, bytes: it.bytes % 20 } : it);
        }
        expect(new Set(served.verdicts)).toEqual(new Set(served.verdicts.length > 0 ? ["serve"] : []));
      }),
      { numRuns: 1_000 },
    );
  });

  it("serve, then refuse, then violate, where nothing is taken", () => {
    const served = new Served();
    for (let i = 0; i < 9; i++) served.take({ do: "ask" });
    expect(served.verdicts).toEqual([
      ...Array(4).fill("serve"),
      ...Array(3).fill("refuse"),
      ...Array(2).fill("violate"),
    ]);
  });

  it("serve again once what waits has left", () => {
    const served = new Served();
    served.take({ do: "ask" });
    served.take({ do: "answer", bytes: 150 });
    served.take({ do: "ask" });
    served.take({ do: "leave" });
    served.take({ do: "ask" });
    expect(served.verdicts).toEqual(["serve", "refuse", "serve"]);
  });
});

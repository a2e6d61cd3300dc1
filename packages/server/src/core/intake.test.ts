import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Conduct } from "./conduct.js";
import { Intake } from "./intake.js";

const packet = (number: number): Uint8Array => Uint8Array.of(number);

/** An intake whose packets stop it where they are told to, and come again where they are told to. */
function createIntake(onto: { stopAt?: number[]; putBack?: number[] } = {}): {
  intake: Intake<Uint8Array>;
  seen: number[];
} {
  const seen: number[] = [];
  const stopAt = [...(onto.stopAt ?? [])];
  const putBack = [...(onto.putBack ?? [])];
  const intake: Intake<Uint8Array> = new Intake((one) => {
    const number = one[0] as number;
    if (putBack[0] === number) {
      putBack.shift();
      return intake.stop(one);
    }
    seen.push(number);
    if (stopAt[0] !== number) return;
    stopAt.shift();
    intake.stop();
  });
  return { intake, seen };
}

describe("an intake", () => {
  test("open -> open: hands on at once", () => {
    const { intake, seen } = createIntake();
    intake.take(packet(1));
    intake.take(packet(2));
    expect([seen, intake.isStopped]).toEqual([[1, 2], false]);
  });

  test("open -> stopped: what follows is held", () => {
    const { intake, seen } = createIntake({ stopAt: [1] });
    for (const number of [1, 2, 3]) intake.take(packet(number));
    expect([seen, intake.isStopped]).toEqual([[1], true]);
  });

  test("stopped -> open: what was held comes in order, then what is new", () => {
    const { intake, seen } = createIntake({ stopAt: [1] });
    for (const number of [1, 2, 3]) intake.take(packet(number));
    intake.goOn();
    intake.take(packet(4));
    expect([seen, intake.isStopped]).toEqual([[1, 2, 3, 4], false]);
  });

  test("stopped -> draining -> stopped: what is left waits again", () => {
    const { intake, seen } = createIntake({ stopAt: [1, 2] });
    for (const number of [1, 2, 3]) intake.take(packet(number));
    intake.goOn();
    expect([seen, intake.isStopped]).toEqual([[1, 2], true]);
    intake.goOn();
    expect([seen, intake.isStopped]).toEqual([[1, 2, 3], false]);
  });

  test("what is put back comes again, before what came behind it", () => {
    const { intake, seen } = createIntake({ putBack: [2, 2] });
    for (const number of [1, 2, 3]) intake.take(packet(number));
    expect(seen).toEqual([1]);
    intake.goOn();
    expect([seen, intake.isStopped]).toEqual([[1], true]);
    intake.goOn();
    expect(seen).toEqual([1, 2, 3]);
  });

  test("what comes while it drains takes its turn", () => {
    const seen: number[] = [];
    const intake: Intake<Uint8Array> = new Intake((one) => {
      seen.push(one[0] as number);
      if (one[0] === 1) intake.stop();
      if (one[0] === 2) intake.take(packet(4));
    });
    for (const number of [1, 2, 3]) intake.take(packet(number));
    intake.goOn();
    expect(seen).toEqual([1, 2, 3, 4]);
  });

  test("says where it has no room left, and loses nothing of what it took", () => {
    const { intake, seen } = createIntake({ stopAt: [1] });
    intake.take(packet(1));
    let taken = 1;
    while (intake.take(packet(2))) taken++;
    intake.goOn();
    expect(seen).toHaveLength(taken);
  });

  test("goOn without a stop does nothing", () => {
    const { intake, seen } = createIntake();
    intake.goOn();
    intake.take(packet(1));
    expect(seen).toEqual([1]);
  });
});

describe("an intake that is paced", () => {
  const rate = { perSecond: 1_000, burst: 2_000 };
  const rates = { control: rate, controlBytes: rate, signals: rate, signalBytes: rate, relayBytes: rate };
  /** Packets that are read together, and how long after the last. */
  const reads = fc.array(
    fc.record({
      sizes: fc.array(fc.integer({ min: 256, max: 1_500 }), { minLength: 1, maxLength: 8 }),
      afterMs: fc.integer({ min: 0, max: 3_000 }),
      lateMs: fc.integer({ min: 0, max: 40 }),
    }),
    { maxLength: 12 },
  );

  test("passes everything, in order, and never more than its burst and what came in since", () => {
    fc.assert(
      fc.property(reads, (all) => {
        const conduct = new Conduct(rates);
        const passed: number[] = [];
        let nowMs = 0;
        let bytes = 0;
        let delayMs = 0;
        const intake: Intake<Uint8Array> = new Intake((one) => {
          delayMs = conduct.paceRelay(one.length, nowMs);
          if (delayMs > 0) return intake.stop(one);
          passed.push(one[0] as number);
          bytes += one.length;
          expect(bytes).toBeLessThanOrEqual(rate.burst + (nowMs * rate.perSecond) / 1000 + 1e-3);
        });
        let sent = 0;
        for (const { sizes, afterMs, lateMs } of all) {
          nowMs += afterMs;
          for (const size of sizes) expect(intake.take(new Uint8Array(size).fill(sent++))).toBe(true);
          // As the socket is: not read while anything waits.
          while (intake.isStopped) {
            nowMs += delayMs + lateMs;
            intake.goOn();
          }
        }
        expect(passed).toEqual(Array.from({ length: sent }, (_, i) => i));
      }),
    );
  });
});

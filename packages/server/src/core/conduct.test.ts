import { describe, expect, test } from "vitest";
import type { ClassRates } from "./allowance.js";
import { Conduct } from "./conduct.js";
import { Share } from "./shares.js";

const plenty = { perSecond: 1e6, burst: 1e6 };
const rates: ClassRates = {
  controlBytes: plenty,
  signalBytes: plenty,
  control: { perSecond: 1, burst: 2 },
  signals: { perSecond: 1, burst: 2 },
  relayBytes: { perSecond: 2_000, burst: 4_000 },
};

describe("conduct", () => {
  test("keeps the kinds of message apart", () => {
    const conduct = new Conduct(rates);
    expect([conduct.admitControl(1, 0), conduct.admitControl(1, 0)]).toEqual([0, 0]);
    expect(conduct.admitControl(1, 0)).toBe(1_000);
    expect(conduct.admitSignal(1, 0)).toBe(0);
    expect(conduct.paceRelay(3_000, 0)).toBe(0);
    expect(conduct.paceRelay(3_000, 0)).toBe(1_000);
  });

  test("charges small relayed packets for the work they make", () => {
    const conduct = new Conduct(rates);
    const passed = Array.from({ length: 20 }, () => conduct.paceRelay(1, 0)).filter((delayMs) => delayMs === 0);
    expect(passed).toHaveLength(1);
  });

  test("holds it against nobody that relayed packets have to wait", () => {
    const conduct = new Conduct(rates);
    for (let i = 0; i < 1_000; i++) conduct.paceRelay(2_000, 0);
    expect(conduct.verdict).toBeUndefined();
    for (let i = 0; i < 103; i++) {
      conduct.admitControl(1, 0);
      conduct.paceRelay(256, i * 1_000);
    }
    expect(conduct.verdict).toBe("rate-limited");
  });

  test("tells relayed packets to wait just as long as it takes", () => {
    const conduct = new Conduct(rates);
    expect(conduct.paceRelay(4_000, 0)).toBe(0);
    expect(conduct.paceRelay(3_000, 0)).toBe(1_500);
    expect(conduct.paceRelay(3_000, 1_499)).toBe(1);
    expect(conduct.paceRelay(3_000, 1_500)).toBe(0);
  });

  test("puts up with nine messages that can't be read", () => {
    const conduct = new Conduct(rates);
    for (let i = 0; i < 9; i++) conduct.strike();
    expect(conduct.verdict).toBeUndefined();
    conduct.strike();
    expect(conduct.verdict).toBe("bad-message");
  });

  test("puts up with a hundred messages in a row that come too fast", () => {
    const conduct = new Conduct(rates);
    for (let i = 0; i < 102; i++) conduct.admitControl(1, 0);
    expect(conduct.verdict).toBeUndefined();
    conduct.admitControl(1, 0);
    expect(conduct.verdict).toBe("rate-limited");
  });

  test("forgets haste once a message has passed", () => {
    const conduct = new Conduct(rates);
    for (let i = 0; i < 90; i++) conduct.admitControl(1, 0);
    expect(conduct.admitControl(1, 1_000)).toBe(0);
    for (let i = 0; i < 90; i++) conduct.admitControl(1, 1_000);
    expect(conduct.verdict).toBeUndefined();
  });

  test("counts bytes as well as messages", () => {
    const conduct = new Conduct({ ...rates, signals: plenty, signalBytes: { perSecond: 100, burst: 300 } });
    expect(conduct.admitSignal(300, 0)).toBe(0);
    expect(conduct.admitSignal(100, 0)).toBe(1_000);
  });

  test("shares with others what is theirs together, and is not to blame for what they used up", () => {
    const room = new Share({ ...rates, control: { perSecond: 1, burst: 3 }, arrivals: plenty, holders: 2 });
    const first = new Conduct(rates);
    first.hold(room);
    const second = new Conduct({ ...rates, control: plenty });
    second.hold(room);
    expect(room.arrive(0)).toBe("full");
    expect([first.admitControl(1, 0), first.admitControl(1, 0), second.admitControl(1, 0)]).toEqual([0, 0, 0]);
    for (let i = 0; i < 200; i++) expect(second.admitControl(1, 0)).toBe(1_000);
    expect(second.verdict).toBeUndefined();
    second.release();
    expect(room.arrive(0)).toBe(0);
  });

  test("is charged by all of its holders or by none", () => {
    const conduct = new Conduct({ ...rates, relayBytes: { perSecond: 4_000, burst: 8_000 } });
    const relayBytes = { perSecond: 4_000, burst: 4_000 };
    conduct.hold(new Share({ ...rates, relayBytes, arrivals: plenty, holders: 1 }));
    expect(conduct.paceRelay(4_000, 0)).toBe(0);
    for (let i = 0; i < 10; i++) expect(conduct.paceRelay(4_000, 0)).toBe(1_000);
    expect(conduct.paceRelay(4_000, 1_000)).toBe(0);
  });

  test("takes no turn from others while it waits for its own rate", () => {
    const share = new Share({ ...rates, relayBytes: { perSecond: 4_000, burst: 4_000 }, arrivals: plenty, holders: 2 });
    const hasty = new Conduct({ ...rates, relayBytes: { perSecond: 4_000, burst: 4_000 } });
    const other = new Conduct(rates);
    for (const conduct of [hasty, other]) conduct.hold(share);
    expect(hasty.paceRelay(4_000, 0)).toBe(0);
    expect(hasty.paceRelay(4_000, 0)).toBe(1_000);
    expect(other.paceRelay(4_000, 0)).toBe(1_000);
  });
});

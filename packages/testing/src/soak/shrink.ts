import type { Happening, Scenario } from "./core/scenario.js";

/** Whether a scenario fails still. */
export type Fails = (scenario: Scenario) => Promise<boolean>;

/**
 * Leaves out of a failing scenario what it fails without, by delta debugging (Zeller, Hildebrandt 2002): halves, then quarters, and so on
 * down to single happenings.
 *
 * @param tried is told after each try how much is left
 */
export async function shrink(
  scenario: Scenario,
  fails: Fails,
  tried: (left: number) => void = () => {},
): Promise<Scenario> {
  let left = scenario.happenings;
  for (let parts = 2; left.length > 0 && parts <= 2 * left.length; ) {
    const smaller = await withoutOnePart({ ...scenario, happenings: left }, parts, fails);
    left = smaller ?? left;
    tried(left.length);
    parts = smaller === undefined ? 2 * parts : Math.max(2, parts - 1);
  }
  return { ...scenario, happenings: left };
}

async function withoutOnePart(
  scenario: Scenario,
  parts: number,
  fails: Fails,
): Promise<readonly Happening[] | undefined> {
  const all = scenario.happenings;
  const length = Math.max(1, Math.ceil(all.length / parts));
  for (let at = 0; at < all.length; at += length) {
    const happenings = [...all.slice(0, at), ...all.slice(at + length)];
    if (await fails({ ...scenario, happenings })) return happenings;
  }
  return undefined;
}

import { type Check, Skipped, Unmet, type Verdict } from "./check.js";

/** What became of a check. */
export interface CheckResult {
  readonly section: string;
  readonly name: string;
  readonly verdict: Verdict;
  readonly durationMs: number;
}

export type Only = string | ((check: { readonly section: string; readonly name: string }) => boolean);

export interface RunOptions<World> {
  readonly checks: readonly Check<World>[];
  /** A world of its own for each check, and what closes it. */
  readonly open: () => { readonly world: World; close(): Promise<void> };
  /** Only those whose section or name has this text in it, whatever its case, or of which this is true. */
  readonly only?: Only | undefined;
  /** How many checks run side by side. Default 4. */
  readonly concurrency?: number | undefined;
  /** Told in the order of the checks. */
  readonly onResult?: ((result: CheckResult) => void) | undefined;
}

/** Runs checks side by side. None of them throws: what goes wrong is its verdict. */
export async function runChecks<World>(options: RunOptions<World>): Promise<readonly CheckResult[]> {
  const checks = selectChecks(options.checks, options.only);
  const results: (CheckResult | undefined)[] = checks.map(() => undefined);
  let next = 0;
  let told = 0;
  const work = async () => {
    for (let index = next++; index < checks.length; index = next++) {
      results[index] = await runCheck(checks[index] as Check<World>, options.open);
      for (let result = results[told]; result !== undefined; result = results[++told]) options.onResult?.(result);
    }
  };
  await Promise.all(Array.from({ length: options.concurrency ?? 4 }, work));
  return results as CheckResult[];
}

/** Those that are wanted. */
export function selectChecks<World>(checks: readonly Check<World>[], only?: Only): readonly Check<World>[] {
  if (only === undefined) return checks;
  if (typeof only === "function") return checks.filter(only);
  const wanted = only.toLowerCase();
  return checks.filter(({ section, name }) => `${section}\n${name}`.toLowerCase().includes(wanted));
}

async function runCheck<World>(check: Check<World>, open: RunOptions<World>["open"]): Promise<CheckResult> {
  const { section, name } = check;
  const { world, close } = open();
  const startedMs = performance.now();
  const verdict = await check.run(world).then((): Verdict => ({ is: "passed" }), verdictOf(check));
  const durationMs = Math.round(performance.now() - startedMs);
  await close();
  return { section, name, verdict, durationMs };
}

function verdictOf({ level }: Pick<Check<unknown>, "level">): (error: unknown) => Verdict {
  return (error) => {
    if (error instanceof Skipped) return { is: "skipped", because: error.message };
    const is = level === "should" ? "advised" : "failed";
    if (error instanceof Unmet) return { is, expected: error.expected, came: error.came };
    return {
      is,
      expected: "a check that runs to its end",
      came: error instanceof Error ? error.message : String(error),
    };
  };
}

/** How many came to what. */
export function countVerdicts(results: readonly CheckResult[]): Readonly<Record<Verdict["is"], number>> {
  const counts = { passed: 0, failed: 0, advised: 0, skipped: 0 };
  for (const { verdict } of results) counts[verdict.is]++;
  return counts;
}

/** What a check may find besides that all is well. `failed` counts against the one under test; the others don't. */
export type Verdict =
  | { readonly is: "passed" }
  | { readonly is: "failed"; readonly expected: string; readonly came: string }
  /** As `failed`, of what the specification only recommends. */
  | { readonly is: "advised"; readonly expected: string; readonly came: string }
  | { readonly is: "skipped"; readonly because: string };

/** One sentence of the specification, held against an implementation. */
export interface Check<World> {
  /** Where the sentence is: a page of docs/spec and a heading on it, as `links.md: HELLO`. */
  readonly section: string;
  /** What an implementation does that passes. */
  readonly name: string;
  /** MUST, unless it is only SHOULD. */
  readonly level?: "should";
  /** @throws {Unmet} @throws {Skipped} */
  run(world: World): Promise<void>;
}

/** Something else came than the specification has. */
export class Unmet extends Error {
  readonly expected: string;
  readonly came: string;

  constructor(expected: string, came: string) {
    super(`expected ${expected}; ${came} came`);
    this.expected = expected;
    this.came = came;
  }
}

/** There is nothing to hold against the specification. */
export class Skipped extends Error {}

/** @throws {Unmet} unless `fact` is true */
export function mustBe(fact: boolean, expected: string, came: string): asserts fact {
  if (!fact) throw new Unmet(expected, came);
}

/** The checks of one section. */
export function section<World>(
  name: string,
  checks: Readonly<Record<string, (world: World) => Promise<void>>>,
): Check<World>[] {
  return Object.entries(checks).map(([check, run]) => {
    const isAdvice = check.startsWith("(should) ");
    return { section: name, name: check.replace("(should) ", ""), ...(isAdvice ? { level: "should" } : {}), run };
  });
}

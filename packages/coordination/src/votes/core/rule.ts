/** Of the electorate, counted when it was proposed: more than half, everyone, or so many. */
export type Rule = "majority" | "unanimous" | { readonly quorum: number };

/** What a ballot says. An abstention counts as neither. */
export type Choice = "yes" | "no" | "abstain";

/** How many must say yes. */
export function neededYes(rule: Rule, electors: number): number {
  if (rule === "majority") return Math.floor(electors / 2) + 1;
  return rule === "unanimous" ? electors : rule.quorum;
}

/** What so many yes make of it, where so many may still come; undefined while the rest can change it. */
export function decisionOf(
  rule: Rule,
  electors: number,
  { yes, open }: { readonly yes: number; readonly open: number },
): "accepted" | "rejected" | undefined {
  const needed = neededYes(rule, electors);
  if (yes >= needed) return "accepted";
  return yes + open < needed ? "rejected" : undefined;
}

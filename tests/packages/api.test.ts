import { existsSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { apiReports, libraries, reportOf, updateCommand } from "./support/api-report.ts";

const reports = apiReports();

it.each(libraries)("$manifest.name exports what its report says", (each) => {
  const agreed = existsSync(reportOf(each)) ? readFileSync(reportOf(each), "utf8") : "";
  const sentence = `What ${each.manifest.name} exports isn't what tests/packages/api/${each.name}.md says. Where that is meant, run \`${updateCommand}\`, and say in a changeset what it is for users.`;
  expect(reports.get(each), sentence).toBe(agreed);
});

import { writeFileSync } from "node:fs";
import { apiReports, reportOf } from "./api-report.ts";

for (const [each, report] of apiReports()) writeFileSync(reportOf(each), report);

// Builds the package in the current folder: JavaScript by tsup, declarations by tsc, both for `import` and `require`.
import { execFileSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";

rmSync("dist", { recursive: true, force: true });
const run = (command, ...args) => execFileSync(command, args, { stdio: "inherit" });

run("tsup");
for (const format of ["esm", "cjs"]) run("tsc", "-p", "tsconfig.build.json", "--outDir", `dist/${format}`);
writeFileSync("dist/esm/package.json", `${JSON.stringify({ type: "module" })}\n`);
writeFileSync("dist/cjs/package.json", `${JSON.stringify({ type: "commonjs" })}\n`);

import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, it } from "vitest";
import { commandsOf } from "./guide.ts";

// What can be told of deploy/ without a bare Debian: that it fits the guide, the package that is published, and the command's settings.

const root = fileURLToPath(new URL("../../", import.meta.url));
const read = (file: string): string => readFileSync(join(root, file), "utf8");
const cli = join(root, "packages/cli");
const commands = commandsOf(read("docs/guide/deploy.md"))
  .map(({ text }) => text)
  .join("");
const scratch = mkdtempSync(join(tmpdir(), "skein-deploy-files-"));
afterAll(() => rmSync(scratch, { recursive: true }));

const installed = "/opt/skein/node_modules/@skein/cli/";

it("the command's package has what the guide installs, as the repository has it", () => {
  const files = [...commands.matchAll(/\$files\/([\w.-]+)/g)].map(([, file]) => file as string);
  expect(new Set(files)).toEqual(new Set(readdirSync(join(root, "deploy")).filter((file) => file !== "Dockerfile")));
  expect(commands).toContain(`files=${installed}dist/deploy\n`);
  for (const file of files) expect(readFileSync(join(cli, "dist/deploy", file), "utf8")).toBe(read(`deploy/${file}`));
});

it("the service starts what the guide installs", () => {
  const [node, program, ...args] = (/^ExecStart=(.*)$/m.exec(read("deploy/skein.service"))?.[1] ?? "").split(" ");
  expect(node).toBe("/opt/node/bin/node");
  expect(program?.slice(0, installed.length)).toBe(installed);
  const inPackage = program?.slice(installed.length) ?? "";
  expect(`./${inPackage}`).toBe(JSON.parse(read("packages/cli/package.json")).bin.skein);
  expect(existsSync(join(cli, inPackage))).toBe(true);
  expect(args).toEqual(["serve", "--config", "/etc/skein/skein.json"]);
  expect(commands).toContain("> /etc/skein/skein.json\n");
});

it("systemd finds nothing wrong with the service", () => {
  const unit = read("deploy/skein.service").replace("/opt/node/bin/node", process.execPath);
  const file = join(scratch, "skein.service");
  writeFileSync(file, unit);
  // What it has to say, it says on stderr, some of it with 0.
  const { stderr, status } = verify(file);
  expect(stderr.split("\n").filter((line) => line.includes("skein.service"))).toEqual([]);
  expect(status).toBe(0);
});

function verify(file: string): { readonly stderr: string; readonly status: number | null } {
  try {
    const shell = ["-c", 'systemd-analyze verify --man=no "$1" 2>&1', "sh", file];
    return { stderr: execFileSync("sh", shell, { encoding: "utf8" }), status: 0 };
  } catch (error) {
    const { stdout, status } = error as { stdout: string; status: number | null };
    return { stderr: stdout, status };
  }
}

it("the image's settings are the command's", () => {
  const dockerfile = read("deploy/Dockerfile").replaceAll(/^ARG .*$/gm, "");
  const names = new Set([...dockerfile.matchAll(/\b(SKEIN_[A-Z_]+)=/g)].map(([, name]) => name as string));
  const help = execFileSync(process.execPath, [join(cli, "dist/esm/main.js"), "serve", "--help"], { encoding: "utf8" });
  for (const name of names) expect(help).toContain(`[${name}]`);
  expect(names.size).toBeGreaterThan(3);
});

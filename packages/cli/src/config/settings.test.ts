import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { addSettings, resolveSettings, type Setting } from "./settings.js";

const settings: readonly Setting[] = [
  {
    flags: "-p, --port <number>",
    about: "a port",
    parse: (text) => {
      if (/^\d+$/.test(text)) return Number(text);
      throw new InvalidArgumentError("A port is a number.");
    },
  },
  { flags: "--allow-origin <origin...>", about: "origins", parse: (text) => text },
  { flags: "--page", about: "a page" },
  { flags: "--host <address>", about: "an address" },
];

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "skein-settings-"));
});

afterEach(() => rmSync(folder, { recursive: true }));

function resolve(
  argv: readonly string[],
  environment: Record<string, string>,
  file?: unknown,
): Record<string, unknown> {
  const path = join(folder, "skein.json");
  if (file !== undefined) writeFileSync(path, typeof file === "string" ? file : JSON.stringify(file));
  let resolved: Record<string, unknown> = {};
  const command = addSettings(new Command("serve"), settings)
    .exitOverride()
    .configureOutput({ writeErr: () => {} });
  command.action((flags) => {
    resolved = resolveSettings(settings, flags, environment);
  });
  command.parse([...(file === undefined ? [] : ["--config", path]), ...argv], { from: "user" });
  return resolved;
}

describe("settings", () => {
  it("come from flags, the environment and a file, read the same", () => {
    const expected = { port: 8080, allowOrigin: ["https://a.example", "self"], page: true, host: "::1" };
    const flags = ["-p", "8080", "--allow-origin", "https://a.example", "self", "--page", "--host", "::1"];
    expect(resolve(flags, {})).toEqual(expected);
    const environment = {
      SKEIN_PORT: "8080",
      SKEIN_ALLOW_ORIGIN: "https://a.example, self",
      SKEIN_PAGE: "true",
      SKEIN_HOST: "::1",
    };
    expect(resolve([], environment)).toEqual(expected);
    const file = { port: 8080, "allow-origin": ["https://a.example", "self"], page: true, host: "::1" };
    expect(resolve([], {}, file)).toMatchObject(expected);
  });

  it("prefer flags to the environment, and that to the file", () => {
    expect(resolve(["-p", "1"], { SKEIN_PORT: "2" }, { port: 3 })).toMatchObject({ port: 1 });
    expect(resolve([], { SKEIN_PORT: "2" }, { port: 3 })).toMatchObject({ port: 2 });
    expect(resolve([], { SKEIN_PAGE: "false" }, { page: true })).toMatchObject({ page: false });
    expect(resolve([], {}, { port: 3 })).toMatchObject({ port: 3 });
  });

  it.each<[string, Record<string, string>, unknown, RegExp]>([
    ["the environment", { SKEIN_PORT: "x" }, undefined, /^SKEIN_PORT: A port is a number\.$/],
    ["a switch of the environment", { SKEIN_PAGE: "maybe" }, undefined, /^SKEIN_PAGE: A switch/],
    ["a file", {}, { port: "x" }, /skein\.json, "port": A port is a number\.$/],
    ["a file's value of another kind", {}, { port: { a: 1 } }, /"port": Give a text or a number/],
    ["a file's key", {}, { porte: 1 }, /There is no setting "porte": "port" is near it\./],
    ["a file that is no JSON", {}, "{", /can't be read as settings/],
    ["a file that is no object", {}, "[]", /holds no settings/],
  ])("that can't be used name the key and where it came from: %s", (_, environment, file, sentence) => {
    expect(() => resolve([], environment, file)).toThrow(sentence);
  });

  it("that are in a file which isn't there say so", () => {
    const sentence = /can't be read from \/nowhere\/skein\.json: is it there/;
    expect(() => resolve(["--config", "/nowhere/skein.json"], {})).toThrow(sentence);
  });

  it("are all in the help, with their names in the environment", () => {
    const help = addSettings(new Command("serve"), settings).helpInformation();
    for (const word of ["--port <number>", "SKEIN_PORT", "SKEIN_ALLOW_ORIGIN", "SKEIN_PAGE", "SKEIN_CONFIG"]) {
      expect(help).toContain(word);
    }
  });
});

import { readFileSync } from "node:fs";
import { SkeinError } from "@skein/protocol";
import { type Command, InvalidArgumentError, Option } from "commander";

/**
 * One setting of a command, wherever it comes from: a flag, the environment, or a file. All three are read by the same function.
 * The flag's long name is the key of the file; in capitals, behind `SKEIN_`, the environment's.
 */
export interface Setting {
  /** `-p, --port <number>`; without `<…>` it is a switch, with `<…...>` a list. */
  readonly flags: string;
  /** What it is, and what it is by default. */
  readonly about: string;
  /** Reads one text. @throws {InvalidArgumentError} with what it should look like. */
  readonly parse?: (text: string) => unknown;
}

/** What the environment holds. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The file that the other settings may come from. */
export const configSetting: Setting = {
  flags: "-c, --config <file>",
  about: 'a file with settings: JSON, {"port": 8080, "page": true}; the keys are the flags\' names',
};

/** The flags of a command, from its table. Their defaults aren't commander's: a default must give way to a file. */
export function addSettings(command: Command, settings: readonly Setting[]): Command {
  for (const setting of [configSetting, ...settings]) {
    const option = new Option(setting.flags, `${setting.about} [${environmentName(keyOf(setting))}]`);
    const { parse } = setting;
    if (parse !== undefined && isList(setting)) {
      command.addOption(option.argParser((text, before: readonly unknown[] = []) => [...before, parse(text)]));
    } else command.addOption(parse === undefined ? option : option.argParser(parse));
  }
  return command;
}

/**
 * All settings by the names that commander gives them: a flag goes before the environment, the environment before the file.
 * @throws {SkeinError} `bad-argument` that names the key and where it came from.
 */
export function resolveSettings(
  settings: readonly Setting[],
  flags: Readonly<Record<string, unknown>>,
  environment: Environment,
): Record<string, unknown> {
  const file = flags.config ?? environment[environmentName("config")];
  const fromFile = typeof file === "string" && file !== "" ? readConfig(file, settings) : {};
  return { ...fromFile, ...fromEnvironment(settings, environment), ...flags };
}

function fromEnvironment(settings: readonly Setting[], environment: Environment): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const setting of settings) {
    const name = environmentName(keyOf(setting));
    const text = environment[name]?.trim();
    if (text === undefined || text === "") continue;
    values[attributeOf(setting)] = readText(setting, text, name);
  }
  return values;
}

function readText(setting: Setting, text: string, origin: string): unknown {
  if (isSwitch(setting)) return readSwitch(text, origin);
  return isList(setting)
    ? text.split(/[\s,]+/).map((part) => parseOne(setting, part, origin))
    : parseOne(setting, text, origin);
}

function readConfig(file: string, settings: readonly Setting[]): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(readJson(file))) {
    const origin = `${file}, "${key}"`;
    const setting = settings.find((one) => keyOf(one) === key);
    if (setting === undefined) throw unknownKey(key, file, settings);
    values[attributeOf(setting)] = readValue(setting, value, origin);
  }
  return values;
}

function readValue(setting: Setting, value: unknown, origin: string): unknown {
  if (isSwitch(setting)) return readSwitch(String(value), origin);
  if (!isList(setting)) return parseOne(setting, textOf(value, origin), origin);
  const items: readonly unknown[] = Array.isArray(value) ? value : [value];
  return items.map((item) => parseOne(setting, textOf(item, origin), origin));
}

function readJson(file: string): object {
  const text = readFile(file);
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  } catch (cause) {
    throw new SkeinError("bad-argument", `${file} can't be read as settings: it must be JSON like {"port": 8080}.`, {
      cause,
    });
  }
  throw new SkeinError("bad-argument", `${file} holds no settings: it must be an object like {"port": 8080}.`);
}

function readFile(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    const sentence = `The settings can't be read from ${file}: is it there, and may this process read it?`;
    throw new SkeinError("bad-argument", sentence, { cause });
  }
}

function parseOne({ parse }: Setting, text: string, origin: string): unknown {
  try {
    return parse === undefined ? text : parse(text);
  } catch (cause) {
    if (!(cause instanceof InvalidArgumentError)) throw cause;
    throw new SkeinError("bad-argument", `${origin}: ${cause.message}`, { cause });
  }
}

function readSwitch(text: string, origin: string): boolean {
  if (text === "true" || text === "1") return true;
  if (text === "false" || text === "0") return false;
  throw new SkeinError("bad-argument", `${origin}: A switch is true or false.`);
}

function textOf(value: unknown, origin: string): string {
  if (typeof value === "string" || typeof value === "number") return String(value);
  throw new SkeinError("bad-argument", `${origin}: Give a text or a number.`);
}

function unknownKey(key: string, file: string, settings: readonly Setting[]): SkeinError {
  const known = settings.map(keyOf);
  const near = known.find((one) => one.startsWith(key.slice(0, 3).toLowerCase()));
  const hint = near === undefined ? `the keys are ${known.join(", ")}` : `"${near}" is near it`;
  return new SkeinError("bad-argument", `${file}: There is no setting "${key}": ${hint}.`);
}

function keyOf({ flags }: Setting): string {
  return /--([a-z-]+)/.exec(flags)?.[1] ?? flags;
}

function environmentName(key: string): string {
  return `SKEIN_${key.toUpperCase().replaceAll("-", "_")}`;
}

function attributeOf(setting: Setting): string {
  return keyOf(setting).replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function isSwitch({ flags }: Setting): boolean {
  return !flags.includes("<");
}

function isList({ flags }: Setting): boolean {
  return flags.includes("...>");
}

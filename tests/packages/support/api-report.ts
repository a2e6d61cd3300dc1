import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  CompilerState,
  Extractor,
  ExtractorConfig,
  ExtractorLogLevel,
  type IConfigFile,
} from "@microsoft/api-extractor";
import { isLibrary, packages } from "./packed.ts";

type Package = (typeof packages)[number];

export const libraries = packages.filter(({ manifest }) => isLibrary(manifest));

/** Where reports lie that were agreed on. */
export const reportOf = ({ name }: Package): URL => new URL(`../api/${name}.md`, import.meta.url);

/** What a change does to the reports. */
export const updateCommand = "npm run api";

interface Entry {
  readonly owner: Package;
  /** As it is imported. */
  readonly name: string;
  readonly config: ExtractorConfig;
}

/** Reads what was built of all libraries: everything that they export, as their users' compilers see it. */
export function apiReports(): ReadonlyMap<Package, string> {
  const folder = mkdtempSync(join(tmpdir(), "skein-api-"));
  try {
    const entries = libraries.flatMap((owner) => entriesOf(owner, folder));
    const [first, ...rest] = entries.map(({ config }) => config);
    // One program for all of them: most of the time is in reading the platform's own types.
    const additionalEntryPoints = rest.map(({ mainEntryPointFilePath }) => mainEntryPointFilePath);
    const state = CompilerState.create(first as ExtractorConfig, { additionalEntryPoints });
    return new Map(libraries.map((each) => [each, report(each, entries, state)]));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function entriesOf(owner: Package, folder: string): Entry[] {
  const importable = Object.entries(owner.manifest.exports ?? {}).filter(([path]) => !path.endsWith(".json"));
  return importable.map(([path, targets]) => ({
    owner,
    name: path.replace(".", owner.manifest.name),
    config: prepare(owner.source, join(owner.source, (targets as EntryTargets).import.types), folder),
  }));
}

function report(each: Package, entries: readonly Entry[], state: CompilerState): string {
  const head = `# The interface of ${each.manifest.name}\n\nWritten by \`${updateCommand}\`: a change of it is a change for users.\n`;
  const sections = entries
    .filter(({ owner }) => owner === each)
    .map(({ name, config }) => `## ${name}\n\n\`\`\`ts\n${declarations(config, state)}\n\`\`\`\n`);
  return [head, ...sections].join("\n");
}

interface EntryTargets {
  readonly import: { readonly types: string };
}

function prepare(source: string, file: string, folder: string): ExtractorConfig {
  const configObject: IConfigFile = {
    projectFolder: source,
    mainEntryPointFilePath: file,
    newlineKind: "lf",
    compiler: {
      overrideTsconfig: {
        compilerOptions: { target: "es2022", module: "nodenext", types: ["node"], skipLibCheck: true },
        files: [file],
      },
    },
    apiReport: { enabled: true, reportFileName: "report.api.md", reportFolder: folder, reportTempFolder: folder },
    docModel: { enabled: false },
    dtsRollup: { enabled: false },
    tsdocMetadata: { enabled: false },
    messages: {
      extractorMessageReporting: { default: { logLevel: ExtractorLogLevel.None } },
      tsdocMessageReporting: { default: { logLevel: ExtractorLogLevel.None } },
    },
  };
  return ExtractorConfig.prepare({
    configObject,
    configObjectFullPath: undefined,
    packageJsonFullPath: join(source, "package.json"),
  });
}

function declarations(config: ExtractorConfig, compilerState: CompilerState): string {
  const complaints: string[] = [];
  Extractor.invoke(config, {
    compilerState,
    localBuild: true,
    messageCallback: (message) => {
      if (message.category === "Compiler") complaints.push(message.text);
      message.handled = true;
    },
  });
  if (complaints.length > 0) throw new Error(complaints.join("\n"));
  const report = readFileSync(config.reportFilePath, "utf8");
  const [, code] = /```ts\n(.*)```/s.exec(report) ?? [];
  if (code === undefined) throw new Error(`There is no report of ${config.mainEntryPointFilePath}.`);
  return code.replace(/\n?\/\/ \(No @packageDocumentation comment for this package\)\n/, "").trim();
}

// Runs the packages' sources as they are (Node takes the types away), with faults planted in them: `SKEIN_FAULT` is
// a JSON object of a `file` below `packages`, what to `find` in it, and what to `put` in its place.
import { readFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { fileURLToPath } from "node:url";

const packages = new URL("../../packages/", import.meta.url);
const fault = process.env.SKEIN_FAULT === undefined ? undefined : JSON.parse(process.env.SKEIN_FAULT);

registerHooks({
  resolve(specifier, context, next) {
    const own = /^@skein\/([a-z-]+)$/.exec(specifier);
    if (own !== null) return { url: new URL(`${own[1]}/src/index.ts`, packages).href, shortCircuit: true };
    if (specifier === "#engine") {
      return { url: new URL("client/src/engine/platform.node.ts", packages).href, shortCircuit: true };
    }
    const isSource = context.parentURL?.startsWith(packages.href) && !context.parentURL.includes("/node_modules/");
    if (isSource && /^\.{1,2}\/.*\.js$/.test(specifier)) {
      return { url: new URL(specifier.replace(/\.js$/, ".ts"), context.parentURL).href, shortCircuit: true };
    }
    return next(specifier, context);
  },
  load(url, context, next) {
    if (fault === undefined || url !== new URL(fault.file, packages).href) return next(url, context);
    const source = readFileSync(fileURLToPath(url), "utf8");
    if (source.split(fault.find).length !== 2)
      throw new Error(`The place for the fault isn't there once: ${fault.find}`);
    return { format: "module-typescript", source: source.replace(fault.find, () => fault.put), shortCircuit: true };
  },
});

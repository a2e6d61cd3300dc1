import { defineConfig } from "tsup";
import { recipe } from "../../tsup.config";

// A command, not a library: ES modules alone, no declarations.
const [esm] = recipe({ main: "src/main.ts" }, { platform: "node" });

export default defineConfig({ ...esm, clean: true });

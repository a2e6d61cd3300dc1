import { defineConfig } from "tsup";
import { recipe } from "../../tsup.config";

export default defineConfig(
  recipe({
    index: "src/index.ts",
    "simple-peer/index": "src/simple-peer/index.ts",
    "engine/platform.browser": "src/engine/platform.browser.ts",
    "engine/platform.node": "src/engine/platform.node.ts",
  }),
);

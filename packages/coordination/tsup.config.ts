import { defineConfig } from "tsup";
import { recipe } from "../../tsup.config";

export default defineConfig(
  recipe({ index: "src/index.ts", "indexed-db": "src/indexed-db.ts", node: "src/node.ts" }, { platform: "node" }),
);

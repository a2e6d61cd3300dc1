import { defineConfig } from "tsup";
import { recipe } from "../../tsup.config";

export default defineConfig(
  recipe(
    {
      index: "src/index.ts",
      "tokens/index": "src/tokens/index.ts",
      "operations/index": "src/operations/index.ts",
      "coturn/index": "src/coturn/index.ts",
      "redis/index": "src/redis/index.ts",
      "nats/index": "src/nats/index.ts",
    },
    { platform: "node" },
  ),
);

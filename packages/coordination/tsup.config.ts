import { defineConfig } from "tsup";
import { recipe } from "../../tsup.config";

export default defineConfig(recipe(["src/index.ts"], { platform: "node" }));

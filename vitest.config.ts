import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const root = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/**
 * `unit` runs the sources as they are, so nothing has to be built; `interop` runs what is built, through the packages'
 * own `exports`, with real engines; `natlab` the same in networks of its own; `sim` plays scenarios in the simulated world.
 * `lint` holds the linter's rules against code that breaks them, `packages` looks at
 * what would be published.
 */
export default defineConfig({
  test: {
    projects: [
      {
        resolve: {
          alias: [
            { find: /^@skein\/([a-z-]+)$/, replacement: root("packages/$1/src/index.ts") },
            { find: /^@skein\/server\/([a-z]+)$/, replacement: root("packages/server/src/$1/index.ts") },
            { find: "#engine", replacement: root("packages/client/src/engine/platform.node.ts") },
          ],
        },
        test: {
          name: "unit",
          include: ["packages/*/src/**/*.test.ts", "bench/src/**/*.test.ts"],
          // Properties take a second or two, and many more on a machine that is busy with other things.
          testTimeout: 30_000,
          sequence: { groupOrder: 0 },
        },
      },
      { test: { name: "lint", include: ["tests/lint/**/*.test.ts"], sequence: { groupOrder: 0 } } },
      {
        test: {
          name: "packages",
          include: ["tests/packages/*.test.ts"],
          globalSetup: ["tests/packages/support/setup.ts"],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: "compat",
          include: ["tests/compat/*.test.ts"],
          testTimeout: 120_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: "interop",
          include: ["tests/interop/**/*.test.ts", "tests/deploy/**/*.test.ts"],
          // Browsers and data channels of one file must not take the processor from those of another.
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          name: "sim",
          include: ["tests/sim/**/*.test.ts"],
          // Processes that count their processor time have it to themselves.
          fileParallelism: false,
          testTimeout: 600_000,
          sequence: { groupOrder: 3 },
        },
      },
      {
        test: {
          name: "natlab",
          include: ["tests/natlab/**/*.test.ts"],
          fileParallelism: false,
          // The whole of it runs before its tests are told: all that waits in it, waits side by side.
          hookTimeout: 600_000,
          sequence: { groupOrder: 4 },
        },
      },
    ],
  },
});

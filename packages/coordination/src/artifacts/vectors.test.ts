import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { pattern, vectorFolder } from "../../scripts/make-artifact-vectors.ts";
import { MemoryNetwork } from "../simulation/memory-network.test-support.js";
import { VirtualClock } from "../simulation/virtual-clock.test-support.js";
import { createArtifacts } from "./artifacts.js";
import { idBytes, idText } from "./core/content-id.js";

const read = (name: string) => readFileSync(new URL(name, vectorFolder), "utf8");
const { artifacts: vectors } = JSON.parse(read("artifact.json")) as { artifacts: { bytes: number; id: string }[] };

it.each(vectors)("an artifact of $bytes bytes has the id of its vector", async ({ bytes, id }) => {
  const clock = new VirtualClock();
  const artifacts = await createArtifacts(new MemoryNetwork(clock).join(1), { clock });
  expect((await artifacts.put(pattern(bytes))).id).toBe(id);
  expect(idText(idBytes(id as never))).toBe(id);
});

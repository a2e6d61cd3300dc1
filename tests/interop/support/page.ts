import { Agent } from "./agent.ts";
import { GlareSide } from "./glare.ts";

// What a test reaches through `page.evaluate`.
Object.assign(globalThis, { createAgent: () => new Agent(), GlareSide });

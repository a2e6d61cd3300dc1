import SimplePeer from "simple-peer/simplepeer.min.js";
import { Agent } from "./agent.ts";
import { GlareSide } from "./glare.ts";
import { SimplePeerAgent } from "./simple-peer-agent.ts";

// What a test reaches through `page.evaluate`.
Object.assign(globalThis, {
  createAgent: () => new Agent(),
  createSimplePeerAgent: () =>
    new SimplePeerAgent((options) => new SimplePeer({ ...options, config: { iceServers: [] } })),
  GlareSide,
});

// Writes packages/protocol/vectors/*.json from the built package: `node packages/protocol/scripts/make-vectors.ts`.
// Nothing in it depends on time or chance, so running it again changes nothing unless the wire changed.
import { mkdirSync, writeFileSync } from "node:fs";
import { channelMessageVectors, peerIdVectors, relayChannelVectors } from "./vectors/channels.ts";
import { cardVectors, identityVectors, joinProofVectors } from "./vectors/identities.ts";
import { frameVectors, payloadVectors, settlementVectors, varintVectors } from "./vectors/links.ts";
import { messagePackVectors } from "./vectors/message-pack.ts";
import { controlVectors, packetVectors, relayVectors, signalVectors } from "./vectors/messages.ts";
import { directionKeyVectors, envelopeVectors, replayVectors } from "./vectors/sealed.ts";
import { serverOrderVectors } from "./vectors/servers.ts";
import { turnCredentialVectors } from "./vectors/turn.ts";

export const vectorFolder = new URL("../vectors/", import.meta.url);

/** The files' texts by name. */
export async function makeVectors(): Promise<Record<string, string>> {
  const vectors = {
    "channel-message": channelMessageVectors(),
    card: await cardVectors(),
    control: controlVectors(),
    "direction-keys": directionKeyVectors(),
    envelope: envelopeVectors(),
    frame: frameVectors(),
    identity: await identityVectors(),
    "join-proof": await joinProofVectors(),
    "message-pack": messagePackVectors(),
    packet: packetVectors(),
    payload: payloadVectors(),
    "peer-id": peerIdVectors(),
    relay: relayVectors(),
    "relay-channel": relayChannelVectors(),
    replay: replayVectors(),
    "server-order": serverOrderVectors(),
    settlement: settlementVectors(),
    signal: signalVectors(),
    "turn-credential": turnCredentialVectors(),
    varint: varintVectors(),
  };
  return Object.fromEntries(Object.entries(vectors).map(([name, value]) => [`${name}.json`, `${layout(value)}\n`]));
}

/** One vector a line: a change shows as the lines it touches. */
function layout(groups: Record<string, readonly unknown[]>): string {
  const texts = Object.entries(groups).map(([name, vectors]) => {
    const lines = vectors.map((vector) => `    ${JSON.stringify(vector)}`);
    return `  ${JSON.stringify(name)}: [\n${lines.join(",\n")}\n  ]`;
  });
  return `{\n${texts.join(",\n")}\n}`;
}

if (import.meta.main) {
  mkdirSync(vectorFolder, { recursive: true });
  for (const [name, text] of Object.entries(await makeVectors())) writeFileSync(new URL(name, vectorFolder), text);
}

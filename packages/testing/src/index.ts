export { SeededRandom } from "./core/seeded-random.js";
export { decoderTargets } from "./hostile/decoder-targets.js";
export { checkRoundTrip, type FuzzTarget } from "./hostile/fuzz-target.js";
export { fromHex, toHex } from "./hostile/hex.js";
export { LyingWriter, lyingHello, padded } from "./hostile/lying-frames.js";
export { LyingRelay } from "./hostile/lying-relay.js";
export {
  awkwardNumbers,
  type Mutation,
  messagePackHeads,
  mutate,
  type NumberForm,
  numberForms,
} from "./hostile/mutation.js";
export { type Mark, type PeerRole, peerRoles } from "./hostile/peer-roles.js";
export { type RelayLie, type RelayRole, relayRoles } from "./hostile/relay-roles.js";
export { inventPeer, type ServerRole, serverRoles } from "./hostile/server-roles.js";
export { shortest } from "./hostile/shortest.js";
export { Vectors } from "./hostile/vectors.js";

import { type IceServer, SkeinError } from "@skein/protocol";
import type { Description, Engine } from "./engine.js";

export { platformNetwork } from "../network/network.node.js";

/**
 * Bundlers for servers are told to leave this import as it is: they can't take in a native addon, and fail where they try. (Next does for each
 * client component, since it renders them on the server as well.) Some heed a comment; esbuild heeds none, and looks at no name that is made at run time.
 */
const addon = ["node-datachannel", "polyfill"].join("/");
const loadAddon = (): Promise<typeof import("node-datachannel/polyfill")> =>
  import(/* webpackIgnore: true */ /* turbopackIgnore: true */ /* @vite-ignore */ addon);

/** node-datachannel's RTCPeerConnection: Node has none of its own. */
export async function platformEngine(): Promise<Engine> {
  const { RTCPeerConnection } = await loadAddon().catch((cause: unknown) => {
    throw new SkeinError(
      "no-engine",
      "Node needs the package node-datachannel for WebRTC: install it, or pass another engine to joinRoom as `engine`.",
      { cause },
    );
  });
  return {
    kind: "node-datachannel",
    RTCPeerConnection: RTCPeerConnection as unknown as Engine["RTCPeerConnection"],
    // Trap: on glare it takes the remote offer without a word, and `rollback` does nothing.
    rollback: false,
    // Trap: `restartIce` throws, `createOffer({ iceRestart: true })` keeps the credentials, and an offer that restarts throws.
    restart: false,
    adoptRemote: answerPassively,
    adoptIceServers,
  };
}

/**
 * Trap: an answerer that is the DTLS client sends its first ClientHello before the offerer is ready in 7 to 9 % of all
 * opens, and waits a second to repeat it. An offer that reads `active` makes the answerer the DTLS server (RFC 8842 §5.3),
 * and the offerer, told `passive` by the answer, starts when both are ready.
 */
function answerPassively(description: Description): Description {
  if (description.type !== "offer") return description;
  return { ...description, sdp: description.sdp.replace(/^a=setup:actpass/gm, "a=setup:active") };
}

/**
 * Traps: user name and credential are pasted into a URL, where the `:` of `expiry:user` would cut it in two. One `stuns:` makes it refuse
 * every connection.
 */
function adoptIceServers(servers: readonly IceServer[]): IceServer[] {
  const known = servers.map((server) => ({ ...server, urls: server.urls.filter((url) => !url.startsWith("stuns:")) }));
  const usable = known.filter(({ urls }) => urls.length > 0);
  return usable.map(({ urls, username, credential }) => ({
    urls,
    ...(username === undefined ? {} : { username: encodeURIComponent(username) }),
    ...(credential === undefined ? {} : { credential: encodeURIComponent(credential) }),
  }));
}

import { iceUrlKind } from "@skein/protocol";
import { mustBe, section } from "../kit/check.js";
import type { ServerWorld } from "./server-world.js";

/** What a server says of ICE servers, where it names any. */
export const iceChecks = section<ServerWorld>("server.md: ICE servers", {
  "each address is one of a STUN or TURN server": async (world) => {
    const { joined } = await world.enter();
    const wrong = joined.ice.flatMap(({ urls }) => urls).find((url) => iceUrlKind(url) === undefined);
    mustBe(wrong === undefined, "addresses such as turn:example.org:3478?transport=udp", `${wrong}`);
    mustBe(
      joined.ice.every(({ urls }) => urls.length > 0),
      "an address or more of each",
      "one without any",
    );
  },
  "a TURN server comes with user name and credential": async (world) => {
    const { joined } = await world.enter();
    const bare = joined.ice.find(({ username, credential }) => !(username && credential));
    const turn = bare?.urls.find((url) => iceUrlKind(url) === "turn");
    mustBe(turn === undefined, "a user name and a credential", `none for ${turn}`);
  },
  "a credential that expires holds for now": async (world) => {
    const { joined } = await world.enter();
    // What a user name that isn't made this way begins with says nothing.
    const expiries = joined.ice.flatMap(({ username = "" }) => /^(\d{9,11}):/.exec(username)?.[1] ?? []).map(Number);
    const over = expiries.find((seconds) => seconds * 1_000 <= Date.now());
    mustBe(over === undefined, "an expiry that is to come", `one at ${over} s, which has passed`);
  },
});

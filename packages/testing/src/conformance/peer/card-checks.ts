import { equalBytes, verifyCard } from "@skein/protocol";
import { mustBe, section } from "../kit/check.js";
import type { PeerWorld } from "./peer-world.js";

export const cardChecks = section<PeerWorld>("identity.md: Cards", {
  "the peer's card is as it must be, and signed by the peer": async ({ survey }) => {
    const card = await verifyCard(survey.signed);
    mustBe(card.ok, "a card that can be read and is genuine", card.ok ? "" : card.reason);
  },
  "the card lists the app protocols": async ({ survey }) => {
    const versions = survey.card.protocols["skein.conformance"] ?? [];
    mustBe(versions.includes("1.0.0"), "`skein.conformance` 1.0.0", `[${versions}]`);
  },
  "the box key isn't the identity's": async ({ survey }) => {
    const isOwn =
      survey.card.box.some((byte) => byte !== 0) && !equalBytes(survey.card.box, survey.signed.s.subarray(0, 32));
    mustBe(isOwn, "a key made for this join", "another");
  },
});

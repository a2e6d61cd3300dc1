import { defineProtocol, message } from "@skein/protocol";
import * as v from "valibot";
import { bytes, bytesUpTo, signature } from "../agreement/shapes.js";
import { choiceByte } from "./certificate.js";
import { electorsMost, proposalBytesMost } from "./proposal.js";

const hash = bytes(32);

/** An elector's ballot of about 130 bytes, for each of them, beside the proposal. */
const certificateBytesMost = proposalBytesMost + 160 * electorsMost;

/** What {@link createVotes} speaks: list it in `joinRoom({ protocols: [votesProtocol] })`. */
export const votesProtocol = defineProtocol("skein.votes", "1.0.0", {
  /** From the proposer to each elector. */
  propose: message(v.object({ b: bytesUpTo(proposalBytesMost), s: signature })),
  ballot: message(v.object({ proposal: hash, choice: choiceByte, s: signature })),
  /** Instead of a ballot: nobody here decides on such proposals, or what decides failed. */
  pass: message(v.object({ proposal: hash, reason: v.picklist(["no-handler", "handler-failed"]) })),
  /** From the proposer, at the end; with the certificate where there is one. */
  outcome: message(
    v.object({
      proposal: hash,
      end: v.picklist(["accepted", "rejected", "timed-out", "withdrawn"]),
      certificate: v.optional(bytesUpTo(certificateBytesMost)),
    }),
  ),
});

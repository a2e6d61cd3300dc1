import { SkeinError } from "@skein/client";
import { plainText } from "./core/text.js";

/** An error as a sentence for whoever sits before the page. */
export function sentenceOf(error: unknown): string {
  if (!SkeinError.is(error)) return "Something went wrong in this page: reload it.";
  switch (error.code) {
    case "aborted":
      return "Stopped.";
    case "timeout":
      return "No answer in time.";
    case "no-such-peer":
      return "This agent has left the room.";
    case "link-lost":
      return "The link was lost too often on the way.";
    case "protocol-mismatch":
    case "no-handler":
      return "This agent shares no files.";
    case "server-unreachable":
      return "The server doesn’t answer.";
    case "no-engine":
      return "This browser has no WebRTC, or it is switched off.";
    case "handler-failed":
      return "This agent couldn’t answer.";
    case "closed":
      return "The room was left.";
    default:
      // Some of these texts come from the other side.
      return plainText(error.message, 200);
  }
}

/** What drives a peer's channels, as people call it. */
export function kindText(kind: string | undefined): string {
  if (kind === "browser") return "browser";
  if (kind === "node-datachannel") return "Node";
  return plainText(kind ?? "unknown", 24);
}

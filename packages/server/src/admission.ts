import {
  type Card,
  type ClientMessage,
  type Decoded,
  type ErrorCode,
  type RejectionCode,
  readCard,
  reject,
  type SignedCard,
  SkeinError,
  verifyCard,
  verifyJoin,
} from "@skein/protocol";
import { errorName, type ServerEvent } from "./events.js";
import type { Grant } from "./grant.js";
import type { JoinAttempt, Settings } from "./options.js";
import type { DropCode } from "./stats.js";

type Join = Extract<ClientMessage, { t: "join" }>;

export type Admission = { readonly admitted: true; readonly card: Card; readonly grant: Grant } | Refusal;

/** What a client is told that may not join. */
export interface Refusal {
  readonly admitted: false;
  readonly code: ErrorCode;
  readonly message: string;
  readonly retryAfterMs?: number | undefined;
  readonly drop: DropCode;
}

const everything: Grant = {};

/** Has a check done when its turn comes. */
type InTurn = <Result>(work: () => Promise<Result>) => Promise<Result>;

/** Whether whoever asks holds the card's identity, here and now, and whether the app lets it in. Never rejects. */
export async function admit(
  join: Join,
  nonce: Uint8Array,
  settings: Settings,
  inTurn: InTurn,
  log: (event: ServerEvent) => void,
): Promise<Admission> {
  const proved = await inTurn(() => prove(join, nonce, settings));
  if ("admitted" in proved) return proved;
  return authorise({ room: join.room, card: proved, token: join.token }, settings, log);
}

/** Whether the app lets someone stay who is in a room, by another token. Never rejects. */
export async function renew(
  room: string,
  signed: SignedCard,
  token: string,
  settings: Settings,
  log: (event: ServerEvent) => void,
): Promise<Admission> {
  const card = readCard(signed);
  if (!card.ok) return refuse("bad-message", `The card can't be read: ${card.reason}.`, card.code);
  return authorise({ room, card: card.value, token }, settings, log);
}

async function prove(join: Join, nonce: Uint8Array, settings: Settings): Promise<Card | Refusal> {
  const card = await checkCard(join.card, settings);
  if (!card.ok) {
    return refuse(errorCodes[card.code], `The card can't be accepted: ${card.reason}.`, card.code);
  }
  if (!(await verifyJoin(card.value.id, nonce, join.room, join.card, join.proof, settings.ed25519))) {
    return refuse("not-authorised", "The proof isn't this peer's for this connection, room and card.", "forged");
  }
  return card.value;
}

/** Reads a card and checks who signed it, unless it is larger than this server takes. */
export async function checkCard(signed: SignedCard, { limits, ed25519 }: Settings): Promise<Decoded<Card>> {
  if (signed.b.length > limits.cardBytes) return reject("over-limit", `it has over ${limits.cardBytes} bytes`);
  return verifyCard(signed, ed25519);
}

/** What an error that a card causes is called. */
const errorCodes: Readonly<Record<RejectionCode, ErrorCode>> = {
  malformed: "bad-message",
  "over-limit": "too-large",
  forged: "not-authorised",
  replayed: "not-authorised",
  "unknown-type": "bad-message",
  "unsupported-version": "unsupported-version",
};

async function authorise(
  attempt: JoinAttempt,
  settings: Settings,
  log: (event: ServerEvent) => void,
): Promise<Admission> {
  try {
    const grant: Grant | undefined = (await settings.authorise(attempt)) ?? undefined;
    return { admitted: true, card: attempt.card, grant: grant ?? everything };
  } catch (error) {
    if (SkeinError.is(error)) return refuse(error.code, error.message, "refused", error.retryAfterMs);
    // The app's own failure: what it says is for its developers.
    log({ type: "failed", what: "authorise", error: errorName(error) });
    return refuse("not-authorised", "The server couldn't decide on this join: try again later.", "refused");
  }
}

function refuse(code: ErrorCode, message: string, drop: DropCode, retryAfterMs?: number): Refusal {
  return { admitted: false, code, message, drop, retryAfterMs };
}

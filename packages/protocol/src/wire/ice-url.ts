const form = /^(stun|turn)s?:(?:\[[\da-fA-F:.]{2,45}\]|[\w.-]{1,253})(?::(\d{1,5}))?(?:\?transport=(?:udp|tcp))?$/;

/**
 * What an ICE server's address is of (RFC 7064 §3.1, RFC 7065 §3.1). Undefined: it is none, and a platform that is given it may refuse to
 * open any connection at all.
 */
export function iceUrlKind(text: string): "stun" | "turn" | undefined {
  const [, kind, port = 1] = form.exec(text) ?? [];
  // Only TURN has a transport to choose.
  const isWrong = +port < 1 || +port > 65_535 || (kind === "stun" && text.includes("?"));
  return isWrong ? undefined : (kind as "stun" | "turn" | undefined);
}

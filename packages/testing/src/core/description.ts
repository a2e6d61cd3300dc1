/** What of a session description (RFC 8866, RFC 8839, RFC 8842) matters to a data channel. */
export interface SessionDescription {
  readonly fragment: string;
  readonly password: string;
  readonly fingerprint: string;
  readonly setup: "actpass" | "active" | "passive";
  /** Lines of candidates, without `a=`. */
  readonly candidates: readonly string[];
}

export function writeDescription({ fragment, password, fingerprint, setup, candidates }: SessionDescription): string {
  return [
    "v=0",
    "o=- 1 1 IN IP4 127.0.0.1",
    "s=-",
    "t=0 0",
    "a=group:BUNDLE 0",
    "m=application 9 UDP/DTLS/SCTP webrtc-datachannel",
    "c=IN IP4 0.0.0.0",
    "a=mid:0",
    `a=ice-ufrag:${fragment}`,
    `a=ice-pwd:${password}`,
    `a=fingerprint:sha-256 ${fingerprint}`,
    `a=setup:${setup}`,
    "a=sctp-port:5000",
    "a=max-message-size:262144",
    ...candidates.map((line) => `a=${line}`),
    "",
  ].join("\r\n");
}

/** Of a connection without channels: there is nothing to describe yet. */
export const emptyDescription = ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0", ""].join("\r\n");

/** Undefined where the text is none that a data channel can be made of. */
export function readDescription(sdp: string): SessionDescription | undefined {
  const one = (name: string) => new RegExp(`^a=${name}:(.*?)\\r?$`, "m").exec(sdp)?.[1];
  const [fragment, password, setup] = [one("ice-ufrag"), one("ice-pwd"), one("setup")];
  const fingerprint = one("fingerprint")?.replace(/^sha-256 /, "");
  if (fragment === undefined || password === undefined || fingerprint === undefined) return undefined;
  if (setup !== "actpass" && setup !== "active" && setup !== "passive") return undefined;
  const candidates = [...sdp.matchAll(/^a=(candidate:.*?)\r?$/gm)].map(([, line = ""]) => line);
  return { fragment, password, fingerprint, setup, candidates };
}

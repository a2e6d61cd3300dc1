/** What a client may do that was let in. What isn't said is allowed, and for as long as it stays. */
export interface Grant {
  /** Whether it may relay through the server, and is told of TURN servers. Signals it may always send. */
  readonly mayRelay?: boolean | undefined;
  /** Where in the world it is, in the words of the TURN servers' `region`. Default: where the server says that it is. */
  readonly region?: string | undefined;
  /** How long it may stay without another token. Milliseconds from now. */
  readonly expiresInMs?: number | undefined;
  /** Who it is to the application: all that joins as the same subject is held to the limits of one identity. Default: its peer id. */
  readonly subject?: string | undefined;
}

/** The lab's internet, in ranges that are for documentation and benchmarks (RFC 5737, RFC 2544). */
export const internetAddress = "203.0.113.1";
export const turnAddress = "203.0.113.2";
/** One server for each answer to the question whether there is TURN. */
export const serverAddresses = { withTurn: "203.0.113.3", withoutTurn: "203.0.113.4" };

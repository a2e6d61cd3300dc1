/**
 * What `import * from` a package may cost a web page, with all that it imports: bundled for browsers, minified,
 * gzipped. In kilobytes of 1,000 bytes. A limit is raised in the change that needs it, with its reason.
 *
 * Of either, 11 KB are tweetnacl. The client is meant to come down to 36. It was at 39 with a path of each kind; then came
 * streams (2), the lossy lane (1.1), restarts and the watch on networks and sleep (1.5), statistics (0.8), files of
 * one idea each in place of long classes (0.9): what one class calls of another keeps its name, and bounds on what
 * others make us keep (0.7). To keep quiet when a server says so, to renew a token and to leave a server that stops took another 0.6; to know
 * several servers (0.8) and to look at the ICE servers that one names, renewed ones too (0.4), made it 49. An order of servers by
 * room, and to excuse peers that leave, took another 0.4. To tell a program without types which option of a join or part of a protocol isn't what it has to be, in place
 * of a TypeError from within, is 0.5, of which the protocol has a third.
 *
 * Coordination brings the protocol with it (16), valibot's checks (2), and the library that hashes where the platform doesn't (5, in a part that is
 * loaded only then, and counted here all the same). Presence and tasks alone cost 30, artifacts alone 32.
 */
export const sizeLimits: Readonly<Record<string, number>> = {
  protocol: 23.2,
  client: 50.5,
  "relay-fallback": 17.5,
  coordination: 58,
};

/** What a further entry of a package adds to a page that has the package's own: the same, in kilobytes. */
export const entryLimits: Readonly<Record<string, number>> = {
  "@skein/client/simple-peer": 3,
  "@skein/coordination/indexed-db": 3,
};

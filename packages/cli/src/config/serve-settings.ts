import { InvalidArgumentError } from "commander";
import {
  parseByteCount,
  parseByteRate,
  parseDuration,
  parseIceServer,
  parseOrigin,
  parsePort,
  parseSeconds,
} from "../commands/options.js";
import type { Setting } from "./settings.js";
import { parseAddress, parseHost, parsePeerRange, parsePortRange, parseTurnPort } from "./turn-values.js";

/** What `skein serve` can be told, by flags, the environment or a file. */
export const serveSettings: readonly Setting[] = [
  {
    flags: "-p, --port <number>",
    about: "the port to listen on; 0 takes any that is free (default: 7700)",
    parse: parsePort,
  },
  { flags: "--or-next", about: "where the port is in use, take the next one that is free" },
  {
    flags: "--host <address>",
    about:
      "the address to listen on: this machine alone unless told otherwise, 0.0.0.0 for all who reach it (default: 127.0.0.1)",
  },
  { flags: "--path <path>", about: "where the WebSocket is (default: /skein)" },
  { flags: "--tls-cert <file>", about: "a certificate (PEM), for wss:" },
  { flags: "--tls-key <file>", about: "its private key (PEM)" },
  {
    flags: "--trusted-hops <number>",
    about: "how many proxies stand in front and append to X-Forwarded-For (default: 0)",
    parse: parseCount(0, 16),
  },
  {
    flags: "--auth-key <file...>",
    about:
      "let in whoever has a token that this key signed: a public key (PEM), JWK set (JSON), or a secret of 32 bytes or more",
  },
  { flags: "--auth-jwks <url>", about: "the same with the keys that an issuer has at an address, as they change" },
  { flags: "--auth-issuer <name>", about: "who must have issued a token (iss)" },
  { flags: "--auth-audience <name>", about: "for whom a token must be (aud)" },
  {
    flags: "--open",
    about:
      "let in anyone, without a token: whoever reaches the address can join any room whose name it knows, and relay through the server",
  },
  {
    flags: "--allow-origin <origin...>",
    about:
      "whose web pages may connect, such as https://example.org; \"self\" is this server's own page (default: everyone's)",
    parse: (text) => parseOrigin(text)[0],
  },
  {
    flags: "--ice <url...>",
    about:
      "STUN and TURN servers that clients are told of (default: a public STUN server; none where the address is this machine's own)",
    parse: (text) => parseIceServer(text)[0],
  },
  {
    flags: "--ice-file <file>",
    about: 'the same from a file, with passwords: [{"urls":["turn:…"],"username":"…","credential":"…"}]',
  },
  {
    flags: "--turn-server <host...>",
    about: "TURN servers for which clients get credentials that expire: by UDP at 3478, TCP and TLS at 443",
    parse: parseHost,
  },
  {
    flags: "--turn-secret <file>",
    about: "a file with the secret that TURN servers share (coturn: static-auth-secret); `skein secret` makes one",
  },
  {
    flags: "--turn-file <file>",
    about:
      'TURN servers from a file, with addresses, weights and regions: [{"host":"turn.example.org","secretFile":"…","weight":2,"region":"eu"}]',
  },
  {
    flags: "--turn-lifetime <time>",
    about: "how long a TURN credential is good for, such as 10m or 2h; clients get new ones in time (default: 1h)",
    parse: parseDuration,
  },
  { flags: "--turn-region <name>", about: "where this server's clients are: they get the TURN servers there first" },
  {
    flags: "--turn",
    about: "run STUN and TURN beside the server, for a LAN, a lab or a demo: coturn, which must be installed",
  },
  { flags: "--turn-port <number>", about: "its port, for UDP and TCP (default: 3478)", parse: parseTurnPort },
  {
    flags: "--turn-relay-ports <first-last>",
    about: "the UDP ports that it relays from (default: 49152-65535)",
    parse: parsePortRange,
  },
  {
    flags: "--turn-address <address>",
    about:
      "the address of this machine that clients are told (default: that of --host, or the first that isn't loopback)",
    parse: parseAddress,
  },
  {
    flags: "--turn-allow-peer <range...>",
    about:
      "private addresses that it may relay to, such as 192.168.1.0-192.168.1.255 (default: none; no loopback, no link-local either)",
    parse: parsePeerRange,
  },
  {
    flags: "--turn-quota <number>",
    about: "how many of its addresses one client may hold at the same time (default: 512)",
    parse: parseCount(1),
  },
  {
    flags: "--relay-rate <bytes>",
    about:
      "how many bytes a second one client may relay through the server, such as 512K or 10M; what comes faster waits (default: 4M)",
    parse: parseByteRate,
  },
  {
    flags: "--signal-rate <number>",
    about: "how many signals a second one client may send, in the long run (default: 500)",
    parse: parseCount(1),
  },
  {
    flags: "--control-rate <number>",
    about: "how many messages to the server itself a second, in the long run (default: 20)",
    parse: parseCount(1),
  },
  {
    flags: "--max-buffered <bytes>",
    about: "what may wait for one client that reads slowly, such as 512K or 4M (default: 4M)",
    parse: parseByteCount,
  },
  { flags: "--max-connections <number>", about: "open connections (default: 16384)", parse: parseCount(1) },
  { flags: "--max-rooms <number>", about: "rooms (default: 16384)", parse: parseCount(1) },
  { flags: "--max-peers <number>", about: "peers in all rooms together (default: 32768)", parse: parseCount(1) },
  { flags: "--max-room-peers <number>", about: "peers in one room (default: 256)", parse: parseCount(1) },
  {
    flags: "--max-address-connections <number>",
    about: "connections from one address (default: 512; none of this machine's own)",
    parse: parseCount(1),
  },
  {
    flags: "--max-address-rate <number>",
    about: "new connections a second from one address, in the long run (default: 5)",
    parse: parseCount(1),
  },
  {
    flags: "--max-identity-rooms <number>",
    about: "rooms that one peer, or one subject of tokens, may be in at once (default: 1024)",
    parse: parseCount(1),
  },
  {
    flags: "--max-identity-rate <number>",
    about: "joins a second of one peer or subject, in the long run (default: 20)",
    parse: parseCount(1),
  },
  {
    flags: "--max-room-rate <number>",
    about: "joins a second to one room, in the long run (default: 100)",
    parse: parseCount(1),
  },
  {
    flags: "--join-timeout <seconds>",
    about: "how long a connection may take to join (default: 10)",
    parse: parseSeconds,
  },
  {
    flags: "--idle <seconds>",
    about: "end connections that do nothing for so long (default: never)",
    parse: parseSeconds,
  },
  { flags: "--grace <seconds>", about: "how long a lost client's place is kept (default: 10)", parse: parseSeconds },
  {
    flags: "--drain <seconds>",
    about: "when told to stop, have the clients go elsewhere one after another over this time (default: at once)",
    parse: parseSeconds,
  },
  {
    flags: "--backplane <url>",
    about:
      "join this server with others through redis://… or nats://…, so that their rooms are the same ones; a password is better kept to the environment or the file",
  },
  {
    flags: "--backplane-prefix <name>",
    about: "what its channels' names begin with: the same on all that belong together (default: skein)",
  },
  {
    flags: "--admin-port <number>",
    about: "listen for `skein admin` and Prometheus on this machine's loopback (default: not at all)",
    parse: parsePort,
  },
  { flags: "--admin-token <file>", about: "a file with what those must bring: `skein secret` makes one" },
  {
    flags: "--log <level>",
    about: "write what happens as lines of JSON to stderr: error, info or debug (default: nothing)",
    parse: parseLevel,
  },
  {
    flags: "--stats <seconds>",
    about: "tell every so often what the server holds and has passed on",
    parse: parseSeconds,
  },
  { flags: "--page", about: "serve the demo's web page at /" },
  { flags: "--json", about: "write events as lines of JSON" },
];

function parseCount(least: number, most = 10_000_000): (text: string) => number {
  return (text) => {
    const count = Number(text);
    if (/^\d{1,8}$/.test(text) && count >= least && count <= most) return count;
    throw new InvalidArgumentError(`Give a whole number from ${least} to ${most}.`);
  };
}

function parseLevel(text: string): string {
  if (["error", "info", "debug"].includes(text)) return text;
  throw new InvalidArgumentError("A log's level is error, info or debug.");
}

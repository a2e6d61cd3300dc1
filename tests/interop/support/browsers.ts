import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { build } from "esbuild";
import puppeteer, { type Browser, type Page } from "puppeteer-core";
import type { Agent, AgentOptions, PeerReport } from "./agent.ts";
import { type SimplePeerAgent, simplePeerMethods } from "./simple-peer-agent.ts";

export type BrowserName = "chromium" | "firefox";

export const agentMethods = [
  "join",
  "connected",
  "logged",
  "heardCount",
  "sees",
  "peers",
  "say",
  "sayMany",
  "echo",
  "flood",
  "flow",
  "stopFlow",
  "counted",
  "point",
  "pointed",
  "lossyFrames",
  "cut",
  "block",
  "changeNetwork",
  "lines",
  "settledTimes",
  "giveUp",
  "stats",
  "linkedStats",
  "streamEcho",
  "streamFill",
  "streamFilled",
  "streamFillEnd",
  "streamReadHeld",
  "streamWriteUntilRefused",
  "leave",
] as const;

/** The same methods, wherever the object lives. */
type Anywhere<Methods> = {
  [Name in keyof Methods]: Methods[Name] extends (...args: infer Args) => infer Result
    ? (...args: Args) => Promise<Awaited<Result>>
    : never;
};

/** What a test holds: an agent in this process, or one in a page. */
export type AnyAgent = Anywhere<Pick<Agent, (typeof agentMethods)[number]>>;

/** The same of one over a simple-peer. */
export type AnySimplePeerAgent = AnyAgent & Anywhere<Pick<SimplePeerAgent, (typeof simplePeerMethods)[number]>>;

/** Bundles a page's script for browsers from the built packages. */
export async function bundle(entry: URL): Promise<string> {
  const result = await build({
    entryPoints: [entry.pathname],
    bundle: true,
    write: false,
    format: "iife",
    platform: "browser",
    target: "es2022",
    logLevel: "error",
    // The packages as they are published, not the sources that the workspace maps their names to.
    tsconfigRaw: {},
  });
  return result.outputFiles[0]?.text ?? "";
}

/** Serves one page with one script, under the policy that strict sites have, and with other headers as wished. */
export async function servePage(
  script: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ url: string; close(): Promise<void> }> {
  const server: Server = createServer((request, response) => {
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    response.setHeader(
      "content-security-policy",
      "default-src 'none'; script-src 'self'; connect-src 'self' ws: wss:; base-uri 'none'",
    );
    const isScript = request.url === "/page.js";
    response.setHeader("content-type", isScript ? "text/javascript" : "text/html");
    response.end(isScript ? script : '<!doctype html><meta charset="utf-8"><script src="/page.js"></script>');
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

export async function launch(name: BrowserName): Promise<Browser> {
  if (name === "chromium") {
    return puppeteer.launch({
      executablePath: "/usr/bin/chromium",
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        // Host candidates as addresses: this machine has no multicast DNS to resolve their names.
        "--disable-features=WebRtcHideLocalIpsWithMdns",
        // Trap: TURN over TCP isn't tried on a port below 1024.
        "--explicitly-allowed-ports=443",
      ],
    });
  }
  return puppeteer.launch({
    browser: "firefox",
    executablePath: "/usr/bin/firefox-esr",
    extraPrefsFirefox: {
      "media.peerconnection.ice.obfuscate_host_addresses": false,
      "media.peerconnection.ice.loopback": true,
      // Trap: neither here.
      "network.security.ports.banned.override": "443",
    },
  });
}

/** An agent whose methods go through `call`, wherever it lives. */
export function agentOf(call: (method: string) => (...args: unknown[]) => Promise<unknown>): AnySimplePeerAgent {
  const methods = [...agentMethods, ...simplePeerMethods];
  return Object.fromEntries(methods.map((method) => [method, call(method)])) as unknown as AnySimplePeerAgent;
}

export type PageAgent = AnySimplePeerAgent & { readonly page: Page };

/** What makes an agent in a page. */
export type AgentMaker = "createAgent" | "createSimplePeerAgent";

/** An agent in a page of its own. */
export async function pageAgent(browser: Browser, url: string, maker: AgentMaker = "createAgent"): Promise<PageAgent> {
  const page = await browser.newPage();
  await page.goto(url);
  const call =
    (method: string) =>
    (...args: unknown[]) =>
      page.evaluate(
        async (name, parameters, create) => {
          type Methods = Record<string, (...args: unknown[]) => unknown>;
          const scope = globalThis as unknown as { agent?: Methods } & Record<AgentMaker, () => Methods>;
          scope.agent ??= scope[create]();
          return scope.agent[name]?.(...parameters);
        },
        method,
        args,
        maker,
      );
  return { ...agentOf(call), page };
}

export type { AgentOptions, PeerReport };

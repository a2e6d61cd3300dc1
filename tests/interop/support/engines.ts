import { createServer, type SkeinServer } from "@skein/server";
import type { Browser, Page } from "puppeteer-core";
import { Agent } from "./agent.ts";
import {
  type AgentMaker,
  type AnyAgent,
  type AnySimplePeerAgent,
  agentOf,
  type BrowserName,
  bundle,
  launch,
  type PageAgent,
  pageAgent,
  servePage,
} from "./browsers.ts";
import { createNodeSimplePeer } from "./node-simple-peer.ts";
import { SimplePeerAgent } from "./simple-peer-agent.ts";

export type EngineName = "node" | BrowserName;

type Pages = Awaited<ReturnType<typeof servePage>>;

/** Agents on any engine, in this process's network, all ended together. What nobody asks for isn't started. */
export class Engines implements AsyncDisposable {
  #pages: Promise<Pages> | undefined;
  readonly #browsers = new Map<BrowserName, Promise<Browser>>();
  readonly #agents: AnyAgent[] = [];
  readonly #chromiumArguments: readonly string[];

  /** @param chromiumArguments what Chromium is started with besides. */
  constructor(chromiumArguments: readonly string[] = []) {
    this.#chromiumArguments = chromiumArguments;
  }

  async agent(engine: EngineName): Promise<AnyAgent> {
    if (engine !== "node") return this.pageAgent(engine);
    const agent = inProcess(new Agent());
    this.#agents.push(agent);
    return agent;
  }

  /** An agent over a simple-peer, which it has still to dial. */
  async simplePeerAgent(engine: EngineName): Promise<AnySimplePeerAgent> {
    if (engine !== "node") return this.pageAgent(engine, "createSimplePeerAgent");
    const agent = inProcess(new SimplePeerAgent(createNodeSimplePeer));
    this.#agents.push(agent);
    return agent;
  }

  /** An agent in a page that the test can close. */
  async pageAgent(engine: BrowserName, maker?: AgentMaker): Promise<PageAgent> {
    const agent = await pageAgent(await this.#browser(engine), await this.#url(), maker);
    this.#agents.push(agent);
    return agent;
  }

  /** A page with the tests' script, for what isn't an agent. */
  async page(engine: BrowserName): Promise<Page> {
    const page = await (await this.#browser(engine)).newPage();
    await page.goto(await this.#url());
    return page;
  }

  /** Ends the agents of a test. */
  async endAgents(): Promise<void> {
    await Promise.all(this.#agents.splice(0).map((agent) => agent.leave().catch(() => {})));
    for (const browser of this.#browsers.values()) {
      const [, ...pages] = await (await browser).pages();
      await Promise.all(pages.map((page) => page.close()));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.endAgents();
    for (const browser of this.#browsers.values()) await (await browser).close();
    await (await this.#pages)?.close();
  }

  async #url(): Promise<string> {
    this.#pages ??= bundle(new URL("./page.ts", import.meta.url)).then((script) => servePage(script));
    return (await this.#pages).url;
  }

  #browser(name: BrowserName): Promise<Browser> {
    const browser = this.#browsers.get(name) ?? launch(name, this.#chromiumArguments);
    this.#browsers.set(name, browser);
    return browser;
  }
}

/** A world for a file of tests: a real server, and agents on any engine. */
export class World extends Engines {
  readonly server: SkeinServer;
  #rooms = 0;

  private constructor(server: SkeinServer) {
    super();
    this.server = server;
  }

  static async create(): Promise<World> {
    return new World(await createServer({ port: 0 }));
  }

  /** A room that no other test uses. */
  freshRoom(): string {
    return `room-${++this.#rooms}`;
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await super[Symbol.asyncDispose]();
    await this.server.close();
  }
}

/** An agent of this process behind the same asynchronous face as one in a page. */
export function inProcess(agent: Agent): AnySimplePeerAgent {
  const methods = agent as unknown as Record<string, (...args: unknown[]) => unknown>;
  return agentOf(
    (method) =>
      async (...args) =>
        methods[method]?.(...args),
  );
}

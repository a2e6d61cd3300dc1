import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { createHash, X509Certificate } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { type RequestOptions, request } from "node:http";
import { request as requestByTls } from "node:https";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Duplex } from "node:stream";
import { fileURLToPath } from "node:url";
import type { Browser, Page } from "puppeteer-core";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { launch } from "./support/browsers.ts";

// The files of deploy/, as docs/guide/deploy.md uses them: nginx or Caddy with TLS in front, a token, two browsers.

const skein = fileURLToPath(new URL("../../packages/cli/dist/esm/main.js", import.meta.url));
const deploy = (file: string) => readFile(new URL(`../../deploy/${file}`, import.meta.url), "utf8");
const name = "skein.example.org";

let folder: string;
let ports: { readonly http: number; readonly https: number; readonly server: number; readonly admin: number };
let server: ChildProcess;
let proxy: ChildProcess | undefined;
let browsers: Browser[] = [];
let token: string;

const run = (...args: string[]) => execFileSync(process.execPath, [skein, ...args], { encoding: "utf8" }).trim();
const admin = (...args: string[]) =>
  run("admin", ...args, "--admin", `http://127.0.0.1:${ports.admin}`, "--admin-token", join(folder, "admin.token"));

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "skein-deploy-"));
  const [http, https, serving, operators] = await Promise.all([1, 2, 3, 4].map(freePort));
  ports = { http, https, server: serving, admin: operators } as typeof ports;
  await makeCertificate();
  run("token", "--new-keys", join(folder, "tokens.key"));
  await writeFile(join(folder, "admin.token"), run("secret"));
  token = run("token", "--key", join(folder, "tokens.key"), "--room", "demo", "--expires", "1h");
  await writeFile(join(folder, "skein.json"), await settings());
  server = await startServer();
});

afterAll(async () => {
  await Promise.all(browsers.map((browser) => browser.close()));
  for (const child of [proxy, server]) await stop(child);
  await rm(folder, { recursive: true });
});

describe.each([
  ["nginx", startNginx],
  ["Caddy", startCaddy],
] as const)("behind %s", (_, start) => {
  beforeAll(async () => {
    await stop(proxy);
    proxy = await start();
    await vi.waitUntil(reached, { timeout: 20_000, interval: 100 });
  });

  it("passes on pages, health and WebSockets through TLS, and two browsers with a token are linked", async () => {
    await Promise.all(browsers.map((browser) => browser.close()));
    const fingerprint = createHash("sha256")
      .update(
        new X509Certificate(await readFile(join(folder, "server.pem"))).publicKey.export({
          type: "spki",
          format: "der",
        }),
      )
      .digest("base64");
    browsers = await Promise.all(
      [1, 2].map(() =>
        launch("chromium", [
          `--host-resolver-rules=MAP ${name}:443 127.0.0.1:${ports.https}`,
          `--ignore-certificate-errors-spki-list=${fingerprint}`,
        ]),
      ),
    );
    const pages = await Promise.all(browsers.map((browser, index) => open(browser, `browser-${index}`)));
    await Promise.all(pages.map((page) => linked(page)));
    // The places of those who were here before are kept for a while.
    await expect.poll(() => admin("rooms"), { timeout: 60_000, interval: 500 }).toBe("demo  2 peers");
  });

  it("who has no token, or comes from another page, gets no further", async () => {
    const page = await (browsers[0] as Browser).newPage();
    await page.goto(`https://${name}/?room=demo&name=stranger`);
    await page.waitForFunction(() => document.body.textContent.includes("has a token"));
    await page.close();
    expect(admin("rooms")).toBe("demo  2 peers");
    const status = curl("-o", "/dev/null", "-w", "%{http_code}", ...upgrade, "-H", "Origin: https://evil.example");
    expect(status).toBe("403");
  });

  it("a token in an address is refused", () => {
    const status = curl(
      "-o",
      "/dev/null",
      "-w",
      "%{http_code}",
      ...upgrade,
      "-H",
      `Origin: https://${name}`,
      "?token=x",
    );
    expect(status).toBe("400");
  });

  it("what a client writes into X-Forwarded-For isn't believed", async () => {
    // The settings allow one connection from an address, and any number from this machine's own.
    const authority = await readFile(join(folder, "ca.pem"));
    const through = { port: ports.https, ca: authority, servername: name, protocol: "https:" };
    expect(await upgradedTwice(through)).toEqual([101, 101]);
    // Whoever reached the server itself could write what it likes.
    expect(await upgradedTwice({ port: ports.server })).toEqual([101, 429]);
  });

  it("a new server takes the old one's place, and the links stand meanwhile", async () => {
    const old = server;
    const ended = once(old, "exit");
    old.kill("SIGTERM");
    server = await startServer();
    expect(await ended).toEqual([0, null]);
    const pages = await Promise.all(browsers.map(async (browser) => (await browser.pages()).at(-1) as Page));
    await expect.poll(() => admin("rooms"), { timeout: 60_000, interval: 500 }).toBe("demo  2 peers");
    for (const page of pages) expect(await page.evaluate("window.lostLinks")).toBe(0);
    await Promise.all(pages.map((page) => linked(page)));
  });
});

async function open(browser: Browser, peerName: string): Promise<Page> {
  const page = (await browser.pages())[0] ?? (await browser.newPage());
  await page.goto(`https://${name}/?room=demo&name=${peerName}#token=${token}`);
  return page;
}

/** Shows its one peer as linked; from then on counts when it doesn't. */
async function linked(page: Page): Promise<void> {
  await page.waitForFunction(() => document.querySelectorAll('#peer-rows [data-state="connected"]').length === 1);
  await page.evaluate(() => {
    const counting = window as unknown as { lostLinks?: number };
    if (counting.lostLinks !== undefined) return;
    counting.lostLinks = 0;
    const look = () => {
      const rows = document.querySelectorAll('#peer-rows [data-state="connected"]').length;
      if (rows !== 1) counting.lostLinks = (counting.lostLinks ?? 0) + 1;
    };
    const rows = document.querySelector("#peer-rows");
    if (rows !== null) new MutationObserver(look).observe(rows, { childList: true, subtree: true, attributes: true });
  });
}

function reached(): boolean {
  try {
    return curl("-o", "/dev/null", "-w", "%{http_code}") === "426";
  } catch {
    return false;
  }
}

const upgrade = [
  ...["--http1.1", "-H", "Connection: Upgrade", "-H", "Upgrade: websocket", "-H", "Sec-WebSocket-Version: 13"],
  ...["-H", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==", "-H", "Sec-WebSocket-Protocol: skein.1"],
];

/** What two are answered who say that they come from the same address, while both want to be there. */
async function upgradedTwice(options: RequestOptions): Promise<(number | undefined)[]> {
  const sockets: Duplex[] = [];
  const ask = () =>
    new Promise<number | undefined>((resolve, reject) => {
      const headers = {
        Host: name,
        Connection: "Upgrade",
        Upgrade: "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
        "Sec-WebSocket-Protocol": "skein.1",
        "X-Forwarded-For": "198.51.100.7",
      };
      const send = options.protocol === "https:" ? requestByTls : request;
      const asked = send({ ...options, host: "127.0.0.1", path: "/skein", headers, agent: false });
      asked.on("upgrade", (response, socket) => {
        sockets.push(socket);
        resolve(response.statusCode);
      });
      asked.on("response", (response) => resolve(response.resume().statusCode));
      asked.on("error", reject);
      asked.end();
    });
  const statuses = [await ask(), await ask()];
  for (const socket of sockets) socket.destroy();
  return statuses;
}

/** The last argument may be a query. */
function curl(...args: string[]): string {
  const query = args.at(-1)?.startsWith("?") ? args.pop() : "";
  const resolve = ["--resolve", `${name}:${ports.https}:127.0.0.1`, "--cacert", join(folder, "ca.pem")];
  const address = `https://${name}:${ports.https}/skein${query}`;
  return execFileSync("curl", ["-s", "--max-time", "10", ...resolve, ...args, address], { encoding: "utf8" });
}

async function settings(): Promise<string> {
  const file = JSON.parse(await deploy("skein.json"));
  const here = { port: ports.server, "admin-port": ports.admin, drain: 3, "max-address-connections": 1 };
  const keys = { "auth-key": join(folder, "tokens.key.pub"), "admin-token": join(folder, "admin.token") };
  return JSON.stringify({ ...file, ...here, ...keys, ice: [], json: true });
}

async function startNginx(): Promise<ChildProcess> {
  await writeFile(join(folder, "nginx.conf"), await nginxConfiguration());
  return spawn("/usr/sbin/nginx", ["-p", folder, "-c", join(folder, "nginx.conf"), "-g", "daemon off;"], {
    stdio: ["ignore", "ignore", "inherit"],
  });
}

async function startCaddy(): Promise<ChildProcess> {
  await writeFile(join(folder, "Caddyfile"), await caddyConfiguration());
  return spawn("/usr/bin/caddy", ["run", "--config", join(folder, "Caddyfile"), "--adapter", "caddyfile"], {
    stdio: "ignore",
    env: { ...process.env, HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder },
  });
}

/** As it is in deploy/, with other ports and the certificate that it would get by itself. */
async function caddyConfiguration(): Promise<string> {
  const site = (await deploy("Caddyfile"))
    .replace(
      `${name} {`,
      `https://${name}:${ports.https} {\n\tbind 127.0.0.1\n\ttls ${join(folder, "server.pem")} ${join(folder, "server.key")}`,
    )
    .replace("127.0.0.1:7700", `127.0.0.1:${ports.server}`);
  return `{\n\tadmin off\n\tauto_https disable_redirects\n}\n${site}`;
}

/** As it is in deploy/, with other ports and folders, within what Debian's nginx.conf puts round a site. */
async function nginxConfiguration(): Promise<string> {
  const site = (await deploy("nginx.conf"))
    .replaceAll(/listen (\[::\]:)?80;/g, (_, six) => (six ? "" : `listen 127.0.0.1:${ports.http};`))
    .replaceAll(/listen (\[::\]:)?443 ssl;/g, (_, six) => (six ? "" : `listen 127.0.0.1:${ports.https} ssl;`))
    .replace("127.0.0.1:7700", `127.0.0.1:${ports.server}`)
    .replace("/etc/letsencrypt/live/skein.example.org/fullchain.pem", join(folder, "server.pem"))
    .replace("/etc/letsencrypt/live/skein.example.org/privkey.pem", join(folder, "server.key"))
    .replaceAll("/var/log/nginx/skein.log", join(folder, "access.log"));
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((kind) => `${kind}_temp_path ${join(folder, kind)};`)
    .join(" ");
  return `pid ${join(folder, "nginx.pid")}; error_log ${join(folder, "error.log")}; events {} http { ${temporary}\n${site}\n}`;
}

/** A certificate authority of our own, and a certificate by it. */
async function makeCertificate(): Promise<void> {
  const at = (file: string) => join(folder, file);
  const openssl = (...args: string[]) => execFileSync("openssl", args, { stdio: "ignore" });
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  openssl(
    "req",
    "-x509",
    ...key,
    "-keyout",
    at("ca.key"),
    "-out",
    at("ca.pem"),
    "-days",
    "2",
    "-subj",
    "/CN=Skein test",
  );
  openssl("req", ...key, "-keyout", at("server.key"), "-out", at("server.csr"), "-subj", `/CN=${name}`);
  await writeFile(at("names"), `subjectAltName=DNS:${name}`);
  const by = ["-CA", at("ca.pem"), "-CAkey", at("ca.key"), "-CAcreateserial", "-extfile", at("names"), "-days", "2"];
  openssl("x509", "-req", "-in", at("server.csr"), ...by, "-out", at("server.pem"));
}

/** Waits until it listens: the one before may hold the port for a moment yet. */
async function startServer(): Promise<ChildProcess> {
  for (;;) {
    const child = spawn(process.execPath, [skein, "serve", "--config", join(folder, "skein.json")], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    for await (const line of createInterface({ input: child.stdout })) {
      if (JSON.parse(line).event === "listening") return child;
    }
    await stop(child);
  }
}

async function stop(child: ChildProcess | undefined): Promise<void> {
  if (child === undefined || child.exitCode !== null) return;
  const exited = once(child, "exit");
  child.kill("SIGTERM");
  await exited;
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, "127.0.0.1", () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}

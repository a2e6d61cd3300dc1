import type { Commands } from "./guide.ts";
import { serverName } from "./stage/addresses.ts";
import type { Stage } from "./stage/stage.ts";
import type { Visitor } from "./stage/visitor.ts";

/** The guide's chapters. */
export interface Chapters {
  readonly toBrowsers: readonly Commands[];
  readonly turn: readonly Commands[];
  readonly firewall: readonly Commands[];
}

/** Something that is done, and must come out right: it gives what was seen, or throws. */
export interface Check {
  readonly name: string;
  readonly check: () => Promise<string>;
}

const ready = "curl -fs -o /dev/null --retry 8 --retry-connrefused http://127.0.0.1:7700/readyz";

/** What an operator does, one after another, and what must be so then. */
export function checks(
  stage: Stage,
  chapters: Chapters,
  type: (commands: readonly Commands[]) => Promise<string>,
): Check[] {
  const { debian, internet } = stage;
  const [ann, bob] = [stage.visitor("ann", "chromium"), stage.visitor("bob", "firefox")];
  let address = "";
  return [
    {
      name: "the guide, up to its two browsers",
      check: async () => {
        const written = await type(chapters.toBrowsers);
        address = new RegExp(`https://${serverName}/\\S+token=\\S+`).exec(written)?.[0] ?? "";
        if (address === "") throw new Error("no address was written");
        return "every line of it ended well";
      },
    },
    {
      name: "Chromium and Firefox, each in a network of its own, by a certificate that they trust",
      check: () => meet(ann, bob, address, "direct"),
    },
    {
      name: "kill -9 of the server",
      check: async () => {
        must(
          debian,
          `systemctl kill --signal=KILL skein && sleep 1 && ${ready} && systemctl is-active skein`,
          /^active/m,
        );
        return both(ann, bob);
      },
    },
    {
      name: "systemctl restart skein, with a drain",
      check: async () => {
        must(
          debian,
          `sed -i 's/"page"/"drain": 3, "page"/' /etc/skein/skein.json && systemctl restart skein && ${ready}`,
        );
        must(debian, `systemctl restart skein && ${ready} && systemctl show skein -p Result`, /Result=success/);
        must(debian, "journalctl -u skein -o cat", /"event":"draining"/);
        return both(ann, bob);
      },
    },
    {
      name: "a wrong setting",
      check: async () => {
        must(debian, `sed -i.good 's/"port"/"prot"/' /etc/skein/skein.json; systemctl restart skein; sleep 2`);
        const seen = must(debian, "systemctl status skein || true", /There is no setting "prot"/);
        must(debian, `mv /etc/skein/skein.json.good /etc/skein/skein.json && systemctl restart skein && ${ready}`);
        return /error: (.*?:.*?):/.exec(seen)?.[1] ?? "";
      },
    },
    {
      name: "the log",
      check: async () => {
        const log = must(
          debian,
          "journalctl -u skein -o cat; cat /var/log/nginx/*.log 2> /dev/null; journalctl -u caddy -o cat",
        );
        if (/token=|eyJ/.test(log)) throw new Error("a token is in it");
        return "no token is in it";
      },
    },
    {
      name: "systemd-analyze security skein",
      check: async () => /level.*: (.*)/.exec(must(debian, "systemd-analyze security skein --no-pager"))?.[1] ?? "",
    },
    {
      name: "the certificate, renewed",
      check: async () => {
        const serial = `echo | openssl s_client -connect 127.0.0.1:443 -servername ${serverName} 2> /dev/null | openssl x509 -noout -serial`;
        const hasCertbot = debian.look("command -v certbot").code === 0;
        if (!hasCertbot) return "is Caddy's business";
        const before = must(debian, serial, /serial=/);
        must(debian, "certbot renew --force-renewal");
        const after = must(debian, `sleep 1; ${serial}`, /serial=/);
        if (before === after) throw new Error("the old one is still shown");
        return "another one is shown";
      },
    },
    {
      name: "visitors who don't reach each other",
      check: () => {
        internet.part();
        return meet(ann, bob, address, "relay");
      },
    },
    {
      name: "… with TURN beside the server",
      check: async () => {
        await type(chapters.turn);
        must(debian, ready);
        return meet(ann, bob, address, "direct");
      },
    },
    {
      name: "… and behind the firewall",
      check: async () => {
        await type(chapters.firewall);
        return meet(ann, bob, address, "direct");
      },
    },
  ];
}

async function meet(ann: Visitor, bob: Visitor, address: string, path: string): Promise<string> {
  const seen = await Promise.all([
    ann.open(address.replace("#", "&name=ann#")),
    bob.open(address.replace("#", "&name=bob#")),
  ]);
  if (seen.some((one) => one !== path)) throw new Error(`they are linked by ${seen.join(" and ")}, not ${path}`);
  return `they are linked: ${path}`;
}

async function both(ann: Visitor, bob: Visitor): Promise<string> {
  return `they are linked: ${(await Promise.all([ann.linked(), bob.linked()])).join(", ")}`;
}

function must(debian: Stage["debian"], command: string, words = /(?:)/): string {
  const { code, output } = debian.look(command);
  if (code === 0 && words.test(output)) return output;
  throw new Error(`${command} ends with ${code}: ${output.trim().slice(-500)}`);
}

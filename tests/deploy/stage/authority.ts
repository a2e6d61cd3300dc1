import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

/** An authority of the trial's own, for what stands in for the internet's. */
export class Authority {
  readonly certificate: string;
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
    this.certificate = join(folder, "authority.pem");
    const own = ["-days", "2", "-subj", "/CN=Skein trial"];
    openssl("req", "-x509", ...newKey, "-keyout", this.#at("authority.key"), "-out", this.certificate, ...own);
  }

  /** A certificate for some names; gives its files. */
  issue(...names: readonly string[]): { readonly certificate: string; readonly key: string } {
    const name = names[0] as string;
    const [key, request, certificate] = [".key", ".csr", ".pem"].map((end) => this.#at(`${name}${end}`)) as Three;
    openssl("req", ...newKey, "-keyout", key, "-out", request, "-subj", `/CN=${name}`);
    writeFileSync(this.#at("names"), `subjectAltName=${names.map((one) => `DNS:${one}`).join()}`);
    const by = ["-CA", this.certificate, "-CAkey", this.#at("authority.key"), "-CAcreateserial"];
    openssl("x509", "-req", "-in", request, ...by, "-extfile", this.#at("names"), "-days", "2", "-out", certificate);
    return { certificate, key };
  }

  #at(file: string): string {
    return join(this.#folder, file);
  }
}

type Three = [string, string, string];

const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

function openssl(...args: readonly string[]): void {
  execFileSync("openssl", args, { stdio: "ignore" });
}

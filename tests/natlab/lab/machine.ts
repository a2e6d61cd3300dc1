import { HostProcess } from "../../interop/support/processes.ts";
import { Namespace } from "./namespace.ts";
import type { Router } from "./router.ts";

/** A computer in the lab: a network of its own, in which agents run, on any engine. */
export class Machine {
  readonly host: HostProcess;
  readonly #namespace: Namespace;
  #router: Router | undefined;
  #plugs = 0;

  constructor(number: number) {
    this.#namespace = new Namespace(`machine${number}`);
    this.host = new HostProcess(this.#namespace.inside);
  }

  /** Plugs it in there. */
  plug(router: Router): void {
    this.#router = router;
    router.plug(this.#namespace, this.#interfaceName(++this.#plugs));
  }

  /** Its interface is gone, and the address with it. */
  unplug(): void {
    if (this.#router === undefined) return;
    this.#router = undefined;
    this.#namespace.ip("link", "del", this.#interfaceName(this.#plugs));
  }

  async remove(): Promise<void> {
    await this.host.kill();
    this.removeNow();
  }

  removeNow(): void {
    this.#namespace.remove();
  }

  #interfaceName(plug: number): string {
    return `eth${plug}`;
  }
}

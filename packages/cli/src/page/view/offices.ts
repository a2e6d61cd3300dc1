import type { Offices, State } from "../store.js";
import { byId, setText } from "./dom.js";

/** Who leads, and who keeps the index: chosen by the agents themselves. */
export class OfficesView {
  readonly #frame = byId("offices", HTMLElement);
  readonly #leader = byId("leader-name", HTMLElement);
  readonly #keeper = byId("keeper-name", HTMLElement);
  #shown: Offices | undefined;

  show({ offices }: State): void {
    if (offices.leader === this.#shown?.leader && offices.keeper === this.#shown?.keeper) return;
    this.#shown = offices;
    this.#frame.hidden = offices.leader === undefined && offices.keeper === undefined;
    setText(this.#leader, offices.leader ?? "being elected");
    setText(this.#keeper, offices.keeper ?? "being voted on");
  }
}

import { bytesText, millisecondsText } from "../../terminal/units.js";
import { plainText, saveName } from "../core/text.js";
import type { State, Transfer } from "../store.js";
import { button, byId, type ItemView, KeyedList, make, setText } from "./dom.js";
import { pathView } from "./path.js";

export interface TransferActions {
  remove(key: number): void;
  retry(key: number): void;
}

/** Files on their way, and those that are here. */
export class TransfersView {
  readonly #panel = byId("transfers-panel", HTMLElement);
  readonly #said = byId("transfers-said", HTMLElement);
  readonly #list: KeyedList<Transfer>;
  #shown: readonly Transfer[] | undefined;

  constructor(actions: TransferActions) {
    const parent = byId("transfers", HTMLElement);
    this.#list = new KeyedList(
      parent,
      ({ key }) => key,
      (transfer) => item(transfer, actions),
    );
  }

  show({ transfers }: State): void {
    if (transfers === this.#shown) return;
    this.#shown = transfers;
    this.#panel.hidden = transfers.length === 0;
    this.#list.show(transfers);
    const ended = transfers.find(({ state }) => state.phase !== "running");
    if (ended !== undefined) setText(this.#said, `${plainText(ended.file, 80)}: ${stateText(ended)}`);
  }
}

function item(first: Transfer, actions: TransferActions): ItemView<Transfer> {
  const shownName = plainText(first.file, 240);
  const bar = make("progress", "");
  bar.setAttribute("aria-label", `Fetching ${shownName}`);
  const state = make("span", "transfer-state");
  const save = make("a", "button", "Save");
  save.hidden = true;
  save.download = saveName(first.file);
  save.setAttribute("aria-label", `Save ${shownName}`);
  const retry = button("quiet", "Try again", `Fetch ${shownName} again`, () => actions.retry(first.key));
  const remove = button("quiet", "Stop", "", () => actions.remove(first.key));
  const node = make(
    "li",
    "transfer",
    pathView(first.file),
    make("div", "transfer-actions", save, retry, remove),
    bar,
    state,
  );
  return {
    node,
    update(transfer) {
      const { phase } = transfer.state;
      node.dataset.phase = phase;
      showProgress(bar, transfer);
      setText(state, `from ${first.from}: ${stateText(transfer)}`);
      if (transfer.state.phase === "done") save.href = transfer.state.url;
      save.hidden = phase !== "done";
      retry.hidden = phase !== "failed";
      setText(remove, phase === "running" ? "Stop" : "Remove");
      remove.setAttribute("aria-label", `${phase === "running" ? "Stop fetching" : "Remove"} ${shownName}`);
    },
  };
}

function showProgress(bar: HTMLProgressElement, { bytes, total, state }: Transfer): void {
  bar.hidden = state.phase !== "running";
  if (total === undefined) return bar.removeAttribute("value");
  bar.max = Math.max(1, total);
  bar.value = total === 0 ? 1 : bytes;
}

function stateText({ bytes, total, rate, state }: Transfer): string {
  switch (state.phase) {
    case "running":
      if (total === undefined) return "asking for it";
      return `${bytesText(bytes)} of ${bytesText(total)}${rate > 0 ? `, ${bytesText(rate)}/s` : ""}`;
    case "failed":
      return state.reason;
    case "done":
      return `${bytesText(bytes)} in ${millisecondsText(state.tookMs)}, each piece checked against ${state.artifact.slice(0, 12)}…`;
  }
}

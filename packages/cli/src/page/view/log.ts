import type { LogEntry, State } from "../store.js";
import { byId, type ItemView, KeyedList, make, setText } from "./dom.js";

const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });

/** What happened, newest first. */
export class LogView {
  readonly #list = new KeyedList<LogEntry>(byId("log", HTMLElement), ({ key }) => key, item);
  #shown: readonly LogEntry[] | undefined;

  show({ log }: State): void {
    if (log === this.#shown) return;
    this.#shown = log;
    this.#list.show(log);
  }
}

function item(): ItemView<LogEntry> {
  const time = make("time", "");
  const text = make("span", "");
  return {
    node: make("li", "", time, text),
    update({ at, text: words, times }) {
      time.dateTime = at.toISOString();
      setText(time, clock.format(at));
      setText(text, times === 1 ? words : `${words} (${times} times)`);
    },
  };
}

import type { Connection, State } from "../store.js";
import { byId, setText } from "./dom.js";

/** The server's state in the header, and a notice below it where something is amiss. */
export class StatusView {
  readonly #badge = byId("server", HTMLElement);
  readonly #badgeText = byId("server-text", HTMLElement);
  readonly #notice = byId("notice", HTMLElement);
  readonly #noticeText = byId("notice-text", HTMLElement);
  readonly #countdown = byId("notice-countdown", HTMLElement);
  readonly #tryNow = byId("try-now", HTMLButtonElement);
  #connection: Connection | undefined;

  constructor(tryNow: () => void) {
    this.#tryNow.addEventListener("click", tryNow);
  }

  show({ connection }: State): void {
    if (connection === this.#connection) return;
    this.#connection = connection;
    const [mood, badge, notice] = describe(connection);
    this.#badge.dataset.mood = mood;
    setText(this.#badgeText, badge);
    this.#notice.hidden = notice === "";
    setText(this.#noticeText, notice);
    this.#tryNow.hidden = connection.phase !== "waiting";
    this.tick();
  }

  /** Counts down. The countdown stands outside the live text: nobody wants to hear every second. */
  tick(): void {
    const connection = this.#connection;
    const leftMs = connection?.phase === "waiting" ? connection.untilMs - Date.now() : 0;
    setText(this.#countdown, leftMs > 0 ? `Trying again in ${Math.ceil(leftMs / 1000)} s.` : "");
  }
}

function describe(connection: Connection): readonly [mood: string, badge: string, notice: string] {
  switch (connection.phase) {
    case "joining":
      return ["busy", "Joining", ""];
    case "joined":
      return ["good", "Server connected", ""];
    case "server-away":
      return [
        "busy",
        "Server away",
        "The server is away. Your links go on without it; newcomers are seen once it is back. Looking for it.",
      ];
    case "waiting":
      return ["bad", "Not in the room", connection.reason];
  }
}

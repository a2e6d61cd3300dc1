import type { PeerId } from "@skein/client";
import { bytesText, countText, millisecondsText } from "../../terminal/units.js";
import type { Connection, PeerView, State } from "../store.js";
import { button, byId, type ItemView, KeyedList, make, setText } from "./dom.js";

const shownMost = 64;
/** `12,345,678` as `12M`: a peer may say any number. */
const shortCount = new Intl.NumberFormat("en", { notation: "compact" });

/** The links as a table: what the drawing shows, for reading. */
export class PeersView {
  readonly #table = byId("peer-table", HTMLTableElement);
  readonly #empty = byId("peers-empty", HTMLElement);
  readonly #count = byId("peers-count", HTMLElement);
  readonly #list: KeyedList<PeerView>;
  #shown: readonly PeerView[] | undefined;

  constructor(browse: (peer: PeerId) => void) {
    const rows = byId("peer-rows", HTMLTableSectionElement);
    this.#list = new KeyedList(
      rows,
      ({ id }) => id,
      (peer) => row(peer, browse),
    );
  }

  show({ peers, connection }: State): void {
    setText(this.#empty, emptyText(connection));
    if (peers === this.#shown) return;
    this.#shown = peers;
    this.#list.show(peers.slice(0, shownMost));
    this.#table.hidden = peers.length === 0;
    this.#empty.hidden = peers.length > 0;
    const linked = peers.filter(({ state }) => state === "connected").length;
    const linkedText =
      linked === peers.length ? countText(linked, "link") : `${linked} of ${countText(peers.length, "link")}`;
    setText(this.#count, peers.length === 0 ? "" : linkedText);
  }
}

function emptyText({ phase }: Connection): string {
  if (phase === "joining") return "Joining the room.";
  if (phase === "waiting") return "Once the server answers, the agents in this room stand here.";
  return "Nobody else is here yet. Open this page in another tab, or start an agent in this room.";
}

function row(first: PeerView, browse: (peer: PeerId) => void): ItemView<PeerView> {
  const name = make("span", "peer-name");
  const kind = make("span", "peer-kind");
  const head = make("th", "", name, kind);
  head.scope = "row";
  const path = make("td", "");
  const roundTrip = make("td", "number");
  const rate = make("td", "number");
  const files = button("quiet", "", "", () => browse(first.id));
  const filesCell = make("td", "number", files);
  const node = make("tr", "", head, path, roundTrip, rate, filesCell);
  return {
    node,
    update(peer) {
      node.dataset.state = peer.state;
      setText(name, peer.name);
      name.title = `${peer.name} · ${peer.id}`;
      setText(kind, [peer.kind, ...peer.roles].join(", "));
      setText(path, peer.state === "connected" ? (peer.path ?? "") : "linking");
      setText(roundTrip, peer.rttMs === undefined ? "–" : millisecondsText(peer.rttMs));
      setText(rate, rateText(peer));
      files.hidden = peer.files === undefined || peer.files === 0;
      setText(files, shortCount.format(peer.files ?? 0));
      files.setAttribute("aria-label", `List the ${countText(peer.files ?? 0, "file")} of ${peer.name}`);
    },
  };
}

/** Both ways together: the drawing tells them apart. */
export function rateText({ rateIn, rateOut }: Pick<PeerView, "rateIn" | "rateOut">): string {
  const rate = rateIn + rateOut;
  return rate < 1 ? "–" : `${bytesText(rate)}/s`;
}

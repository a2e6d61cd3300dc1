import type { PeerId } from "@skein/client";
import { countText, millisecondsText } from "../../terminal/units.js";
import { between, type Curve, layOut, type Point, pathOf, strand } from "../core/layout.js";
import { plainText } from "../core/text.js";
import type { PeerView, State } from "../store.js";
import { byId, draw, setText } from "./dom.js";
import { rateText } from "./peers.js";
import { Pulses } from "./pulses.js";

/** More than these don't fit into a drawing; the table has them all. */
const drawnMost = 24;
/** With more than these, names and figures would lie over each other. */
const labelledMost = 6;
const namedMost = 12;
/** The others' own links are drawn up to this many others. */
const chordsMost = 8;

/** One peer as it is drawn: two strands, one each way, a node, and what is written beside them. */
interface Drawn {
  readonly group: SVGGElement;
  readonly outward: Curve;
  readonly inward: Curve;
  readonly figures: SVGTextElement;
  readonly rate: SVGTextElement;
}

/** The room as a drawing: every agent a node, our links as strands, traffic as dots on them. */
export class MeshView {
  readonly #svg: SVGSVGElement;
  readonly #ourName: string;
  readonly #chords = draw("g", "chords");
  readonly #links = draw("g", "links");
  readonly #dots = draw("g", "dots");
  readonly #middle = draw("g", "");
  readonly #pulses = new Pulses(this.#dots);
  #drawn = new Map<PeerId, Drawn>();
  #peers: readonly PeerView[] = [];
  #size = { width: 0, height: 0 };
  /** What the present drawing was made from: it is made anew when this changes. */
  #made = "";

  constructor(ourName: string) {
    this.#ourName = ourName;
    this.#svg = draw("svg", "mesh-drawing", this.#chords, this.#links, this.#dots, this.#middle);
    this.#svg.setAttribute("role", "img");
    const frame = byId("mesh", HTMLElement);
    frame.append(this.#svg);
    new ResizeObserver(() => {
      this.#size = { width: frame.clientWidth, height: frame.clientHeight };
      this.#update();
    }).observe(frame);
  }

  show({ peers }: State): void {
    if (peers === this.#peers) return;
    this.#peers = peers;
    this.#update();
  }

  /** Shows bytes on their way. `spreadMs`: over how long they went by. */
  traffic(peer: PeerId, direction: "in" | "out", bytes: number, spreadMs: number): void {
    const drawn = this.#drawn.get(peer);
    if (drawn === undefined) return;
    this.#pulses.send(direction === "in" ? drawn.inward : drawn.outward, `dot ${direction}`, bytes, spreadMs);
  }

  #update(): void {
    const peers = this.#peers.slice(0, drawnMost);
    const { width, height } = this.#size;
    if (width === 0 || height === 0) return;
    const made = [width, height, ...peers.map(({ id, name, state }) => `${id} ${name} ${state}`)].join("\n");
    if (made !== this.#made) this.#make(peers);
    this.#made = made;
    for (const peer of peers) this.#label(peer, peers.length);
    const linked = this.#peers.filter(({ state }) => state === "connected").length;
    const others =
      this.#peers.length === 0
        ? "nobody else"
        : `${countText(this.#peers.length, "other agent")}, ${linked} linked to you`;
    this.#svg.setAttribute("aria-label", `The room: you and ${others}. The table below has the figures.`);
  }

  #make(peers: readonly PeerView[]): void {
    const { width, height } = this.#size;
    this.#svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    this.#pulses.clear();
    const { middle, others } = layOut(peers.length, width, height);
    const known = new Set(this.#drawn.keys());
    const pairs = peers.flatMap((peer, index) => {
      const at = others[index];
      return at === undefined ? [] : [{ peer, at }];
    });
    this.#drawn = new Map(pairs.map(({ peer, at }) => [peer.id, drawPeer(peer, middle, at, peers.length)]));
    this.#links.replaceChildren(...[...this.#drawn.values()].map(({ group }) => group));
    for (const [id, { group }] of this.#drawn) if (!known.has(id)) group.classList.add("new");
    const linked = pairs.filter(({ peer }) => peer.state === "connected").map(({ at }) => at);
    this.#chords.replaceChildren(...(linked.length <= chordsMost ? chordsOf(linked, middle) : []));
    this.#middle.replaceChildren(
      drawNode(middle, "node us", 15),
      drawText(middle, 33, "node-name", clip(this.#ourName)),
      drawText(middle, 48, "node-kind", "you"),
    );
  }

  #label(peer: PeerView, count: number): void {
    const drawn = this.#drawn.get(peer.id);
    if (drawn === undefined) return;
    const isLinked = peer.state === "connected";
    const rate = peer.rateIn + peer.rateOut;
    drawn.group.dataset.busy = String(isLinked ? busyness(rate) : 0);
    const roundTrip = peer.rttMs === undefined ? "" : ` · ${millisecondsText(peer.rttMs)}`;
    const shown = count <= labelledMost;
    setText(drawn.figures, !shown ? "" : isLinked ? `${peer.path ?? ""}${roundTrip}` : "connecting");
    setText(drawn.rate, shown && isLinked && rate >= 1 ? rateText(peer) : "");
  }
}

function drawPeer(peer: PeerView, middle: Point, at: Point, count: number): Drawn {
  const [from, to] = between(middle, at, 20);
  const outward = strand(from, to, 7);
  const inward = strand(to, from, 7);
  const half = { x: (from.x + to.x) / 2, y: (from.y + to.y) / 2 };
  const figures = drawText(half, -2, "link-figures", "");
  const rate = drawText(half, 13, "link-rate", "");
  const group = draw(
    "g",
    "link",
    drawStrand(outward, "strand out"),
    drawStrand(inward, "strand in"),
    drawNode(at, "node", 11),
    figures,
    rate,
  );
  group.dataset.state = peer.state;
  if (count <= namedMost)
    group.append(drawText(at, 28, "node-name", clip(peer.name)), drawText(at, 43, "node-kind", peer.kind));
  const title = draw("title", "");
  title.textContent = peer.name;
  group.prepend(title);
  return { group, outward, inward, figures, rate };
}

/** The others' links among each other, bent away from the middle, where we stand. */
function chordsOf(points: readonly Point[], middle: Point): SVGPathElement[] {
  return points.flatMap((a, index) =>
    points.slice(index + 1).map((b) => {
      const [from, to] = between(a, b, 16);
      // Twice the area of the triangle with the middle: its sign says on which side the middle lies.
      const side = (b.x - a.x) * (middle.y - a.y) - (b.y - a.y) * (middle.x - a.x);
      const offset = Math.hypot(b.x - a.x, b.y - a.y) * 0.07 * (side >= 0 ? 1 : -1);
      return drawStrand(strand(from, to, offset), "chord");
    }),
  );
}

function drawStrand(curve: Curve, className: string): SVGPathElement {
  const path = draw("path", className);
  path.setAttribute("d", pathOf(curve));
  return path;
}

function drawNode({ x, y }: Point, className: string, radius: number): SVGCircleElement {
  const circle = draw("circle", className);
  circle.setAttribute("cx", x.toFixed(1));
  circle.setAttribute("cy", y.toFixed(1));
  circle.setAttribute("r", String(radius));
  return circle;
}

function drawText({ x, y }: Point, below: number, className: string, words: string): SVGTextElement {
  const text = draw("text", className);
  text.setAttribute("x", x.toFixed(1));
  text.setAttribute("y", (y + below).toFixed(1));
  text.textContent = words;
  return text;
}

function clip(name: string): string {
  return plainText(name, 18);
}

/** 0 to 3: from quiet, over kilobytes, to megabytes a second. */
function busyness(rate: number): number {
  if (rate < 200) return 0;
  if (rate < 20_000) return 1;
  return rate < 500_000 ? 2 : 3;
}

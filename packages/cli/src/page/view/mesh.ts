import type { PeerId } from "@skein/client";
import { countText, millisecondsText } from "../../terminal/units.js";
import { between, type Curve, chord, layOut, type Point, pathOf, strand } from "../core/layout.js";
import { plainText } from "../core/text.js";
import type { PeerView, State } from "../store.js";
import { byId, draw, setText } from "./dom.js";
import { rateText } from "./peers.js";
import { Pulses } from "./pulses.js";

/** More than these don't fit into a drawing; the table has them all. */
const drawnMost = 24;
/** With more than these, names would lie over each other. */
const namedMost = 12;
/** The others' own links are drawn up to this many others. */
const chordsMost = 5;

/** One peer as it is drawn: two strands, one each way, a node, and a plate with the link's figures. */
interface Drawn {
  readonly link: SVGGElement;
  readonly node: SVGGElement;
  readonly outward: Curve;
  readonly inward: Curve;
  readonly plate: Plate;
}

/** The room as a drawing: every agent a node, our links as strands, traffic as dots on them. */
export class MeshView {
  readonly #svg: SVGSVGElement;
  readonly #chords = draw("g", "chords");
  readonly #links = draw("g", "links");
  readonly #dots = draw("g", "dots");
  readonly #plates = draw("g", "plates");
  readonly #nodes = draw("g", "nodes");
  readonly #chordsKey = byId("chords-key", HTMLElement);
  readonly #pulses = new Pulses(this.#dots);
  #drawn = new Map<PeerId, Drawn>();
  #peers: readonly PeerView[] = [];
  #size = { width: 0, height: 0 };
  /** What the present drawing was made from: it is made anew when this changes. */
  #made = "";

  constructor() {
    this.#svg = draw("svg", "mesh-drawing", this.#chords, this.#links, this.#dots, this.#plates, this.#nodes);
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
    this.#drawn = new Map(
      pairs.map(({ peer, at }) => [peer.id, drawPeer(peer, middle, at, this.#nameLength(peers.length))]),
    );
    const drawn = [...this.#drawn.values()];
    this.#links.replaceChildren(...drawn.map(({ link }) => link));
    this.#plates.replaceChildren(...drawn.map(({ plate }) => plate.node));
    this.#nodes.replaceChildren(...drawn.map(({ node }) => node), drawUs(middle));
    for (const [id, { link, node }] of this.#drawn) {
      if (known.has(id)) continue;
      link.classList.add("new");
      node.classList.add("new");
    }
    const linked = pairs.filter(({ peer }) => peer.state === "connected").map(({ at }) => at);
    const chords = linked.length <= chordsMost ? chordsOf(linked, middle) : [];
    this.#chords.replaceChildren(...chords);
    this.#chordsKey.hidden = chords.length === 0;
  }

  #label(peer: PeerView, count: number): void {
    const drawn = this.#drawn.get(peer.id);
    if (drawn === undefined) return;
    const rate = peer.rateIn + peer.rateOut;
    drawn.link.dataset.busy = String(peer.state === "connected" ? busyness(rate) : 0);
    drawn.plate.show(...figuresOf(peer, this.#roomFor(count)));
  }

  /** How many characters of a name fit beside its node. */
  #nameLength(count: number): number {
    if (count > namedMost) return 0;
    return this.#size.width < 480 && count > 3 ? 12 : 18;
  }

  /** How much can be written on each link without writing over the next. */
  #roomFor(count: number): PlateRoom {
    if (this.#size.width < 480) return count <= 3 ? "figures" : count === 4 ? "little" : "none";
    if (count <= 6) return "all";
    return count <= 10 ? "little" : "none";
  }
}

/** What of a link is written on it; the table has the rest. */
type PlateRoom = "all" | "figures" | "little" | "none";

/** The two lines of a plate. */
function figuresOf(peer: PeerView, room: PlateRoom): readonly [string, string] {
  if (room === "none") return ["", ""];
  if (peer.state !== "connected") return [room === "little" ? "" : "linking", ""];
  const roundTrip = peer.rttMs === undefined ? "" : millisecondsText(peer.rttMs);
  const rate = peer.rateIn + peer.rateOut >= 1 ? rateText(peer) : "";
  if (room === "little") return [rate === "" ? roundTrip : rate, ""];
  if (room === "figures") return [roundTrip, rate];
  return [[peer.path ?? "", roundTrip].filter((part) => part !== "").join(" · "), rate];
}

/** A small plate on a link. It covers the strands, so that what is written can be read. */
class Plate {
  readonly node: SVGGElement;
  readonly #at: Point;
  readonly #ground = draw("rect", "plate");
  readonly #first: SVGTextElement;
  readonly #second: SVGTextElement;
  #shown = "";

  constructor(at: Point) {
    this.#at = at;
    this.#first = drawText(at, 4, "link-figures", "");
    this.#second = drawText(at, 12, "link-rate", "");
    this.node = draw("g", "", this.#ground, this.#first, this.#second);
    this.#ground.setAttribute("rx", "6");
  }

  show(first: string, second: string): void {
    if (`${first}\n${second}` === this.#shown) return;
    this.#shown = `${first}\n${second}`;
    setText(this.#first, first);
    setText(this.#second, second);
    this.node.setAttribute("visibility", first === "" ? "hidden" : "visible");
    const isTall = second !== "";
    this.#first.setAttribute("y", (this.#at.y + (isTall ? -4 : 4)).toFixed(1));
    const width = Math.max(this.#first.getComputedTextLength(), this.#second.getComputedTextLength()) + 14;
    const height = isTall ? 36 : 21;
    this.#ground.setAttribute("x", (this.#at.x - width / 2).toFixed(1));
    this.#ground.setAttribute("y", (this.#at.y - height / 2).toFixed(1));
    this.#ground.setAttribute("width", width.toFixed(1));
    this.#ground.setAttribute("height", String(height));
  }
}

function drawPeer(peer: PeerView, middle: Point, at: Point, nameLength: number): Drawn {
  const [from, to] = between(middle, at, 22);
  const outward = strand(from, to, 7);
  const inward = strand(to, from, 7);
  const link = draw("g", "link", drawStrand(outward, "strand out"), drawStrand(inward, "strand in"));
  const title = draw("title", "");
  title.textContent = peer.name;
  const node = draw("g", "agent", title, drawNode(at, "node", 11));
  if (nameLength > 0) {
    // Names stand on the far side, where no link of ours goes.
    const isAbove = at.y < middle.y - 1;
    node.append(
      drawText(at, isAbove ? -34 : 29, "node-name", plainText(peer.name, nameLength)),
      drawText(at, isAbove ? -19 : 44, "node-kind", peer.kind),
    );
  }
  link.dataset.state = peer.state;
  node.dataset.state = peer.state;
  const plate = new Plate({ x: (from.x + to.x) / 2, y: (from.y + to.y) / 2 });
  return { link, node, outward, inward, plate };
}

function drawUs(at: Point): SVGGElement {
  return draw("g", "agent", drawNode(at, "node us", 18), drawText(at, 4, "us-name", "you"));
}

/** The others' links among each other, clear of the middle, where we stand. */
function chordsOf(points: readonly Point[], middle: Point): SVGPathElement[] {
  return points.flatMap((a, index) =>
    points.slice(index + 1).map((b) => {
      const [from, to] = between(a, b, 16);
      return drawStrand(chord(from, to, middle, 56), "chord");
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

/** 0 to 3: from quiet, over kilobytes, to megabytes a second. */
function busyness(rate: number): number {
  if (rate < 200) return 0;
  if (rate < 20_000) return 1;
  return rate < 500_000 ? 2 : 3;
}

import { along, type Curve } from "../core/layout.js";
import { draw } from "./dom.js";

const durationMs = 800;
/** However much goes by, the drawing stays calm. */
const pulsesMost = 120;

interface Pulse {
  readonly node: SVGCircleElement;
  readonly curve: Curve;
  readonly startMs: number;
}

/** Dots that run along curves. Nothing runs while there are none. */
export class Pulses {
  readonly #layer: SVGGElement;
  readonly #calm = matchMedia("(prefers-reduced-motion: reduce)");
  #pulses: Pulse[] = [];

  constructor(layer: SVGGElement) {
    this.#layer = layer;
  }

  /** Sends dots for so many bytes: more bytes, more and larger dots, spread over `spreadMs`. */
  send(curve: Curve, className: string, bytes: number, spreadMs: number): void {
    if (this.#calm.matches || document.hidden) return;
    const size = Math.log2(1 + bytes / 64);
    const count = Math.min(3, Math.max(1, Math.round(size / 4)), pulsesMost - this.#pulses.length);
    const wasIdle = this.#pulses.length === 0;
    const nowMs = performance.now();
    for (let index = 0; index < count; index += 1) {
      const node = draw("circle", className);
      node.setAttribute("r", (1.6 + Math.min(1.8, size / 8)).toFixed(1));
      node.setAttribute("visibility", "hidden");
      this.#layer.append(node);
      this.#pulses.push({ node, curve, startMs: nowMs + (index * spreadMs) / count });
    }
    if (wasIdle && this.#pulses.length > 0) requestAnimationFrame((frameMs) => this.#step(frameMs));
  }

  clear(): void {
    for (const { node } of this.#pulses) node.remove();
    this.#pulses = [];
  }

  #step(nowMs: number): void {
    this.#pulses = this.#pulses.filter(({ node, curve, startMs }) => {
      const t = (nowMs - startMs) / durationMs;
      if (t >= 1) {
        node.remove();
        return false;
      }
      if (t < 0) return true;
      const { x, y } = along(curve, t);
      node.setAttribute("cx", x.toFixed(1));
      node.setAttribute("cy", y.toFixed(1));
      node.setAttribute("visibility", "visible");
      return true;
    });
    if (this.#pulses.length > 0) requestAnimationFrame((frameMs) => this.#step(frameMs));
  }
}

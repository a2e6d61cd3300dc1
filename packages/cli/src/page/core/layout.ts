export interface Point {
  readonly x: number;
  readonly y: number;
}

/** A curve from `from` to `to` that `bend` pulls aside (quadratic Bézier). */
export interface Curve {
  readonly from: Point;
  readonly bend: Point;
  readonly to: Point;
}

/** Where everyone stands: we in the middle, the others around us. */
export interface Layout {
  readonly middle: Point;
  readonly others: readonly Point[];
}

/** What names and rims take at the edges. */
const margin = { side: 66, top: 52, bottom: 52 };

/** Spreads `count` others around the middle so that together they fill the drawing. */
export function layOut(count: number, width: number, height: number): Layout {
  const around = Array.from({ length: count }, (_, index) => {
    const angle = firstAngle(count) + index * step(count);
    return { x: Math.cos(angle), y: Math.sin(angle) };
  });
  const all = [{ x: 0, y: 0 }, ...around];
  const toX = spread(
    all.map(({ x }) => x),
    margin.side,
    width - margin.side,
  );
  const toY = spread(
    all.map(({ y }) => y),
    margin.top,
    height - margin.bottom,
  );
  const place = ({ x, y }: Point) => ({ x: toX(x), y: toY(y) });
  return { middle: place({ x: 0, y: 0 }), others: around.map(place) };
}

/** One stands beside us, two above, more on a ring. Straight below us nobody stands: there our own name is. */
function firstAngle(count: number): number {
  if (count === 1) return 0;
  if (count === 2) return (-5 / 6) * Math.PI;
  return count % 2 === 1 ? -Math.PI / 2 : -Math.PI / 2 + Math.PI / count;
}

function step(count: number): number {
  return count === 2 ? (2 / 3) * Math.PI : (2 * Math.PI) / count;
}

/** Maps what lies between the smallest and the largest value onto `from` to `to`; onto the middle where that is one. */
function spread(values: readonly number[], from: number, to: number): (value: number) => number {
  const least = Math.min(...values);
  const range = Math.max(...values) - least;
  if (range < 1e-6 || to <= from) return () => (from + to) / 2;
  return (value) => from + ((value - least) / range) * (to - from);
}

/** The curve between two others: bent away from `avoid`, and clear of it by `clearance`. */
export function chord(from: Point, to: Point, avoid: Point, clearance: number): Curve {
  const length = Math.hypot(to.x - from.x, to.y - from.y) || 1;
  // How far to the right of the way the point lies that is to be avoided.
  const right = ((to.x - from.x) * (avoid.y - from.y) - (to.y - from.y) * (avoid.x - from.x)) / length;
  const offset = Math.max(length * 0.07, clearance - Math.abs(right));
  return strand(from, to, right >= 0 ? offset : -offset);
}

/** A curve between two points, its middle `offset` to the left as seen from `from`. */
export function strand(from: Point, to: Point, offset: number): Curve {
  const dx = to.x - from.x;
  const dy = to.y - from.y;
  const length = Math.hypot(dx, dy) || 1;
  // The curve's middle lies half as far out as its control point.
  const bend = {
    x: (from.x + to.x) / 2 + (dy / length) * offset * 2,
    y: (from.y + to.y) / 2 - (dx / length) * offset * 2,
  };
  return { from, bend, to };
}

/** The point at `t` (0 to 1) of the curve's way. */
export function along({ from, bend, to }: Curve, t: number): Point {
  const u = 1 - t;
  return {
    x: u * u * from.x + 2 * u * t * bend.x + t * t * to.x,
    y: u * u * from.y + 2 * u * t * bend.y + t * t * to.y,
  };
}

/** For the `d` of an SVG path. */
export function pathOf({ from, bend, to }: Curve): string {
  const n = (value: number) => value.toFixed(1);
  return `M${n(from.x)} ${n(from.y)}Q${n(bend.x)} ${n(bend.y)} ${n(to.x)} ${n(to.y)}`;
}

/** Shortens the way between two points by `gap` at both ends: lines begin at the rim of a node. */
export function between(from: Point, to: Point, gap: number): readonly [Point, Point] {
  const length = Math.hypot(to.x - from.x, to.y - from.y);
  const part = length === 0 ? 0 : Math.min(0.45, gap / length);
  const at = (t: number) => ({ x: from.x + (to.x - from.x) * t, y: from.y + (to.y - from.y) * t });
  return [at(part), at(1 - part)];
}

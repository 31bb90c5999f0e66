// The geometry of the ribbon: one time axis per character on which a night of forty swaps cannot drown a level-up.
// A sitting is 2 + 2.2·√changes units wide; a pause over two and a half days is a hatched column of fixed width.

export interface RibbonPoint {
  version: number;
  at: string;
  session: string;
  changes: number;
  level: number;
  landmark: boolean;
  /** Quiet versions have a place on the ribbon and no tick. */
  visible: boolean;
}

export interface RibbonTick {
  version: number;
  /** All positions are shares of the width, from 0 to 1. */
  x: number;
  landmark: boolean;
  /** Share of the height: more changes, taller. */
  height: number;
}

export interface RibbonGap {
  x: number;
  width: number;
  /** Length of the pause; none where it lasts until now. */
  days: number | null;
}

export interface RibbonLabel {
  x: number;
  text: string;
}

export interface RibbonShape {
  ticks: RibbonTick[];
  gaps: RibbonGap[];
  /** Where each sitting begins, and when. */
  dates: { x: number; at: string }[];
  steps: { x: number; level: number }[];
  /** Where each version stands, quiet ones too. */
  places: Map<number, number>;
}

const PAUSE = 2.5 * 86_400_000;
const GAP_SHARE = 0.07;
const GAPS_AT_MOST = 0.45;

/** What the axis is divided by: what happened, or the time that passed. */
export type RibbonAxis = "change" | "date";

/** The shapes of points that were drawn: every view of a character begins with the same one. */
const drawn = new WeakMap<readonly RibbonPoint[], Map<string, RibbonShape>>();

export function ribbonShape(
  points: readonly RibbonPoint[],
  lastSeen: string | null,
  axis: RibbonAxis = "change",
): RibbonShape {
  const shapes = drawn.get(points) ?? new Map<string, RibbonShape>();
  drawn.set(points, shapes);
  const key = `${axis} ${lastSeen}`;
  const shape =
    shapes.get(key) ?? (axis === "date" ? shapeByDate(points, lastSeen) : shapeByChange(points, lastSeen));
  shapes.set(key, shape);
  return shape;
}

/** Room at both ends, so that a tick there can be seen and taken hold of. */
const MARGIN = 0.008;

/** Every day is as wide as the next, so pauses need no column. */
function shapeByDate(points: readonly RibbonPoint[], lastSeen: string | null): RibbonShape {
  const shape: RibbonShape = { ticks: [], gaps: [], dates: [], steps: [], places: new Map() };
  const [first, last] = [points[0], points.at(-1)];
  if (!first || !last) return shape;
  const from = time(first.at);
  const span = Math.max(time(lastSeen ?? last.at), time(last.at)) - from || 1;
  const placeOf = (at: string) =>
    MARGIN + Math.min(Math.max((time(at) - from) / span, 0), 1) * (1 - 2 * MARGIN);
  for (const point of points) shape.places.set(point.version, placeOf(point.at));
  for (const sitting of sittingsOf(points.filter((point) => point.visible))) {
    shape.dates.push({ x: placeOf(sitting[0]!.at), at: sitting[0]!.at });
    for (const point of sitting) placeTick(shape, point, placeOf(point.at));
  }
  return shape;
}

function shapeByChange(points: readonly RibbonPoint[], lastSeen: string | null): RibbonShape {
  const sittings = sittingsOf(points.filter((point) => point.visible));
  const pauses = pausesOf(sittings, lastSeen);
  const columns = pauses.filter((days) => days !== null).length;
  const gapWidth = Math.min(GAP_SHARE, GAPS_AT_MOST / Math.max(columns, 1));
  const units = sittings.reduce((sum, sitting) => sum + unitsOf(sitting), 0);
  const scale = (1 - columns * gapWidth) / Math.max(units, 1);

  const shape: RibbonShape = { ticks: [], gaps: [], dates: [], steps: [], places: new Map() };
  let x = 0;
  sittings.forEach((sitting, i) => {
    const width = unitsOf(sitting) * scale;
    shape.dates.push({ x, at: sitting[0]!.at });
    placeSitting(shape, sitting, x, width);
    x += width;
    const days = pauses[i];
    if (days === null || days === undefined) return;
    shape.gaps.push({ x, width: gapWidth, days: i === sittings.length - 1 ? null : days });
    x += gapWidth;
  });
  placeQuiet(shape, points);
  return shape;
}

/** The ticks that can be told apart: of those within two pixels the tallest. However long a history is, a width holds no more. */
export function drawnTicks(ticks: readonly RibbonTick[], width: number): RibbonTick[] {
  const columns = new Map<number, RibbonTick>();
  for (const tick of ticks) {
    const column = Math.floor((tick.x * width) / 2);
    const there = columns.get(column);
    if (!there || tick.height > there.height) columns.set(column, tick);
  }
  return [...columns.values()];
}

/** The version nearest to a place among those with a tick. */
export function nearestTick(shape: RibbonShape, x: number): RibbonTick | undefined {
  let best: RibbonTick | undefined;
  for (const tick of shape.ticks) if (!best || Math.abs(tick.x - x) < Math.abs(best.x - x)) best = tick;
  return best;
}

/** Leaves out labels that would run into the one before them. */
export function spaced<L extends { x: number }>(labels: readonly L[], width: number, pixels: number): L[] {
  const kept: L[] = [];
  for (const label of labels) {
    const last = kept.at(-1);
    if (!last || (label.x - last.x) * width >= pixels) kept.push(label);
  }
  return kept;
}

/** The dates with room for their words, each once. Only those are put into words: of a thousand sittings that takes longer than all the rest. */
export function dateLabels(
  dates: RibbonShape["dates"],
  width: number,
  pixels: number,
  words: (at: string) => string,
): RibbonLabel[] {
  const kept: RibbonLabel[] = [];
  for (const { x, at } of dates) {
    const last = kept.at(-1);
    if (last && (x - last.x) * width < pixels) continue;
    const text = words(at);
    if (text !== last?.text) kept.push({ x, text });
  }
  return kept;
}

/** The step line of the levels in a box of 1000 by 100. */
export function levelLine(shape: RibbonShape): { line: string; y: (level: number) => number } {
  const levels = shape.steps.map((step) => step.level);
  const low = Math.min(...levels);
  const high = Math.max(...levels);
  const y = (level: number) => (high === low ? 35 : 60 - ((level - low) / (high - low)) * 52);
  const points: string[] = [];
  shape.steps.forEach((step, i) => {
    const x = (i === 0 ? 0 : step.x) * 1000;
    const before = shape.steps[i - 1];
    if (before) points.push(`${x},${y(before.level)}`);
    points.push(`${x},${y(step.level)}`);
  });
  const last = shape.steps.at(-1);
  if (last) points.push(`1000,${y(last.level)}`);
  return { line: points.join(" "), y };
}

const time = (at: string) => Date.parse(at);
const unitsOf = (sitting: RibbonPoint[]) =>
  2 + 2.2 * Math.sqrt(sitting.reduce((sum, point) => sum + Math.max(point.changes, 1), 0));

function sittingsOf(points: readonly RibbonPoint[]): RibbonPoint[][] {
  const sittings: RibbonPoint[][] = [];
  for (const point of points) {
    const last = sittings.at(-1);
    if (last && last[0]!.session === point.session) last.push(point);
    else sittings.push([point]);
  }
  return sittings;
}

/** The pause after each sitting in days, where it is long enough to be a column. */
function pausesOf(sittings: RibbonPoint[][], lastSeen: string | null): (number | null)[] {
  return sittings.map((sitting, i) => {
    const next = sittings[i + 1]?.[0]?.at ?? lastSeen;
    if (!next) return null;
    const pause = time(next) - time(sitting.at(-1)!.at);
    return pause > PAUSE ? Math.round(pause / 86_400_000) : null;
  });
}

function placeSitting(shape: RibbonShape, sitting: RibbonPoint[], x: number, width: number): void {
  sitting.forEach((point, i) => {
    const place = x + ((i + 0.5) / sitting.length) * width;
    shape.places.set(point.version, place);
    placeTick(shape, point, place);
  });
}

function placeTick(shape: RibbonShape, point: RibbonPoint, x: number): void {
  shape.ticks.push({
    version: point.version,
    x,
    landmark: point.landmark,
    height: point.landmark ? 1 : Math.min(0.37 + 0.08 * Math.log2(Math.max(point.changes, 1)), 0.75),
  });
  if (shape.steps.at(-1)?.level !== point.level) shape.steps.push({ x, level: point.level });
}

/** Quiet versions lie evenly between the ticks around them. */
function placeQuiet(shape: RibbonShape, points: readonly RibbonPoint[]): void {
  let i = 0;
  while (i < points.length) {
    if (shape.places.has(points[i]!.version)) {
      i += 1;
      continue;
    }
    let end = i;
    while (end < points.length && !shape.places.has(points[end]!.version)) end += 1;
    const from = i > 0 ? shape.places.get(points[i - 1]!.version)! : 0;
    const to = end < points.length ? shape.places.get(points[end]!.version)! : 1;
    for (let k = i; k < end; k++) {
      shape.places.set(points[k]!.version, from + ((k - i + 1) / (end - i + 1)) * (to - from));
    }
    i = end;
  }
}

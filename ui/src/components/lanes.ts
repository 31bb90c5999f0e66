// The geometry of a chart lane: a step line over the places of the ribbon.
import { spaced, type RibbonShape } from "./ribbon";

/** A value from a version on. */
export interface LaneStep {
  version: number;
  value: number;
}

export interface LaneShape {
  /** The step line in a box of 1000 by 100. */
  line: string;
  area: string;
  y: (value: number) => number;
  /** Values with a line across, from low to high. */
  grid: number[];
  /** Where the value changed; the first stands at the left edge. */
  stops: (LaneStep & { x: number })[];
}

const TOP = 26;
const BOTTOM = 84;

export function laneShape(steps: readonly LaneStep[], ribbon: RibbonShape): LaneShape {
  const values = steps.map((step) => step.value);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const y = (value: number) =>
    high === low ? (TOP + BOTTOM) / 2 : BOTTOM - ((value - low) / (high - low)) * (BOTTOM - TOP);
  const stops = steps.map((step, i) => ({
    ...step,
    x: i === 0 ? 0 : (ribbon.places.get(step.version) ?? 0),
  }));
  const points: string[] = [];
  stops.forEach((stop, i) => {
    const before = stops[i - 1];
    if (before) points.push(`${stop.x * 1000},${y(before.value)}`);
    points.push(`${stop.x * 1000},${y(stop.value)}`);
  });
  const last = stops.at(-1);
  if (last) points.push(`1000,${y(last.value)}`);
  const line = points.join(" ");
  return { line, area: `0,100 ${line} 1000,100`, y, grid: gridOf(low, high), stops };
}

/** Round numbers between the lowest and the highest value, at most three. */
export function gridOf(low: number, high: number): number[] {
  if (high <= low) return [];
  const rough = (high - low) / 2;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((by) => by * power).find((by) => by >= rough) ?? rough;
  const grid: number[] = [];
  for (let value = Math.ceil(low / step) * step; value <= high; value += step) grid.push(value);
  return grid;
}

/** The steps of which the value is printed: those with room, the last one always. */
export function printed(shape: LaneShape, width: number): LaneShape["stops"] {
  const kept = spaced(shape.stops, width, 44);
  const last = shape.stops.at(-1);
  if (!last || kept.at(-1) === last) return kept;
  return [...kept.filter((stop) => (last.x - stop.x) * width >= 44), last];
}

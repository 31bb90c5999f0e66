// The small line on a card: the level over time, with a tick for every change.

export interface GrowthStep {
  at: string;
  level: number;
}

export interface GrowthShape {
  /** The step line. */
  line: string;
  /** The area under it; none where the level never moved. */
  area: string | null;
  ticks: number[];
}

export const GROWTH_WIDTH = 200;
const TOP = 5;
const BOTTOM = 15;
const BASE = 23;
const FLAT = 22;
/** Levels that fill the height: a smaller climb is drawn smaller. */
const FULL_CLIMB = 5;

/** Steps are spread evenly: the card says how much happened, the ribbon says when. */
export function growthShape(steps: readonly GrowthStep[]): GrowthShape {
  const ticks = steps.map((_, i) => round(1 + (i * (GROWTH_WIDTH - 8)) / Math.max(steps.length, 1)));
  const levels = steps.map((step) => step.level);
  const low = Math.min(...levels);
  const high = Math.max(...levels);
  if (steps.length === 0 || low === high)
    return { line: `0,${FLAT} ${GROWTH_WIDTH},${FLAT}`, area: null, ticks };
  const y = (level: number) =>
    round(BOTTOM - ((level - low) / Math.max(high - low, FULL_CLIMB)) * (BOTTOM - TOP) - 2);
  const points: string[] = [`0,${y(levels[0]!)}`];
  for (let i = 1; i < levels.length; i++) {
    if (levels[i] === levels[i - 1]) continue;
    points.push(`${ticks[i]},${y(levels[i - 1]!)}`, `${ticks[i]},${y(levels[i]!)}`);
  }
  points.push(`${GROWTH_WIDTH},${y(levels.at(-1)!)}`);
  const line = points.join(" ");
  return { line, area: `0,${BASE} ${line} ${GROWTH_WIDTH},${BASE}`, ticks };
}

const round = (value: number) => Math.round(value * 10) / 10;

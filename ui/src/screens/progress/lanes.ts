// Which numbers of a character have a lane, and what they are called.
import type { Growth, HistoryEntry, Point } from "../../api";
import type { LaneStep } from "../../components/lanes";
import { formatNumber, t } from "../../text";

export interface Lane {
  key: string;
  label: string;
  /** Where the value changed, oldest first. */
  steps: LaneStep[];
  tall: boolean;
  say: (value: number) => string;
}

const ABILITIES = ["str", "dex", "con", "int", "wis", "cha"] as const;

const laneOf = (key: string, label: string, points: Point[], tall: boolean, say = formatNumber): Lane => ({
  key,
  label,
  steps: stepsOf(points),
  tall,
  say,
});

/** The level, which the ribbon draws. */
export const levelLane = ({ series }: Growth): Lane => laneOf("level", t.progress.level, series.level, true);

export function lanesOf({ series }: Growth): Lane[] {
  return [
    laneOf("hit_points", t.sheet.hitPoints, series.hit_points_max, true),
    laneOf("spells", t.progress.spells, series.spells_known, true),
    laneOf("items", t.progress.items, series.items, true),
    laneOf("gold", t.progress.gold, series.gold, true, t.progress.gp),
    laneOf("xp", t.progress.experience, series.xp, true),
    laneOf("armor_class", t.sheet.armorClass, series.armor_class, false),
    ...ABILITIES.map((ability) =>
      laneOf(ability, t.sheet.abilityNames[ability], series.abilities[ability] ?? [], false),
    ),
  ].filter(({ steps }) => steps.length > 1 || (steps[0]?.value ?? 0) !== 0);
}

/** The last look repeats a value: only where it changed is a step. */
export function stepsOf(points: readonly Point[]): LaneStep[] {
  return points
    .filter((point, i) => point.v !== points[i - 1]?.v)
    .map((point) => ({ version: point.version, value: point.v }));
}

/** The value a lane has at a version. `order` is the place of a version in the history, oldest first. */
export function valueAt(lane: Lane, version: number, order: (version: number) => number): number {
  const place = order(version);
  return (lane.steps.findLast((step) => order(step.version) <= place) ?? lane.steps[0]!).value;
}

/** What a screen reader hears of a lane, and what the line under its name says. */
export function laneSentence(lane: Lane): string {
  const values = lane.steps.map((step) => step.value);
  const [first, last] = [values[0]!, values.at(-1)!];
  return t.progress.lane(lane.label, lane.say(first), lane.say(last), values.length - 1, {
    low: lane.say(Math.min(...values)),
    high: lane.say(Math.max(...values)),
  });
}

/** The whole story in a sentence. */
export function storyOf(
  name: string,
  growth: Growth,
  entries: readonly HistoryEntry[],
  lanes: Lane[],
): string {
  const gained = (key: string) => {
    const steps = lanes.find((lane) => lane.key === key)?.steps ?? [];
    return steps.length === 0 ? 0 : steps.at(-1)!.value - steps[0]!.value;
  };
  const levels = growth.series.level.map((point) => point.v);
  const [newest, oldest] = [entries[0], entries.at(-1)];
  const days =
    newest && oldest
      ? Math.round((Date.parse(newest.seen.last) - Date.parse(oldest.captured_at)) / 86_400_000)
      : 0;
  return t.progress.story(
    name,
    days,
    [levels[0] ?? 0, levels.at(-1) ?? 0],
    gained("hit_points"),
    gained("spells"),
  );
}

// Turns a history into the rows of the timeline: days, events, and one line for every stretch in which nothing changed.
import type { BurstEntry, HistoryEntry } from "../api";
import { groupBy } from "../collections/group";
import { localDay } from "../text";
import { isLandmark, isVisible, shownAt } from "./characters.svelte";

export type TimelineRow =
  | { type: "day"; key: string; at: string; levels: [number, number] | null }
  | {
      type: "event";
      key: string;
      entry: HistoryEntry;
      otherDay: boolean;
      inBurst: boolean;
      hit: string | null;
    }
  | { type: "burst"; key: string; burst: BurstEntry; from: HistoryEntry; to: HistoryEntry; open: boolean }
  | {
      type: "fold";
      key: string;
      checks: number;
      rests: boolean;
      from: string;
      to: string;
      open: boolean;
      newest: boolean;
      hides: number;
    }
  | { type: "quiet"; key: string; entry: HistoryEntry };

export interface TimelineOptions {
  /** Keys of folds and bursts that are open. */
  open: ReadonlySet<string>;
  /** Every fold is open. */
  quiet: boolean;
  landmarks: boolean;
  find: string;
  /** Where the words appeared on a sheet, by version. */
  hits: ReadonlyMap<number, string>;
}

/** A stretch between two events: the quiet versions in it, and the sightings of the event it follows. */
interface Stretch {
  quiet: HistoryEntry[];
  sightings: number;
  sightedUntil: string | null;
}

export function timelineRows(
  entries: readonly HistoryEntry[],
  bursts: readonly BurstEntry[],
  options: TimelineOptions,
): TimelineRow[] {
  const rows: TimelineRow[] = [];
  const find = options.find.trim().toLocaleLowerCase();
  const filtered = find !== "" || options.landmarks;
  let stretch: Stretch = { quiet: [], sightings: 0, sightedUntil: null };
  let newest = true;
  let day = "";
  const wanted = new Set(entries.filter((entry) => isVisible(entry) && matches(entry, options, find)));
  const levels = levelsByDay(entries);
  const byLast = new Map(filtered ? [] : bursts.map((burst) => [burst.last, burst]));
  let within: { burst: BurstEntry; open: boolean } | null = null;

  for (const entry of entries) {
    if (within && !within.open) {
      if (entry.version === within.burst.first) within = null;
      continue;
    }
    if (!isVisible(entry)) {
      stretch.quiet.push(entry);
      continue;
    }
    if (!filtered) pushStretch(rows, closeStretch(stretch, entry), options, newest);
    stretch = { quiet: [], sightings: 0, sightedUntil: null };
    newest = false;
    if (!wanted.has(entry)) continue;
    const itsDay = localDay(entry.session);
    if (itsDay !== day) {
      day = itsDay;
      rows.push({
        type: "day",
        key: `day-${itsDay}-${entry.version}`,
        at: entry.session,
        levels: levels.get(itsDay) ?? null,
      });
    }
    const burst = byLast.get(entry.version);
    const first = burst && entries.find((other) => other.version === burst.first);
    if (burst && first) {
      const key = `burst-${burst.last}`;
      within = { burst, open: options.open.has(key) };
      rows.push({ type: "burst", key, burst, from: first, to: entry, open: within.open });
      if (!within.open) continue;
    }
    rows.push({
      type: "event",
      key: `v-${entry.version}`,
      entry,
      otherDay: localDay(shownAt(entry)) !== itsDay,
      inBurst: within !== null,
      hit: find !== "" && !says(entry, find) ? (options.hits.get(entry.version) ?? null) : null,
    });
    if (entry.version === within?.burst.first) within = null;
  }
  return rows;
}

/** The place of a version among the rows: its own, or that of the closed burst it is in. */
export function placeOf(
  rows: readonly TimelineRow[],
  entries: readonly HistoryEntry[],
  version: number,
): number {
  const own = rows.findIndex((row) => row.key === `v-${version}`);
  if (own >= 0) return own;
  const at = (number: number) => entries.findIndex((entry) => entry.version === number);
  const place = at(version);
  return rows.findIndex(
    (row) => row.type === "burst" && !row.open && at(row.burst.last) <= place && place <= at(row.burst.first),
  );
}

/** The sightings of the event below belong to the stretch above it: they came after it. */
function closeStretch(stretch: Stretch, below: HistoryEntry): Stretch {
  return { ...stretch, sightings: below.seen.count - 1, sightedUntil: below.seen.last };
}

function pushStretch(rows: TimelineRow[], stretch: Stretch, options: TimelineOptions, newest: boolean): void {
  const checks = stretch.sightings + stretch.quiet.reduce((sum, entry) => sum + entry.seen.count, 0);
  if (checks <= 0) return;
  const [last] = stretch.quiet;
  const first = stretch.quiet.at(-1);
  const key = `fold-${first?.version ?? `s${rows.length}`}`;
  const open = stretch.quiet.length > 0 && (options.quiet || options.open.has(key));
  const until = stretch.sightedUntil ?? "";
  rows.push({
    type: "fold",
    key,
    checks,
    rests:
      stretch.quiet.length > 0 &&
      stretch.quiet.every((entry) => entry.kind === "state") &&
      stretch.sightings <= 0,
    from: first?.captured_at ?? until,
    to: last?.seen.last ?? until,
    open,
    newest,
    hides: stretch.quiet.length,
  });
  if (open)
    rows.push(
      ...stretch.quiet.map((entry) => ({ type: "quiet" as const, key: `v-${entry.version}`, entry })),
    );
}

/** From which level to which each day led, where it held more than one event. */
function levelsByDay(entries: readonly HistoryEntry[]): Map<string, [number, number]> {
  const levels = new Map<string, [number, number]>();
  const days = groupBy(
    entries.map((entry, place) => ({ entry, place })).filter(({ entry }) => isVisible(entry)),
    ({ entry }) => localDay(entry.session),
  );
  for (const [day, events] of days) {
    const last = events[0]!.entry;
    const first = events.at(-1)!;
    const from = entries[first.place + 1]?.level ?? first.entry.level;
    if (events.length > 1 && from !== last.level) levels.set(day, [from, last.level]);
  }
  return levels;
}

function matches(entry: HistoryEntry, { landmarks, hits }: TimelineOptions, find: string): boolean {
  if (landmarks && !isLandmark(entry) && entry.note === null) return false;
  return find === "" || says(entry, find) || hits.has(entry.version);
}

/** Whether what is told of a version holds the words. */
function says(entry: HistoryEntry, find: string): boolean {
  const texts = [...entry.sentences, ...entry.tags, entry.note ?? ""];
  return texts.some((text) => text.toLocaleLowerCase().includes(find));
}

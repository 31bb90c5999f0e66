// A history as the ribbon wants it, and versions in words.
import type { HistoryEntry } from "../../api";
import type { RibbonPoint } from "../../components/ribbon";
import { isLandmark, isVisible, shownAt, type Character } from "../../state/characters.svelte";
import { formatMoment, t } from "../../text";

/** The points of a history that was shown: its other views begin with the same ones. */
const shown = new WeakMap<readonly HistoryEntry[], RibbonPoint[]>();

export function ribbonPoints(entries: readonly HistoryEntry[]): RibbonPoint[] {
  const points = shown.get(entries) ?? pointsOf(entries);
  shown.set(entries, points);
  return points;
}

function pointsOf(entries: readonly HistoryEntry[]): RibbonPoint[] {
  return entries.toReversed().map((entry) => ({
    version: entry.version,
    at: shownAt(entry),
    session: entry.session,
    changes: entry.changes,
    level: entry.level,
    landmark: isLandmark(entry),
    visible: isVisible(entry),
  }));
}

/** The headline of a version. */
export function headline(entry: HistoryEntry): string {
  if (entry.headline) return entry.headline;
  if (entry.kind === "baseline") return t.timeline.first;
  return entry.kind === "state" ? t.timeline.stateVersion(entry.state) : t.timeline.quietVersion;
}

/** What a version tells beside its headline: what came with that, and the other sentences. */
export function details({ headline, sentences: [first, ...others] }: HistoryEntry): string[] {
  const came = first?.slice(headline?.length ?? 0).replace(/^[:\s]+/u, "");
  return came ? [came.charAt(0).toLocaleUpperCase() + came.slice(1), ...others] : others;
}

/** What a screen reader says of a bookmark. */
export function bookmarkText(character: Character, version: number): string {
  const entry = character.entry(version);
  return entry ? t.ribbon.value(version, headline(entry), formatMoment(shownAt(entry))) : "";
}

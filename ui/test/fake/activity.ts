// An audit log: many days of it, so that it takes more than a page.
import type { AuditAction, Activity, ActivityEntry, ActivityGet, CharacterEntry, Verdict } from "../../src/api";

const SIZE = 230;
const ACTIONS: readonly AuditAction[] = ["capture", "sighting", "pin", "export", "erase", "agree"];

const hash = "0".repeat(64);

/** What was done, newest first: with these people, a few times a day. */
export function activityLog(people: readonly CharacterEntry[]): ActivityEntry[] {
  return Array.from({ length: SIZE }, (_, i): ActivityEntry => {
    const sequence = SIZE - i;
    const action = ACTIONS[i % ACTIONS.length]!;
    const who = people[i % Math.max(people.length, 1)];
    const isGone = action === "erase";
    return {
      sequence,
      at: new Date(Date.UTC(2025, 7, 4, 12) - i * 5 * 60 * 60 * 1000).toISOString(),
      origin: action === "sighting" ? "watch" : "window",
      action,
      gone: isGone,
      counts: action === "export" || isGone ? { versions: 12 } : {},
      ...(who && !isGone && action !== "agree" ? { character: { id: who.id, name: who.name } } : {}),
      ...(action === "capture" ? { version: 29, sentence: "Reached level 9", from: "rekor.json" } : {}),
      ...(action === "pin" ? { version: 12 } : {}),
      ...(action === "agree" ? { about: "ddb fetch 1" } : {}),
    };
  });
}

export function activityPage(log: readonly ActivityEntry[], { filter, before, limit = 100 }: ActivityGet): Activity {
  const takes = (entry: ActivityEntry) =>
    (!filter?.actions?.length || filter.actions.includes(entry.action)) &&
    (!filter?.character || entry.character?.id === filter.character) &&
    (!filter?.origin || entry.origin === filter.origin) &&
    (!filter?.since || entry.at >= filter.since);
  const matching = log.filter((entry) => takes(entry) && (before === undefined || entry.sequence < before));
  const entries = matching.slice(0, limit);
  const last = entries.at(-1);
  return {
    entries,
    size: log.length,
    ...(matching.length > limit && last ? { next: last.sequence } : {}),
  };
}

export const unbroken: Verdict = {
  ok: true,
  log: { size: SIZE, hash, root: hash },
  anchor: null,
  taken: 0,
  findings: [],
};

export const rolledBack: Verdict = {
  ...unbroken,
  ok: false,
  log: { size: 7, hash, root: hash },
  anchor: unbroken.log,
  findings: [{ sequence: 7, fault: "shorter" }],
};

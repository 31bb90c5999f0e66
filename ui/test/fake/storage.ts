// Backups that were never made: for tests and the dev page.
import type { Backup, BackupList, Drill } from "../../src/api";

const backup = (name: string, made_at: string, reason: Backup["reason"]): Backup => ({
  name,
  made_at,
  reason,
  bytes: 41_200_000,
  characters: 15,
  versions: 763,
});

export const drill: Drill = {
  backup: "2026-11-29T030000Z",
  at: "2026-11-29T04:00:00Z",
  ok: true,
  problem: null,
  characters: 15,
  versions: 763,
  bytes: 256_000_000,
};

/** Two that are well, and one that nobody can read. */
export const backups = (): BackupList => ({
  folder: "/home/ada/backups/library.sqlite",
  keep: { daily: 7, weekly: 4, monthly: 12 },
  backups: [
    backup("2026-11-29T030000Z", "2026-11-29T03:00:00Z", "scheduled"),
    backup("2026-11-28T201500Z", "2026-11-28T20:15:00Z", "before_erase"),
    backup("2026-11-20T030000Z", "2026-11-20T03:00:00Z", null),
  ],
  drill,
});

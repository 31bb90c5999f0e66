// A library that is looked after: backups, checks, work in the background. For tests and the dev page.
import type {
  Alert,
  Backup,
  BackupList,
  Drill,
  Figures,
  Health,
  HealthCheck,
  JobEntry,
  Room,
  WireError,
} from "../../src/api";

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

const error = (code: WireError["code"], message: string): WireError => ({
  code,
  message,
  kept: "The library itself is not affected.",
  hint: "Make a new one.",
  retryable: false,
});

export const jobs = (): JobEntry[] => [
  {
    name: "backup",
    every_hours: 24,
    on: true,
    running: false,
    last: {
      at: "2026-11-29T03:00:00Z",
      milliseconds: 1400,
      outcome: "done",
      counts: { versions: 763 },
      problem: null,
      done_at: "2026-11-29T03:00:00Z",
    },
    next: "2026-11-30T03:00:00Z",
  },
  { name: "verify", every_hours: 168, on: true, running: false, last: null, next: "2026-11-29T03:00:00Z" },
  { name: "retell", every_hours: 24, on: false, running: false, last: null, next: null },
];

export const alert: Alert = {
  kind: "disk_low",
  level: "critical",
  since: "2026-11-29T03:00:00Z",
  message: "The disk of the library is nearly full: 1.2 GB free, 4 %.",
  hint: "Make room, or move the library to another disk.",
  problem: null,
  dismissed: false,
};

const check = (
  name: string,
  status: HealthCheck["status"],
  message: string,
  more: Partial<HealthCheck> = {},
) => ({
  name,
  status,
  message,
  hint: null,
  at: null,
  problem: null,
  ...more,
});

export const healthOf = (alerts: Alert[]): Health => ({
  status: alerts.length > 0 ? "critical" : "ok",
  at: "2026-11-29T12:00:00Z",
  checks: [
    check("store", "ok", "The library answers"),
    check("verify", "ok", "All 763 versions read back and match their fingerprints", {
      at: "2026-11-29T03:00:00Z",
    }),
    check("drill", "critical", "The newest backup is not what it says", {
      hint: "Make a new one now.",
      problem: error("backup_damaged", "The file of the backup is not as it was when it was made."),
    }),
    check("disk", "warning", "1.2 GB free on the disk of the library, 4 %"),
  ],
  alerts,
});

export const figures: Figures = {
  latencies: [
    { operation: "query", count: 120, errors: 0, p50: 0.4, p95: 2.1, p99: 8 },
    { operation: "document", count: 44, errors: 1, p50: 18, p95: 40, p99: 1200 },
  ],
  recent: { calls: 164, errors: 1, denied: 0, no_connection: 0, slowest: ["document", 1200] },
  pool: { open: 4, most: 20, waiting: 0 },
};

export const room: Room = {
  statistics: {
    characters: 15,
    versions: 763,
    contents: 700,
    captures: 900,
    document_bytes: 256_000_000,
    encoded_bytes: 38_000_000,
    store_bytes: 41_200_000,
  },
  backups: 82_400_000,
  characters: [
    { id: "ddb-102", name: "Rekor", versions: 451, bytes: 21_800_000 },
    { id: "ddb-105", name: "Ilarion Veles", versions: 259, bytes: 12_600_000 },
    { id: "ddb-103", name: "Friedrich Ivanson", versions: 30, bytes: 1_700_000 },
    { id: "ddb-109", name: "Kaeda", versions: 12, bytes: 1_100_000 },
    { id: "ddb-110", name: "Baldrin Highfoot", versions: 11, bytes: 800_000 },
  ],
  codecs: [
    { codec: "zstd", documents: 40, bytes: 9_000_000 },
    { codec: "zstd+delta", documents: 660, bytes: 29_000_000 },
  ],
  growth: [
    { day: "2026-06-10", versions: 10, bytes: 1_000_000 },
    { day: "2026-07-04", versions: 400, bytes: 20_000_000 },
    { day: "2026-08-04", versions: 763, bytes: 38_000_000 },
  ],
  hours: Array.from({ length: 24 }, (_, hour) => (hour === 20 ? 300 : hour)),
  per_day: 4.2,
  looked_at: 763,
};

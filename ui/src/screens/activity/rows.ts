// The log as rows: a heading for each day, then what was done that day.
import Archive from "@lucide/svelte/icons/archive";
import ArrowUpRight from "@lucide/svelte/icons/arrow-up-right";
import Check from "@lucide/svelte/icons/check";
import Download from "@lucide/svelte/icons/download";
import Hourglass from "@lucide/svelte/icons/hourglass";
import KeyRound from "@lucide/svelte/icons/key-round";
import Lock from "@lucide/svelte/icons/lock";
import Plus from "@lucide/svelte/icons/plus";
import RefreshCw from "@lucide/svelte/icons/refresh-cw";
import RotateCcw from "@lucide/svelte/icons/rotate-ccw";
import Settings from "@lucide/svelte/icons/settings";
import Tag from "@lucide/svelte/icons/tag";
import Trash from "@lucide/svelte/icons/trash-2";
import TriangleAlert from "@lucide/svelte/icons/triangle-alert";
import UserX from "@lucide/svelte/icons/user-x";
import Users from "@lucide/svelte/icons/users";
import Wrench from "@lucide/svelte/icons/wrench";
import X from "@lucide/svelte/icons/x";
import type { Component } from "svelte";
import type { AuditAction, ActivityEntry } from "../../api";
import { localDay } from "../../text";

export type Row = { kind: "day"; at: string } | { kind: "entry"; entry: ActivityEntry; index: number };

/** The entries, newest first, under the days they fall on here. */
export function byDay(entries: readonly ActivityEntry[]): Row[] {
  const rows: Row[] = [];
  let day = "";
  entries.forEach((entry, index) => {
    const its = localDay(entry.at);
    if (its !== day) rows.push({ kind: "day", at: entry.at });
    day = its;
    rows.push({ kind: "entry", entry, index });
  });
  return rows;
}

export const keyOf = (row: Row): string =>
  row.kind === "day" ? `day ${localDay(row.at)}` : `entry ${row.entry.sequence}`;

/** One picture for one meaning. */
export const ICONS: Record<AuditAction, Component> = {
  capture: Plus,
  sighting: RefreshCw,
  restore: RotateCcw,
  pin: Lock,
  unpin: Lock,
  tag: Tag,
  note: Tag,
  delete: Trash,
  undelete: RotateCcw,
  erase: Trash,
  retention: Hourglass,
  anonymise: UserX,
  archive: Archive,
  retell: RefreshCw,
  recompress: Archive,
  repair: Wrench,
  migrate: Download,
  log_taken: Download,
  log_refused: TriangleAlert,
  log_accepted: TriangleAlert,
  setting: Settings,
  member: Users,
  key: KeyRound,
  agree: Check,
  withdraw: X,
  export: ArrowUpRight,
  share: ArrowUpRight,
  sync: ArrowUpRight,
  other: RefreshCw,
};

/** What asks for a second look. */
export const isWarning = (action: AuditAction): boolean =>
  action === "log_refused" || action === "log_accepted";

// What takes room, as rows and lines to draw.
import type { GrowthDay, Room } from "../../api";
import { formatTime, t } from "../../text";

export interface RoomRow {
  name: string;
  bytes: number;
}

const SHOWN = 3;

/** The largest characters, and the others together. */
export function roomByCharacter(room: Room): RoomRow[] {
  const all = room.characters;
  // One left over is shown by its name.
  const shown = all.length === SHOWN + 1 ? all : all.slice(0, SHOWN);
  const rows = shown.map(({ name, bytes }) => ({ name, bytes }));
  const rest = all.slice(shown.length);
  if (rest.length > 0)
    rows.push({
      name: t.storage.others(rest.length),
      bytes: rest.reduce((sum, character) => sum + character.bytes, 0),
    });
  return rows;
}

/** Documents by how they are kept, what is known of them, backups. */
export function roomByKind(room: Room): RoomRow[] {
  const { encoded_bytes, store_bytes } = room.statistics;
  const rows: RoomRow[] = room.codecs.map(({ codec, bytes, documents }) => ({
    name: t.storage.documents(documents, codec),
    bytes,
  }));
  rows.push({ name: t.storage.known, bytes: Math.max(0, store_bytes - encoded_bytes) });
  if (room.backups > 0) rows.push({ name: t.storage.backups, bytes: room.backups });
  return rows;
}

export interface GrowthLine {
  points: string;
  area: string;
  first: string;
  last: string;
  most: number;
}

/** How the documents grew, by days, as points in a box of 1000 by 100; none where there is only one day. */
export function growthLine(days: readonly GrowthDay[]): GrowthLine | null {
  const [first, last] = [days[0], days.at(-1)];
  if (!first || !last || first.day === last.day) return null;
  const at = (day: string) => Date.parse(`${day}T12:00:00Z`);
  const [from, span] = [at(first.day), at(last.day) - at(first.day)];
  const most = Math.max(1, last.bytes);
  const points = days
    .map(
      ({ day, bytes }) =>
        `${Math.round((1000 * (at(day) - from)) / span)},${Math.round(98 - (94 * bytes) / most)}`,
    )
    .join(" ");
  return {
    points,
    area: `0,100 ${points} 1000,100`,
    first: `${first.day}T12:00:00`,
    last: `${last.day}T12:00:00`,
    most,
  };
}

/** `20:00`. */
export const hourName = (hour: number) =>
  formatTime(`2026-01-01T${String(Math.max(0, hour)).padStart(2, "0")}:00:00`);

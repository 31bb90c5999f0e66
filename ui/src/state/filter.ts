// What the library is filtered by, and how the program is asked for it.
import type { QueryFilter, Sort } from "../api";

export interface LibraryFilter {
  text: string;
  classes: string[];
  minLevel: number | null;
  maxLevel: number | null;
  /** A campaign's name; the empty text stands for "no campaign", null for every campaign. */
  campaign: string | null;
  /** When it changed last. */
  changed: ChangedWithin;
}

export type ChangedWithin = "any" | "week" | "month" | "quarter" | "before";

const DAYS = { week: 7, month: 30, quarter: 90, before: 90 } as const;

export const noFilter: LibraryFilter = {
  text: "",
  classes: [],
  minLevel: null,
  maxLevel: null,
  campaign: null,
  changed: "any",
};

export function isFiltered(filter: LibraryFilter): boolean {
  return (
    filter.text.trim() !== "" ||
    filter.classes.length > 0 ||
    filter.minLevel !== null ||
    filter.maxLevel !== null ||
    filter.campaign !== null ||
    filter.changed !== "any"
  );
}

/** The query for one page. Conditions that do not hold are left out. */
export function toQuery(
  filter: LibraryFilter,
  sort: Sort,
  offset: number,
  limit: number,
  now = Date.now(),
): QueryFilter {
  const query: QueryFilter = { sort, offset, limit };
  if (filter.text.trim()) query.text = filter.text.trim();
  if (filter.classes.length > 0) query.classes = filter.classes;
  if (filter.minLevel !== null) query.min_level = filter.minLevel;
  if (filter.maxLevel !== null) query.max_level = filter.maxLevel;
  if (filter.campaign !== null) query.campaign = filter.campaign;
  if (filter.changed !== "any") {
    const since = new Date(now - DAYS[filter.changed] * 86_400_000).toISOString();
    query[filter.changed === "before" ? "changed_before" : "changed_after"] = since;
  }
  return query;
}

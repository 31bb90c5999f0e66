// What the library is filtered by, and how the program is asked for it.
import type { QueryFilter, Sort } from "../api";

export interface LibraryFilter {
  text: string;
  classes: string[];
  minLevel: number | null;
  maxLevel: number | null;
  /** A campaign's name; the empty text stands for "no campaign", null for every campaign. */
  campaign: string | null;
}

export const noFilter: LibraryFilter = {
  text: "",
  classes: [],
  minLevel: null,
  maxLevel: null,
  campaign: null,
};

export function isFiltered(filter: LibraryFilter): boolean {
  return (
    filter.text.trim() !== "" ||
    filter.classes.length > 0 ||
    filter.minLevel !== null ||
    filter.maxLevel !== null ||
    filter.campaign !== null
  );
}

/** The query for one page. Conditions that do not hold are left out. */
export function toQuery(filter: LibraryFilter, sort: Sort, offset: number, limit: number): QueryFilter {
  const query: QueryFilter = { sort, offset, limit };
  if (filter.text.trim()) query.text = filter.text.trim();
  if (filter.classes.length > 0) query.classes = filter.classes;
  if (filter.minLevel !== null) query.min_level = filter.minLevel;
  if (filter.maxLevel !== null) query.max_level = filter.maxLevel;
  if (filter.campaign !== null) query.campaign = filter.campaign;
  return query;
}

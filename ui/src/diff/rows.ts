// Turns a comparison into the rows of the table. What a change means was decided in Rust; this decides how it reads.
import type { Change, ChangeKind, Comparison, JsonValue, Section, TextOp } from "../api";
import { groupBy } from "../collections/group";
import { formatNumber, formatSigned, t } from "../text";

export const SECTIONS: Section[] = [
  "identity",
  "abilities",
  "combat",
  "spells",
  "inventory",
  "features",
  "proficiencies",
  "currency",
  "notes",
  "state",
];

/** Sections that list things: what is added or removed there is named, not valued. */
const LISTS: Section[] = ["spells", "inventory", "features", "proficiencies"];

export type Part = { text: string; mark: "plain" | "old" | "new" | "meta" };
export type Cell =
  { kind: "missing"; text: string } | { kind: "there"; parts: Part[] } | { kind: "prose"; ops: TextOp[] };

export interface DiffRow {
  key: string;
  kind: ChangeKind;
  field: string;
  a: Cell;
  b: Cell;
}

export interface DiffSection {
  section: Section;
  rows: DiffRow[];
  /** Equal rows, and what they are called. */
  same: DiffRow[];
  sameNames: string[];
  counts: { added: number; removed: number; changed: number };
}

export function diffSections(comparison: Comparison): DiffSection[] {
  const bySection = new Map(groupBy(comparison.changes, (change) => change.section));
  return SECTIONS.flatMap((section) => {
    const changes = bySection.get(section);
    if (!changes && section === "state") return [];
    return [sectionOf(section, changes ?? [])];
  });
}

function sectionOf(section: Section, changes: Change[]): DiffSection {
  const same = changes.filter((change) => change.kind === "same");
  const moved = changes.filter((change) => change.kind !== "same");
  const count = (...kinds: ChangeKind[]) => moved.filter((change) => kinds.includes(change.kind)).length;
  return {
    section,
    rows: rowsOf(moved),
    same: rowsOf(same),
    sameNames: same.map(nameWithValue),
    counts: { added: count("added"), removed: count("removed"), changed: count("changed", "moved") },
  };
}

/** Things of one group that share a fate stand in one row; everything else has a row of its own. */
function rowsOf(changes: Change[]): DiffRow[] {
  return groupBy(changes, (change) =>
    isThing(change) ? `${change.kind}:${change.group ?? ""}` : change,
  ).flatMap(([key, group]) => (typeof key === "string" ? [thingsRow(group)] : group.map(valueRow)));
}

function isThing(change: Change): boolean {
  return (
    LISTS.includes(change.section) &&
    !change.attribute &&
    change.kind !== "changed" &&
    change.kind !== "moved"
  );
}

function thingsRow(changes: Change[]): DiffRow {
  const [first] = changes as [Change];
  const value = (side: "old" | "new"): Cell => ({
    kind: "there",
    parts: [{ text: t.list(changes.map((change) => thing(change, change[side]))), mark: "plain" }],
  });
  const missing: Cell = { kind: "missing", text: t.compare.missing[first.section] };
  return {
    key: first.key,
    kind: first.kind,
    field: first.group ?? first.label,
    a: first.kind === "added" ? missing : value("old"),
    b: first.kind === "removed" ? missing : value("new"),
  };
}

function valueRow(change: Change): DiffRow {
  const isListed = LISTS.includes(change.section);
  const field = isListed ? (change.group ?? t.compare.section[change.section]) : fieldOf(change);
  // One spell in the place of another: both names are said, the new one not twice.
  const isReplaced = change.kind === "changed" && change.new === change.label;
  const lead = isListed && !isReplaced ? change.label : "";
  if (change.text && change.kind === "changed") {
    return {
      key: change.key,
      kind: change.kind,
      field,
      a: { kind: "prose", ops: change.text },
      b: { kind: "prose", ops: change.text },
    };
  }
  return {
    key: change.key,
    kind: change.kind,
    field,
    a: cell(change, lead, change.old, "old"),
    b: cell(change, lead, change.new, "new"),
  };
}

function fieldOf(change: Change): string {
  return change.attribute && change.section !== "notes"
    ? `${change.label}, ${t.compare.attribute(change.attribute).toLocaleLowerCase()}`
    : change.label;
}

function cell(change: Change, lead: string, value: JsonValue | null, side: "old" | "new"): Cell {
  const absent = side === "old" ? change.kind === "added" : change.kind === "removed";
  if (absent || value === null) return { kind: "missing", text: t.compare.missing[change.section] };
  const moves = change.kind === "changed" || change.kind === "moved";
  const parts: Part[] = lead ? [{ text: `${lead} `, mark: "plain" }] : [];
  parts.push({ text: valueText(value, change.attribute), mark: moves ? side : "plain" });
  const { old } = change;
  if (side === "new" && moves && typeof old === "number" && typeof value === "number") {
    parts.push({ text: ` ${formatSigned(value - old)}`, mark: "meta" });
  }
  return { kind: "there", parts };
}

/** `31 × Rations`; a name alone where it stands for one, or where the value only repeats it. */
function thing(change: Change, value: JsonValue | null): string {
  if (typeof value === "number" && change.section === "inventory") return t.sheet.item(change.label, value);
  if (typeof value === "string" && value !== "" && value !== change.label && value.length < 40)
    return `${change.label} (${value})`;
  return change.label;
}

function nameWithValue(change: Change): string {
  if (LISTS.includes(change.section)) return thing(change, change.new);
  const text = change.new === null ? "" : valueText(change.new, change.attribute);
  return text && text.length < 24 && change.section !== "notes" ? `${change.label} ${text}` : change.label;
}

export function valueText(value: JsonValue, attribute: string | undefined): string {
  if (typeof value === "number") return formatNumber(value);
  if (typeof value === "string") return value;
  if (typeof value === "boolean")
    return attribute ? t.compare.truth(value, attribute) : value ? t.compare.yes : t.compare.no;
  if (Array.isArray(value)) return t.list(value.map((part) => valueText(part, undefined)));
  return JSON.stringify(value);
}

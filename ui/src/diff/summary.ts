// What changed in a few chips, and which values of a sheet to mark.
import type { Change, Comparison, Section } from "../api";
import { formatNumber, t } from "../text";

export interface SummaryChip {
  key: string;
  kind: "added" | "removed" | "changed";
  label: string;
  value: string;
  /** Whether the value stands before the label: `5 spells`. */
  valueFirst: boolean;
}

const SINGLES: Section[] = ["identity", "combat"];
/** Where things come and go. Elsewhere a value that appears is a value that changed. */
const LISTS: Section[] = ["spells", "inventory", "features", "proficiencies"];
const SINGLES_AT_MOST = 3;

/** Single values say from what to what; things are counted. */
export function summaryChips(comparison: Comparison): SummaryChip[] {
  const seen = comparison.changes.filter((change) => change.kind !== "same" && change.section !== "state");
  const total = seen.find(
    (change) => change.section === "identity" && change.key.endsWith("level") && !change.attribute,
  );
  // The level of the one class says what the level said.
  const changes = seen.filter(
    (change) =>
      !(total && change.attribute === "level" && change.old === total.old && change.new === total.new),
  );
  const singles = changes.filter(isSingle);
  const shown = new Set(singles.slice(0, SINGLES_AT_MOST));
  const chips = [...shown].map((change) => single(change));
  const counted = new Map<string, { section: Section; kind: SummaryChip["kind"]; names: Set<string> }>();
  for (const change of changes) {
    if (shown.has(change)) continue;
    const kind =
      LISTS.includes(change.section) && (change.kind === "added" || change.kind === "removed")
        ? change.kind
        : "changed";
    const key = `${change.section}-${kind}`;
    const group = counted.get(key) ?? { section: change.section, kind, names: new Set() };
    group.names.add(change.label);
    counted.set(key, group);
  }
  for (const [key, { section, kind, names }] of counted) {
    const amount = names.size;
    chips.push({
      key,
      kind,
      label: t.compare.thing(section, amount),
      value: formatNumber(amount),
      valueFirst: true,
    });
  }
  return chips;
}

function isSingle(change: Change): boolean {
  return (
    SINGLES.includes(change.section) &&
    change.kind === "changed" &&
    !change.text &&
    isPlain(change.old) &&
    isPlain(change.new)
  );
}

const isPlain = (value: unknown) =>
  typeof value === "number" || (typeof value === "string" && value.length <= 24);

function single(change: Change): SummaryChip {
  return {
    key: change.key,
    kind: "changed",
    label: change.label,
    value: t.sheet.change(plain(change.old), plain(change.new)),
    valueFirst: false,
  };
}

const plain = (value: unknown) => (typeof value === "number" ? formatNumber(value) : String(value));

/** Looks up what happened to a thing on the sheet, by its key or, where a source has none, by its name. */
export class Marks {
  #changes: Change[];

  constructor(comparison: Comparison | null) {
    this.#changes = comparison?.changes.filter((change) => change.kind !== "same") ?? [];
  }

  get any(): boolean {
    return this.#changes.length > 0;
  }

  /** Everything that happened to one thing. */
  of(section: Section, key: string, label: string): Change[] {
    return this.#changes.filter(
      (change) => change.section === section && (hasKey(change.key, key) || change.label === label),
    );
  }

  isNew(section: Section, key: string, label: string): boolean {
    return this.of(section, key, label).some((change) => change.kind === "added" && !change.attribute);
  }

  isChanged(section: Section, key: string, label: string): boolean {
    return this.of(section, key, label).length > 0;
  }

  /** Names of what is not on the sheet any more, each once: a feature can be gained twice and lost twice. */
  gone(section: Section, group?: string): string[] {
    const names = this.#changes
      .filter((change) => change.section === section && change.kind === "removed" && !change.attribute)
      .filter((change) => group === undefined || change.group === group)
      .map((change) => change.label);
    return [...new Set(names)];
  }

  /** The value before, where one value changed. */
  before(sections: Section[], word: string): unknown {
    const found = this.#changes.find(
      (change) => sections.includes(change.section) && change.kind === "changed" && hasKey(change.key, word),
    );
    return found?.old ?? null;
  }
}

/** Whether a place such as `inventory/817/quantity` leads through `817`. */
function hasKey(place: string, key: string): boolean {
  return key !== "" && `/${place}/`.includes(`/${key}/`);
}

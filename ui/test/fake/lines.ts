// Two invented documents, line by line.
import type { RawLines, Row } from "../../src/api";

const same = (a: number, b: number, text: string): Row => ({ kind: "same", a, b, text });

/** A document of the given length in which every ninth line changed and every fortieth brought three new ones. */
function wholeRows(length: number): Row[] {
  const rows: Row[] = [same(1, 1, "{"), same(2, 2, '  "id": 145081718,'), same(3, 3, '  "name": "Rekor",')];
  let b = 4;
  for (let a = 4; a < length; a++, b++) {
    if (a === 24)
      rows.push({ kind: "changed", a, b, old: '  "currentXp": 753,', new: '  "currentXp": 1043,' });
    else if (a % 90 === 0)
      rows.push({ kind: "changed", a, b, old: `    "value": ${a},`, new: `    "value": ${a + 7},` });
    else if (a === 240) {
      rows.push({
        kind: "changed",
        a,
        b,
        old: `  "backstory": "${"He kept the ledgers of a caravan. ".repeat(9)}He did not care.",`,
        new: `  "backstory": "${"He kept the ledgers of a caravan. ".repeat(9)}He followed the coin.",`,
      });
    } else if (a % 130 === 0) {
      rows.push({ kind: "removed", a, text: '      "isHomebrew": false,' });
      b -= 1;
    } else if (a % 160 === 0) {
      for (let k = 0; k < 3; k++)
        rows.push({ kind: "added", b: b + k, text: `      "name": "Illusionist ${k}",` });
      b += 2;
      rows.push(same(a, b + 1, '    "level": 3,'));
      b += 1;
    } else rows.push(same(a, b, `    "${["cp", "sp", "gp", "quantity", "weight"][a % 5]}": ${a},`));
  }
  rows.push(same(length, b, "}"));
  return rows;
}

const rowsWhole = wholeRows(1200);

function fold(rows: readonly Row[], context: number): Row[] {
  const near = (i: number) =>
    rows.slice(Math.max(0, i - context), i + context + 1).some((row) => row.kind !== "same");
  const folded: Row[] = [];
  let i = 0;
  while (i < rows.length) {
    const row = rows[i]!;
    if (row.kind !== "same" || near(i)) {
      folded.push(row);
      i += 1;
      continue;
    }
    let end = i;
    while (end < rows.length && rows[end]!.kind === "same" && !near(end)) end += 1;
    folded.push({ kind: "fold", a: row.a, b: row.b, count: end - i });
    i = end;
  }
  return folded;
}

const KEYS = [
  "actions",
  "choices",
  "classes",
  "currencies",
  "currentXp",
  "inventory",
  "modifiers",
  "notes",
  "spells",
  "spellSlots",
];

export function rawLines(context: number | undefined): RawLines {
  const rows = context === undefined ? rowsWhole : fold(rowsWhole, context);
  const changed = rows.flatMap((row, i) => (row.kind === "same" || row.kind === "fold" ? [] : [i]));
  const count = (kind: Row["kind"]) => rows.filter((row) => row.kind === kind).length;
  return {
    rows,
    keys: KEYS.map((key, i) => ({
      key,
      changes: 1 + ((i * 37) % 411),
      row: changed[Math.floor((i * changed.length) / KEYS.length)] ?? 0,
    })),
    counts: { added: count("added"), removed: count("removed"), changed: count("changed"), moved: 0 },
  };
}

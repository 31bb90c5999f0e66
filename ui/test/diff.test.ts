import { render, screen } from "@testing-library/svelte";
import { describe, expect, it } from "vitest";
import type { Change, Comparison } from "../src/api";
import { markdownOf } from "../src/diff/markdown";
import { around } from "../src/diff/prose";
import { diffSections } from "../src/diff/rows";
import { intraline, keyAndRest, rawItems, shorten } from "../src/diff/raw";
import { Marks, summaryChips } from "../src/diff/summary";
import { rekorChanges, rekorSame } from "./fake/rekor";
import { rawLines } from "./fake/lines";
import Table from "./DiffTableHarness.svelte";
import RawLine from "../src/diff/RawLine.svelte";

const side = {
  character: "ddb-102",
  name: "Rekor",
  id: "x",
  version: 1,
  captured_at: "",
  edited_at: null,
  level: 9,
};
const comparison = (changes: Change[]): Comparison => ({
  from: side,
  to: side,
  changes,
  counts: { added: 0, removed: 0, changed: 0, moved: 0 },
  folded: { state: 0, noise: 0 },
});
const section = (name: string, changes: Change[] = [...rekorChanges, ...rekorSame]) =>
  diffSections(comparison(changes)).find((part) => part.section === name)!;

const HOSTILE = `<img src=x onerror="alert(1)"><script>alert(2)</script>`;

describe("the rows of a comparison", () => {
  it("puts things of one group that share a fate into one row", () => {
    const rows = section("spells").rows;
    expect(rows.map((row) => [row.kind, row.field])).toEqual([
      ["added", "3rd level"],
      ["added", "4th level"],
      ["removed", "Cantrip"],
    ]);
    expect(section("spells").counts).toEqual({ added: 5, removed: 1, changed: 0 });
  });

  it("says numbers with their difference and truths in words", () => {
    const [, , hp] = section("combat").rows.map((row) => row);
    expect(section("combat").rows[0]!.b).toEqual({
      kind: "there",
      parts: [
        { text: "65", mark: "new" },
        { text: " +14", mark: "meta" },
      ],
    });
    expect(hp).toBeDefined();
    const staff = section("inventory").rows.find((row) => JSON.stringify(row.b).includes("Quarterstaff"))!;
    expect(staff.a).toMatchObject({ parts: [{ text: "Quarterstaff " }, { text: "not equipped" }] });
    expect(staff.b).toMatchObject({ parts: [{ text: "Quarterstaff " }, { text: "equipped" }] });
  });

  it("says a spell and the one in its place once each", () => {
    const swapped: Change = {
      section: "spells",
      key: "spells/a",
      label: "Jump",
      group: "1st level",
      kind: "changed",
      old: "Sleep",
      new: "Jump",
    };
    const [row] = section("spells", [swapped]).rows;
    expect(row!.a).toEqual({ kind: "there", parts: [{ text: "Sleep", mark: "old" }] });
    expect(row!.b).toEqual({ kind: "there", parts: [{ text: "Jump", mark: "new" }] });
  });

  it("keeps equal rows apart and names them", () => {
    expect(section("combat").sameNames).toEqual(["Armor Class 11", "Initiative 1", "Speed 30"]);
    expect(section("notes").sameNames).toEqual(["Bonds"]);
  });

  it("shows what a rest resets only where rows of it came", () => {
    expect(section("state")).toBeUndefined();
  });

  it("renders hostile names and notes as text", () => {
    const changes: Change[] = [
      {
        section: "identity",
        key: "identity/name",
        label: "Name",
        kind: "changed",
        old: "Rekor",
        new: HOSTILE,
      },
      {
        section: "inventory",
        key: "inventory/1",
        label: HOSTILE,
        group: HOSTILE,
        kind: "added",
        old: null,
        new: 1,
      },
      {
        section: "notes",
        key: "notes/backstory",
        label: "Backstory",
        kind: "changed",
        old: "",
        new: HOSTILE,
        text: [{ op: "insert", value: HOSTILE }],
      },
    ];
    const { container } = render(Table, { sections: diffSections(comparison(changes)), current: null });
    expect(container.querySelector("img, script")).toBeNull();
    expect(container.querySelector("ins")?.textContent).toContain(HOSTILE);
    expect(screen.getAllByText(HOSTILE, { exact: false }).length).toBeGreaterThanOrEqual(3);
  });

  it("is a real table with row headers, and outlines the current change", () => {
    const { container } = render(Table, {
      sections: diffSections(comparison(rekorChanges)),
      current: "combat/hit_points_max",
    });
    expect(screen.getByRole("rowheader", { name: "Hit points" })).toBeTruthy();
    expect(container.querySelector("tr.cur")?.getAttribute("aria-current")).toBe("true");
    expect(container.querySelector("ins")?.textContent).toContain("followed the missing coin north");
    expect(container.querySelector("del")?.textContent).toContain("did not care");
  });
});

describe("prose", () => {
  it("shortens long equal runs to what stands next to a change", () => {
    const long = "word ".repeat(200);
    const pieces = around([
      { op: "equal", value: long },
      { op: "insert", value: "new" },
      { op: "equal", value: long },
    ]);
    expect(pieces.map((piece) => piece.op)).toEqual(["elided", "equal", "insert", "equal", "elided"]);
    expect(pieces.map((piece) => piece.value).join("").length).toBeLessThan(260);
  });

  it("leaves short runs whole", () => {
    expect(
      around([
        { op: "equal", value: "He " },
        { op: "delete", value: "did not" },
      ]),
    ).toHaveLength(2);
  });
});

describe("the summary of a version", () => {
  it("says single values from what to what and counts the rest", () => {
    const chips = summaryChips(comparison(rekorChanges)).map(
      (chip) =>
        `${chip.kind}: ${chip.valueFirst ? `${chip.value} ${chip.label}` : `${chip.label} ${chip.value}`}`,
    );
    expect(chips).toContain("changed: Level 7 → 9");
    expect(chips).toContain("changed: Hit points 51 → 65");
    expect(chips).toContain("added: 5 spells");
    expect(chips).toContain("removed: 1 spell");
    expect(chips).not.toContain("changed: Wizard 7 → 9");
  });

  it("marks things by their key, or by name", () => {
    const marks = new Marks(comparison(rekorChanges));
    expect(marks.isNew("spells", "spell-Fire Shield", "Fire Shield")).toBe(true);
    expect(marks.isNew("inventory", "item-Potion of Healing", "Potion of Healing")).toBe(false);
    expect(marks.isChanged("inventory", "item-Potion of Healing", "Potion of Healing")).toBe(true);
    expect(marks.gone("spells", "Cantrip")).toEqual(["True Strike"]);
    const twice = rekorChanges.filter((change) => change.kind === "removed" && change.section === "spells");
    expect(new Marks(comparison([...twice, ...twice])).gone("spells", "Cantrip")).toEqual(["True Strike"]);
    expect(marks.before(["combat"], "hit_points_max")).toBe(51);
  });
});

describe("raw lines", () => {
  it("marks what differs in whole words and numbers", () => {
    const [a, b] = intraline('  "currentXp": 753,', '  "currentXp": 1043,');
    expect([a.before, a.middle, a.after]).toEqual(['  "currentXp": ', "753", ","]);
    expect(b.middle).toBe("1043");
  });

  it("begins long lines shortly before what differs", () => {
    const [a] = intraline(`"${"x ".repeat(100)}old"`, `"${"x ".repeat(100)}new"`);
    expect(shorten(a).before.length).toBeLessThan(60);
    expect(shorten(a).middle).toBe("old");
  });

  it("sets keys apart from values", () => {
    expect(keyAndRest('  "gp": 5,')).toEqual(["  ", '"gp"', ": 5,"]);
    expect(keyAndRest('  "gp"')).toEqual(["", "", '  "gp"']);
  });

  it("fills an opened fold from the whole document", () => {
    const folded = rawLines(3);
    const [first] = folded.rows.flatMap((row) => (row.kind === "fold" ? row : []));
    const shut = rawItems(folded, null, new Set());
    const open = rawItems(folded, rawLines(undefined), new Set([first!.a]));
    expect(open.length - shut.length).toBe(first!.count - 1);
    expect(new Set(open.map((item) => item.key)).size).toBe(open.length);
  });

  it("renders markup in a document as text", () => {
    const { container } = render(RawLine, {
      row: { kind: "changed", a: 1, b: 1, old: '"notes": "plain"', new: `"notes": "${HOSTILE}"` },
      rowindex: 1,
      current: "here",
      onpick: () => undefined,
      onopen: () => undefined,
    });
    expect(container.querySelector("img, script")).toBeNull();
    expect(container.textContent).toContain("<script>");
  });
});

describe("a comparison as Markdown", () => {
  const at = { ...side, captured_at: "2026-10-04T10:00:00Z" };
  const of = (changes: Change[]) =>
    markdownOf({ ...comparison(changes), from: at, to: { ...at, version: 2 } }).split("\n");

  it("names both sides and says every row under its section", () => {
    const lines = of(rekorChanges);
    expect(lines[0]).toBe("# Rekor");
    expect(lines[2]).toMatch(/^Version 1 \(.*2026\) → Version 2 \(.*2026\)$/);
    expect(lines).toContain("## Spells");
    expect(lines.find((line) => line.startsWith("- **added** 4th level: "))).toContain("Fire Shield");
    expect(lines.filter((line) => line.startsWith("- "))).toHaveLength(
      diffSections(comparison(rekorChanges)).reduce((sum, part) => sum + part.rows.length, 0),
    );
  });

  it("lets no name become markup", () => {
    const name = "*[x](y)* <b>";
    const text = of([
      { section: "notes", key: "notes/a", label: name, kind: "changed", old: "a", new: "b" },
      {
        section: "notes",
        key: "notes/b",
        label: "B",
        kind: "changed",
        old: "a b",
        new: "a _c_",
        text: [
          { op: "equal", value: "a " },
          { op: "delete", value: "b " },
          { op: "insert", value: "_c_" },
        ],
      },
    ]);
    expect(text).toContain("- \\*\\[x\\](y)\\* \\<b\\>: a → b");
    expect(text).toContain("- B: a ~~b~~ **\\_c\\_**");
  });
});

// The directions of the house: screens → state → api; components → components; Tauri in one file; no markup from strings.
import { readFileSync, readdirSync } from "node:fs";
import { join, relative } from "node:path";
import { describe, expect, it } from "vitest";
import { en } from "../src/text/en";

const SRC = join(__dirname, "../src");
const files = readdirSync(SRC, { recursive: true, encoding: "utf8" })
  .filter((file) => /\.(ts|svelte)$/.test(file) && !file.includes("generated"))
  .map((file) => ({ file, text: readFileSync(join(SRC, file), "utf8") }));

/** Charts and the ribbon run from left to right in every language. */
const PHYSICAL = "charts.css";

/** Which rooms a room may import values from. Types are free: they leave nothing behind. */
const MAY: Record<string, string[]> = {
  api: ["api"],
  // The guide is written once, in docs.
  text: ["text", ".."],
  collections: ["collections"],
  components: ["components", "text", "collections"],
  diff: ["diff", "components", "text", "collections"],
  state: ["state", "api", "text", "collections"],
  screens: ["screens", "state", "components", "diff", "text", "collections"],
};

function importsOf(file: string, text: string): string[] {
  return [...text.matchAll(/import\s+(?!type\b)[^;]*?from\s+"(\.[^"]+)"/g)].map((match) =>
    relative(SRC, join(SRC, file, "..", match[1]!)),
  );
}

const roomOf = (path: string) => path.split("/")[0]!;

describe("the house", () => {
  it("knows Tauri in one file", () => {
    expect(files.filter(({ text }) => text.includes("@tauri-apps/")).map(({ file }) => file)).toEqual([
      "api/tauri.ts",
    ]);
  });

  it("keeps its directions", () => {
    const wrong = files.flatMap(({ file, text }) => {
      const may = MAY[roomOf(file)];
      return may
        ? importsOf(file, text)
            .filter((to) => !may.includes(roomOf(to)))
            .map((to) => `${file} → ${to}`)
        : [];
    });
    expect(wrong).toEqual([]);
  });

  it("makes no markup from text and writes no style attributes", () => {
    for (const { file, text } of files) {
      expect(text, file).not.toMatch(/\{@html|innerHTML|insertAdjacentHTML/);
      expect(text, file).not.toMatch(/\sstyle="/);
    }
  });

  it("keeps colours in the tokens", () => {
    const styles = readdirSync(join(SRC, "styles")).filter((file) => file !== "tokens.css");
    for (const file of styles)
      expect(readFileSync(join(SRC, "styles", file), "utf8"), file).not.toMatch(
        /#[0-9a-f]{3,8}\b|rgb\(|hsl\(|oklch\(/i,
      );
  });

  it("says start and end, not left and right, so that a page from right to left is the mirror of this one", () => {
    for (const file of readdirSync(join(SRC, "styles")).filter((file) => file !== PHYSICAL))
      expect(readFileSync(join(SRC, "styles", file), "utf8"), file).not.toMatch(
        /(margin|padding|border)-(left|right)\s*:|text-align:\s*(left|right)|^\s+(left|right):(?! 50%)/m,
      );
  });

  it("takes nothing from the tests into the app", () => {
    for (const { file, text } of files) expect(text, file).not.toMatch(/from "[^"]*test\//);
  });
});

describe("the catalogue", () => {
  const used = files
    .filter(({ file }) => !file.startsWith("text/"))
    .map(({ text }) => text)
    .join("\n");

  function leaves(tree: object, path: string[] = []): string[][] {
    return Object.entries(tree).flatMap(([key, value]) =>
      typeof value === "object" && value !== null && !Array.isArray(value)
        ? leaves(value, [...path, key])
        : [[...path, key]],
    );
  }

  it("has no words that nothing says", () => {
    const names = (path: string[]) => new RegExp(`\\bt\\.${path.join("\\.")}\\b`).test(used);
    // A table of words, such as the names of the sections, is said as a whole.
    const { locale: _notSaid, ...said } = en;
    const unsaid = leaves(said).filter(
      (path) => !names(path) && !(path.length > 2 && names(path.slice(0, -1))),
    );
    expect(unsaid.map((path) => path.join("."))).toEqual([]);
  });

  it("has no empty words and no exclamation marks", () => {
    for (const path of leaves(en)) {
      const value = path.reduce<unknown>((tree, key) => (tree as Record<string, unknown>)[key], en);
      if (typeof value !== "string") continue;
      expect(value.trim(), path.join(".")).not.toBe("");
      expect(value, path.join(".")).not.toContain("!");
    }
  });

  it("counts in the right number", () => {
    expect(en.timeline.checks(1)).toBe("1 check, nothing changed");
    expect(en.timeline.checks(35)).toBe("35 checks, nothing changed");
    expect(en.import.dropHover(1)).toBe("Drop to import 1 file");
    expect([1, 2, 3, 4, 11, 21].map(en.sheet.spellLevel)).toEqual([
      "1st",
      "2nd",
      "3rd",
      "4th",
      "11th",
      "21st",
    ]);
    expect(en.compare.thing("abilities", 1)).toBe("ability");
  });
});

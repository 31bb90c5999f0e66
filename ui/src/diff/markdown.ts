// A comparison as Markdown, for a forum or a campaign's notes.
import type { Comparison, Side } from "../api";
import { formatDate, t } from "../text";
import { diffSections, type Cell, type DiffRow } from "./rows";

export function markdownOf(comparison: Comparison): string {
  const { from, to } = comparison;
  const parts = diffSections(comparison).filter((part) => part.rows.length > 0);
  const lines = [
    `# ${from.character === to.character ? plain(to.name) : t.sheet.change(plain(from.name), plain(to.name))}`,
    "",
    t.sheet.change(sideOf(from), sideOf(to)),
  ];
  for (const part of parts)
    lines.push("", `## ${t.compare.section[part.section]}`, "", ...part.rows.map(lineOf));
  if (parts.length === 0) lines.push("", t.compare.identical);
  return `${lines.join("\n")}\n`;
}

const sideOf = (side: Side) =>
  `${t.keeping.words(side.version)} (${formatDate(side.edited_at ?? side.captured_at)})`;

function lineOf(row: DiffRow): string {
  const [field, a, b] = [plain(row.field), textOf(row.a), textOf(row.b)];
  if (row.a.kind === "prose") return `- ${field}: ${a}`;
  if (row.kind === "added" || row.kind === "removed")
    return `- **${t.compare.kinds[row.kind]}** ${field}: ${row.kind === "added" ? b : a}`;
  return `- ${field}: ${t.sheet.change(a, b)}`;
}

function textOf(cell: Cell): string {
  if (cell.kind === "missing") return plain(cell.text);
  if (cell.kind === "there")
    return plain(
      cell.parts
        .map((part) => part.text)
        .join("")
        .trim(),
    );
  const marks = { equal: "", insert: "**", delete: "~~" };
  return cell.ops
    .map(({ op, value }) => {
      const [, before, words, after] = /^(\s*)(.*?)(\s*)$/su.exec(value) ?? ["", "", value, ""];
      return words ? `${before}${marks[op]}${plain(words)}${marks[op]}${after}` : value;
    })
    .join("")
    .replace(/\s*\n\s*/gu, " ");
}

/** Names and notes say what they say: nothing in them is markup. */
const plain = (text: string) => text.replace(/[\\`*_{}[\]<>#|~]/gu, "\\$&");

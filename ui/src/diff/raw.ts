// The lines of two documents as they are drawn: folds opened, long lines cut to where they differ.
import type { RawLines, Row } from "../api";

export interface RawItem {
  key: string;
  row: Row;
  /** The row's place in the answer of the program, or of the fold it came from. */
  index: number;
}

/** The folded answer, with the folds in `open` filled from the whole one. */
export function rawItems(folded: RawLines, whole: RawLines | null, open: ReadonlySet<number>): RawItem[] {
  const items: RawItem[] = [];
  folded.rows.forEach((row, index) => {
    if (row.kind !== "fold" || !whole || !open.has(row.a)) {
      items.push({ key: `r${index}`, row, index });
      return;
    }
    for (const line of linesOf(whole.rows, row.a, row.count))
      items.push({ key: `a${line.a}`, row: line, index });
  });
  return items;
}

/** Equal lines of the whole document from a line number on. */
function linesOf(rows: readonly Row[], from: number, count: number): Extract<Row, { kind: "same" }>[] {
  return rows.filter((row) => row.kind === "same").filter((row) => row.a >= from && row.a < from + count);
}

export const isChange = (row: Row): boolean => row.kind !== "same" && row.kind !== "fold";

export interface Split {
  before: string;
  middle: string;
  after: string;
}

/** What differs within a changed line, in whole words and numbers. */
export function intraline(a: string, b: string): [Split, Split] {
  const [left, right] = [tokens(a), tokens(b)];
  const most = Math.min(left.length, right.length);
  let head = 0;
  while (head < most && left[head] === right[head]) head += 1;
  let tail = 0;
  while (tail < most - head && left.at(-1 - tail) === right.at(-1 - tail)) tail += 1;
  return [split(left, head, tail), split(right, head, tail)];
}

const tokens = (text: string): string[] => text.match(/[\p{L}\p{N}_.+-]+|\s+|[^\s]/gu) ?? [];

function split(parts: string[], head: number, tail: number): Split {
  return {
    before: parts.slice(0, head).join(""),
    middle: parts.slice(head, parts.length - tail).join(""),
    after: parts.slice(parts.length - tail).join(""),
  };
}

const LEAD = 48;

/** Long lines begin shortly before what differs; the whole line is shown where the reader is. */
export function shorten(split: Split): Split {
  if (split.before.length <= LEAD + 12) return split;
  return { ...split, before: `…${split.before.slice(-LEAD)}` };
}

/** A JSON line as key and rest, to set the key apart. */
export function keyAndRest(line: string): [indent: string, key: string, rest: string] {
  const match = /^(\s*)("(?:[^"\\]|\\.)*")(:.*)$/su.exec(line);
  return match ? [match[1]!, match[2]!, match[3]!] : ["", "", line];
}

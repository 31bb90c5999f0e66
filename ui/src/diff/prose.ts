// Long runs of equal words are shortened to what stands next to a change.
import type { TextOp } from "../api";

const KEEP = 90;
const WORTH = KEEP * 2 + 60;

/** The pieces of one side, or of both in reading order. Elided text is a piece of its own. */
export type Piece = { op: TextOp["op"] | "elided"; value: string };

export function proseOf(ops: readonly TextOp[], side: "old" | "new" | "both"): TextOp[] {
  const hidden = side === "old" ? "insert" : side === "new" ? "delete" : null;
  return ops.filter((op) => op.op !== hidden);
}

export function around(ops: readonly TextOp[]): Piece[] {
  return ops.flatMap((op, i): Piece[] => {
    if (op.op !== "equal" || op.value.length < WORTH) return [op];
    const head = i > 0 ? cutAfter(op.value) : "";
    const tail = i < ops.length - 1 ? cutBefore(op.value) : "";
    const pieces: Piece[] = [
      { op: "equal", value: head },
      { op: "elided", value: "" },
      { op: "equal", value: tail },
    ];
    return pieces.filter((piece) => piece.op === "elided" || piece.value !== "");
  });
}

/** The first words, up to a blank. */
function cutAfter(text: string): string {
  const end = text.indexOf(" ", KEEP);
  return end < 0 ? text : text.slice(0, end);
}

/** The last words, from a blank on. */
function cutBefore(text: string): string {
  const start = text.lastIndexOf(" ", text.length - KEEP);
  return start < 0 ? text : text.slice(start);
}

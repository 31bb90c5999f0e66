// How the library is laid out and moved through.
import type { Layout } from "../../api";

const CARD = 224;
const GAP = 12;
const PAGE_ROWS = 5;

/** As many cards as fit beside each other. */
export function columnsFor(width: number): number {
  return Math.max(1, Math.floor((width + GAP) / (CARD + GAP)));
}

/** Where a key leads; none where the key is not one that moves. */
export function moveCursor(
  key: string,
  from: number,
  total: number,
  columns: number,
  layout: Layout,
): number | null {
  const moves: Record<string, number> = {
    ArrowDown: columns,
    ArrowUp: -columns,
    PageDown: columns * PAGE_ROWS,
    PageUp: -columns * PAGE_ROWS,
    Home: -total,
    End: total,
    j: columns,
    k: -columns,
    ...(layout === "grid" ? { ArrowRight: 1, ArrowLeft: -1 } : {}),
  };
  const by = moves[key];
  return by === undefined ? null : Math.min(Math.max(from + by, 0), total - 1);
}

/** Where the reader is among the changes. */
export interface Standing {
  /** -1 before the first step. */
  index: number;
  total: number;
  counts: { added: number; removed: number; changed: number } | null;
}

/** What both views of a comparison can be asked for. */
export interface CompareView {
  move(by: -1 | 1): void;
  /** Puts the cursor into the view's own search, where it has one. */
  find?(): void;
}

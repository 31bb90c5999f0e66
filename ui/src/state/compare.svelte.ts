// Two versions side by side: the sheets row by row, the documents line by line.
import { call, type Comparison, type RawLines, type VersionRef } from "../api";
import { Asked } from "./asked.svelte";
import type { VersionPick } from "./router.svelte";

const CONTEXT = 3;

const side = (pick: VersionPick): VersionRef => ({
  character: pick.character,
  version: String(pick.version),
});

const keyOf = (a: VersionPick, b: VersionPick, epoch: number) =>
  `${a.character}@${a.version}:${b.character}@${b.version}#${epoch}`;

export class Compare {
  sheets = new Asked<Comparison>();
  folded = new Asked<RawLines>();
  whole = new Asked<RawLines>();

  showSheets(a: VersionPick, b: VersionPick, state: boolean, epoch: number): Promise<void> {
    return this.sheets.ask(`${keyOf(a, b, epoch)}${state}`, () =>
      call("compare.sheets", { from: side(a), to: side(b), state, same: true }),
    );
  }

  /** The lines around the changes. */
  showFolded(a: VersionPick, b: VersionPick, epoch: number): Promise<void> {
    return this.folded.ask(keyOf(a, b, epoch), () =>
      call("compare.lines", { from: side(a), to: side(b), context: CONTEXT }),
    );
  }

  /** Every line: asked for when a fold is opened or everything is to be seen. */
  showWhole(a: VersionPick, b: VersionPick, epoch: number): Promise<void> {
    return this.whole.ask(keyOf(a, b, epoch), () => call("compare.lines", { from: side(a), to: side(b) }));
  }
}

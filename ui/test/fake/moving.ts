// A move of the library that goes as far as the test says.
import type { Moved, MoveLook, OnProgress, Overview, Switched } from "../../src/api";

const VERSIONS = 763;

const nothing: Moved = {
  characters: 0,
  versions: VERSIONS,
  verified: 0,
  stays: [],
  stopped: false,
  complete: false,
};

const whole: Moved = { ...nothing, characters: 15, verified: VERSIONS, complete: true };

/** What is answered to the commands of a move. */
export class FakeMoving {
  look: MoveLook = {
    from: { kind: "sqlite", location: "/home/ada/library.sqlite" },
    to: { kind: "folder", location: "/home/ada/characters" },
    there: 0,
    begun: false,
    characters: 15,
    versions: VERSIONS,
    bytes: 256_000_000,
    skipped: 0,
    left_alone: 0,
    stays: [],
    free: 118_000_000_000,
    needs: 38_000_000,
    sealing: "plain",
    rehearses_whole: true,
    lasting: true,
  };
  /** The copy waits in its middle until it is stopped, or this is called. */
  finish: ((moved: Moved) => void) | null = null;
  /** Whether it does. */
  waits = false;

  stop(): void {
    this.finish?.({ ...nothing, verified: 300, stopped: true });
  }

  end(): void {
    this.finish?.(whole);
  }

  answers(overview: () => Overview) {
    return {
      "move.choose": () => this.look,
      "move.rehearse": () => whole,
      "move.start": async (_: unknown, onProgress?: OnProgress): Promise<Moved> => {
        onProgress?.({ event: "started", job: 9, total: 0 });
        onProgress?.({ event: "character", doing: "copying", name: "Ilarion Veles" });
        onProgress?.({ event: "advanced", done: 488, total: 2 * VERSIONS });
        if (!this.waits) return whole;
        return new Promise((done) => (this.finish = done));
      },
      "move.switch": (): Switched => ({ overview: overview(), old: this.look.from, stays: [] }),
      "move.remove": () => ({}),
    };
  }
}

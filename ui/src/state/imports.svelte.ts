// Imports: what was chosen or dropped, how far it is, what became of every file.
import {
  call,
  toWireError,
  type FileResult,
  type Outcome,
  type ProgressEvent,
  type Selection,
  type WireError,
} from "../api";
import { t } from "../text";
import { router } from "./router.svelte";
import { toasts } from "./toasts.svelte";

export type ImportRow =
  { state: "reading"; path: string; result: null } | { state: "done"; path: string; result: FileResult };

export class Batch {
  rows = $state.raw<ImportRow[]>([]);
  total = $state(0);
  done = $state(0);
  phase = $state<"running" | "stopping" | "stopped" | "finished" | "failed">("running");
  failure = $state.raw<WireError | null>(null);
  job: number | null = null;
  #byIndex = new Map<number, ImportRow>();
  #scheduled = false;

  get running(): boolean {
    return this.phase === "running" || this.phase === "stopping";
  }

  count(...outcomes: Outcome[]): number {
    return this.rows.filter((row) => row.result && outcomes.includes(row.result.outcome)).length;
  }

  hear = (event: ProgressEvent): void => {
    if (event.event === "started") {
      this.job = event.job;
      this.total = event.total;
    } else if (event.event === "advanced") {
      this.done = event.done;
      this.total = event.total;
    } else if (event.event === "reading") {
      this.#put(event.index, { state: "reading", path: event.path, result: null });
    } else if (event.event === "file") {
      this.#put(event.index, { state: "done", path: event.result.path, result: event.result });
    }
  };

  /** The report is the truth; the events before it were news. */
  finish(files: FileResult[], stopped: boolean): void {
    this.rows = files.map((result) => ({ state: "done", path: result.path, result }));
    this.done = files.length;
    this.total = Math.max(this.total, files.length);
    this.phase = stopped ? "stopped" : "finished";
  }

  fail(failure: WireError): void {
    this.#flush();
    this.rows = this.rows.filter((row) => row.state === "done");
    this.failure = failure;
    this.phase = "failed";
  }

  // Thousands of files report within a second: the list is rebuilt once a frame, not once a file.
  #put(index: number, row: ImportRow): void {
    this.#byIndex.set(index, row);
    if (this.#scheduled) return;
    this.#scheduled = true;
    requestAnimationFrame(() => this.#flush());
  }

  #flush(): void {
    this.#scheduled = false;
    if (this.running)
      this.rows = [...this.#byIndex.entries()].sort(([a], [b]) => a - b).map(([, row]) => row);
  }
}

class Imports {
  /** How many files are held over the window now. */
  hovering = $state(0);
  batch = $state.raw<Batch | null>(null);
  #waiting: Selection[] = [];

  get running(): boolean {
    return this.batch?.running ?? false;
  }

  /** Asks for files with the system's dialog and imports them. */
  async choose(): Promise<void> {
    try {
      const selection = await call("import.choose", {});
      if (selection) this.take(selection);
    } catch (error) {
      const failure = toWireError(error);
      toasts.fail(failure.message, failure);
    }
  }

  /** Imports a selection, now or after the one that runs. */
  take(selection: Selection): void {
    this.hovering = 0;
    if (router.route.name !== "import") router.go({ name: "import" });
    if (this.running) this.#waiting.push(selection);
    else void this.#run(selection);
  }

  /** Nothing can be imported now: the Import screen says why. */
  refuse(): void {
    this.hovering = 0;
    if (router.route.name !== "import") router.go({ name: "import" });
  }

  async stop(): Promise<void> {
    const batch = this.batch;
    if (!batch?.running || batch.job === null) return;
    batch.phase = "stopping";
    this.#waiting = [];
    await call("job.cancel", { job: batch.job }).catch(() => undefined);
  }

  forget(): void {
    if (!this.running) this.batch = null;
  }

  async #run({ selection, names }: Selection): Promise<void> {
    const batch = new Batch();
    batch.total = names.length;
    this.batch = batch;
    try {
      const report = await call("import.start", { selection }, batch.hear);
      batch.finish(report.files, report.stopped);
    } catch (error) {
      batch.fail(toWireError(error));
    }
    this.#tell(batch);
    const next = this.#waiting.shift();
    if (next) void this.#run(next);
  }

  /** Who looks elsewhere is told how it ended. */
  #tell(batch: Batch): void {
    if (router.route.name === "import") return;
    const show = { label: t.import.show, run: () => router.go({ name: "import" }) };
    if (batch.failure) toasts.fail(batch.failure.message, batch.failure);
    else
      toasts.news(t.import.finished(batch.count("added", "changed", "quiet"), batch.count("failed")), show);
  }
}

export const imports = new Imports();

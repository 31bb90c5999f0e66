// Imports: what was chosen, dropped, pasted or linked, what it would do, how far it is, what became of every file.
import {
  call,
  toWireError,
  type FileResult,
  type ImportReport,
  type OnProgress,
  type Outcome,
  type ProgressEvent,
  type Selection,
  type WatchedFolder,
  type WireError,
} from "../api";
import { t } from "../text";
import { router } from "./router.svelte";
import { toasts } from "./toasts.svelte";

export type ImportTab = "files" | "paste" | "link" | "folders";

export type ImportRow =
  { state: "reading"; path: string; result: null } | { state: "done"; path: string; result: FileResult };

/** Something that can be imported, and first looked at. */
interface Source {
  count: number;
  run(dryRun: boolean, hear: OnProgress): Promise<ImportReport>;
  /** The same, with what opens the locked exports in it. */
  unlocked?(passphrase: string): Source;
}

type Phase = "running" | "stopping" | "stopped" | "finished" | "failed";

export class Batch {
  rows = $state.raw<ImportRow[]>([]);
  total = $state(0);
  done = $state(0);
  phase = $state<Phase>("running");
  failure = $state.raw<WireError | null>(null);
  /** A source lets itself be asked again only then. */
  waitsUntil = $state<string | null>(null);
  job: number | null = null;
  #byIndex = new Map<number, ImportRow>();
  #scheduled = false;

  constructor(
    readonly source: Source,
    /** Whether this only says what would happen. */
    readonly preview: boolean,
  ) {
    this.total = source.count;
  }

  get running(): boolean {
    return this.phase === "running" || this.phase === "stopping";
  }

  count(...outcomes: Outcome[]): number {
    return this.rows.filter((row) => row.result && outcomes.includes(row.result.outcome)).length;
  }

  hear = (event: ProgressEvent): void => {
    this.waitsUntil = event.event === "waiting" ? event.until : null;
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
  tab = $state<ImportTab>("files");
  batch = $state.raw<Batch | null>(null);
  /** What stands in the field of the link. */
  address = $state("");
  /** D&D Beyond is asked only after the player agreed to it, once. */
  asksConsent = $state(false);
  folders = $state.raw<WatchedFolder[]>([]);
  #looks = 0;
  #waiting: Source[] = [];

  get running(): boolean {
    return this.batch?.running ?? false;
  }

  /** Asks for files with the system's dialog. */
  async choose(): Promise<void> {
    const selection = await attempt("import.choose");
    if (selection) this.take(selection);
  }

  /** Looks at what a selection would do, now or after what runs. */
  take({ selection, names }: Selection): void {
    this.hovering = 0;
    this.show("files");
    const source = (key: { passphrase?: string }): Source => ({
      count: names.length,
      run: (dry_run, hear) => call("import.start", { selection, dry_run, ...key }, hear),
      unlocked: (passphrase) => source({ passphrase }),
    });
    this.#look(source({}));
  }

  /** Looks again, with a passphrase. */
  unlock(passphrase: string): void {
    const source = this.batch?.source.unlocked?.(passphrase);
    if (source && this.batch?.preview && !this.running) void this.#run(new Batch(source, true));
  }

  /** Looks at what a pasted text would do. */
  paste(text: string): void {
    this.show("paste");
    this.#look({
      count: 1,
      run: async (dry_run) => {
        const result = await call("import.text", { text, dry_run });
        return { files: [result], totals: {}, stopped: false };
      },
    });
  }

  /** Puts a pasted link into its field. Nothing is asked over the network before the player says so. */
  offerLink(address: string): void {
    this.address = address;
    this.show("link");
  }

  /** Fetches what the link stands for and keeps it: looking first would ask the server twice. */
  async fetch(agree = false): Promise<void> {
    const address = this.address.trim();
    if (!address || this.running) return;
    this.asksConsent = false;
    const run: Source["run"] = (_, hear) => call("import.link", { address, agree }, hear);
    await this.#run(new Batch({ count: 1, run }, false));
    if (this.batch?.failure?.code !== "consent_needed") return;
    this.batch = null;
    this.asksConsent = true;
  }

  /** Does what was looked at. */
  confirm(): void {
    if (this.batch?.preview && !this.running) void this.#run(new Batch(this.batch.source, false));
  }

  /** Nothing can be imported now: the Import screen says why. */
  refuse(): void {
    this.hovering = 0;
    this.show("files");
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

  async refreshFolders(): Promise<void> {
    const turn = ++this.#looks;
    const folders = await call("watch.list", {}).catch(() => this.folders);
    // What was asked for later knows more, whichever answer comes first.
    if (turn === this.#looks) this.folders = folders;
  }

  async addFolder(): Promise<void> {
    await attempt("watch.add");
    await this.refreshFolders();
  }

  async removeFolder(path: string): Promise<void> {
    try {
      await call("watch.remove", { path });
      await this.refreshFolders();
      toasts.done(t.import.folders.removed(path), () => void this.#again(path));
    } catch (error) {
      tell(error);
    }
  }

  async #again(path: string): Promise<void> {
    try {
      await call("watch.again", { path });
      await this.refreshFolders();
    } catch (error) {
      tell(error);
    }
  }

  /** Shows this way to import. */
  show(tab: ImportTab): void {
    this.tab = tab;
    if (router.route.name !== "import") router.go({ name: "import" });
  }

  #look(source: Source): void {
    if (this.running) this.#waiting.push(source);
    else void this.#run(new Batch(source, true));
  }

  async #run(batch: Batch): Promise<void> {
    this.batch = batch;
    try {
      const report = await batch.source.run(batch.preview, batch.hear);
      batch.finish(report.files, report.stopped);
    } catch (error) {
      batch.fail(toWireError(error));
    }
    this.#tell(batch);
    const next = this.#waiting.shift();
    if (next) this.#look(next);
  }

  /** Who looks elsewhere is told how it ended. */
  #tell(batch: Batch): void {
    if (router.route.name === "import" || batch.preview) return;
    const show = { label: t.import.show, run: () => router.go({ name: "import" }) };
    if (batch.failure) toasts.fail(batch.failure.message, batch.failure);
    else
      toasts.news(t.import.finished(batch.count("added", "changed", "quiet"), batch.count("failed")), show);
  }
}

function tell(error: unknown): void {
  const failure = toWireError(error);
  toasts.fail(failure.message, failure);
}

/** Runs a command that needs nothing; a failure becomes a toast. */
async function attempt<C extends "import.choose" | "watch.add">(command: C) {
  try {
    return await call(command, {});
  } catch (error) {
    tell(error);
    return null;
  }
}

export const imports = new Imports();

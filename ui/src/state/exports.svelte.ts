// Taking data along: what is asked for, how far it is, what came of it.
import { call, toWireError, type Form, type ProgressEvent } from "../api";
import { formatBytes, t } from "../text";
import { toasts } from "./toasts.svelte";

/** What is to be exported: one character, or everything. */
export interface Subject {
  id: string;
  name: string;
}

class Exports {
  /** The question is on the screen. */
  asking = $state(false);
  subject = $state.raw<Subject | null>(null);
  /** What is personal is left out: it is to be shown to others. */
  redact = $state(false);
  running = $state(false);
  stopping = $state(false);
  done = $state(0);
  total = $state(0);
  #job: number | null = null;

  /** Asks how; nothing for everything. */
  ask(subject: Subject | null, redact = false): void {
    if (!this.running) {
      this.subject = subject;
      this.redact = redact;
    }
    this.asking = true;
  }

  /** Exports into a file that the player chooses. */
  async start(form: Form, passphrase: string | null): Promise<void> {
    if (this.running) return;
    this.running = true;
    this.stopping = false;
    this.done = this.total = 0;
    const characters = this.subject ? [this.subject.id] : [];
    try {
      const made = await call(
        "export.start",
        { characters, form, redact: this.redact, ...(passphrase === null ? {} : { passphrase }) },
        this.#hear,
      );
      if (made.file === null) return;
      toasts.news(t.export.made(made.file, made.characters, made.versions, formatBytes(made.bytes)));
      this.asking = false;
    } catch (error) {
      const failure = toWireError(error);
      if (failure.code === "cancelled") toasts.news(t.export.stopped);
      else toasts.fail(failure.message, failure);
    } finally {
      this.running = false;
      this.#job = null;
    }
  }

  /** Stops it; there is no file then. */
  async stop(): Promise<void> {
    if (this.#job === null) return;
    this.stopping = true;
    await call("job.cancel", { job: this.#job }).catch(() => undefined);
  }

  #hear = (event: ProgressEvent): void => {
    if (event.event === "started") this.#job = event.job;
    if (event.event === "advanced") {
      this.done = event.done;
      this.total = event.total;
    }
  };
}

export const exports = new Exports();

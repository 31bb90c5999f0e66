// Encryption of the library: how far it is, switching it on with a recovery phrase, renewing keys, switching it off.
import {
  call,
  toWireError,
  type Encryption,
  type LockKind,
  type Phrase,
  type ProgressEvent,
  type WireError,
} from "../api";
import { t } from "../text";
import { app } from "./app.svelte";
import { toasts } from "./toasts.svelte";

/** What the dialog is about. */
export type Task = "on" | "renew" | "relock" | "off";

class LibraryEncryption {
  now = $state.raw<Encryption | null>(null);
  /** The question that is on the screen. */
  task = $state<Task | null>(null);
  phrase = $state.raw<Phrase | null>(null);
  running = $state(false);
  done = $state(0);
  total = $state(0);
  failure = $state.raw<WireError | null>(null);
  #job: number | null = null;

  /** Looks how far it is. */
  async look(): Promise<void> {
    this.now = await call("encryption.get", {}).catch(() => null);
  }

  /** Asks how it is to be. A recovery phrase is made for what needs one; nothing of it is kept. */
  async ask(task: Task): Promise<void> {
    this.failure = this.phrase = null;
    try {
      if (task === "on" || task === "renew") this.phrase = await call("encryption.phrase", {});
      this.task = task;
    } catch (error) {
      const failure = toWireError(error);
      toasts.fail(failure.message, failure);
    }
  }

  /** Encrypts everything, under the phrase that the player has on paper. */
  async start(lock: LockKind, passphrase: string | null, typed: Record<number, string>): Promise<void> {
    const phrase = this.phrase?.words.join(" ");
    if (phrase === undefined) return;
    const words = passphrase === null ? {} : { passphrase };
    const renew = this.task === "renew";
    await this.#run(renew ? t.encryption.renewed : t.encryption.switchedOn, () =>
      call("encryption.start", { renew, lock, phrase, typed, ...words }, this.#hear),
    );
  }

  /** Puts the same keys under another lock. */
  async relock(lock: LockKind, passphrase: string | null): Promise<void> {
    const words = passphrase === null ? {} : { passphrase };
    await this.#run(t.encryption.relocked, () => call("encryption.relock", { lock, ...words }, this.#hear));
  }

  /** Keeps everything plain again. */
  async off(): Promise<void> {
    await this.#run(t.encryption.switchedOff, () => call("encryption.off", {}, this.#hear));
  }

  /** Ends what was interrupted. */
  async resume(): Promise<void> {
    await this.#run(t.encryption.ended, () => call("encryption.resume", {}, this.#hear));
  }

  /** Stops between two characters. What is there can be read; the rest is done another time. */
  async stop(): Promise<void> {
    if (this.#job !== null) await call("job.cancel", { job: this.#job }).catch(() => null);
  }

  async #run(news: string, work: () => Promise<Encryption>): Promise<void> {
    if (this.running) return;
    this.running = true;
    this.failure = null;
    this.done = this.total = 0;
    try {
      this.now = await work();
      this.task = this.phrase = null;
      toasts.news(news);
    } catch (error) {
      this.failure = toWireError(error);
      // Without a dialog, a toast tells.
      if (this.task === null) toasts.fail(this.failure.message, this.failure);
      await this.look();
    } finally {
      this.running = false;
      this.#job = null;
      await app.refresh();
    }
  }

  #hear = (event: ProgressEvent): void => {
    if (event.event === "started") this.#job = event.job;
    if (event.event === "advanced") {
      this.done = event.done;
      this.total = event.total;
    }
  };
}

export const encryption = new LibraryEncryption();

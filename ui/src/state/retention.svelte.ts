// How long versions are kept: the policy, what it does by any day to come, and letting go what it lets go.
import {
  call,
  toWireError,
  type RetentionPolicy,
  type RetentionPreview,
  type RetentionSet,
  type RetentionView,
  type WireError,
} from "../api";
import { t } from "../text";
import { app } from "./app.svelte";
import { toasts } from "./toasts.svelte";

const DAY = 24 * 60 * 60 * 1000;

/** How far ahead one can look: days from now. */
export const AHEAD = [0, 7, 30, 90, 180, 365, 730, 1825, 3650] as const;

class Retention {
  view = $state.raw<RetentionView | null>(null);
  preview = $state.raw<RetentionPreview | null>(null);
  /** Which of `AHEAD` is looked at. */
  place = $state(0);
  failure = $state.raw<WireError | null>(null);
  /** The one deliberate yes is asked for. */
  asking = $state(false);
  running = $state(false);
  done = $state(0);
  total = $state(0);
  #question = 0;

  /** Whether it is now that is looked at: only that can be carried out. */
  get isNow(): boolean {
    return this.place === 0;
  }

  /** Looks what holds, and what it would do. */
  async look(): Promise<void> {
    const question = ++this.#question;
    const days = AHEAD[this.place] ?? 0;
    try {
      const [view, preview] = await Promise.all([
        call("retention.get", {}),
        call("retention.preview", days > 0 ? { at: new Date(Date.now() + days * DAY).toISOString() } : {}),
      ]);
      if (question !== this.#question) return;
      this.view = view;
      this.preview = preview;
      this.failure = null;
    } catch (error) {
      if (question === this.#question) this.failure = toWireError(error);
    }
  }

  /** Looks at another day. */
  async lookAt(place: number): Promise<void> {
    this.place = place;
    await this.look();
  }

  /** Sets the library's policy; one key takes that back. */
  async set(policy: RetentionPolicy): Promise<void> {
    const before = this.view;
    if (!before) return;
    const undo = () => void this.#put({}, before.own ? before.policy : null);
    if (await this.#put({}, policy)) toasts.done(t.retention.changed, undo);
  }

  /** Sets the policy of one character, or takes it away. */
  async setFor(character: string, name: string, policy: RetentionPolicy | null): Promise<void> {
    const before = this.view?.characters.find((entry) => entry.character === character)?.policy ?? null;
    const undo = () => void this.#put({ character }, before);
    if (await this.#put({ character }, policy)) toasts.done(t.retention.changedFor(name), undo);
  }

  /** Without a policy, the word is taken back. */
  async #put(whose: RetentionSet, policy: RetentionPolicy | null): Promise<boolean> {
    try {
      this.view = await call("retention.set", policy ? { ...whose, policy } : whose);
      return true;
    } catch (error) {
      const failure = toWireError(error);
      toasts.fail(failure.message, failure);
      return false;
    } finally {
      await this.look();
    }
  }

  /** Lets go what was shown. There is no way back. */
  async apply(clock_is_right = false): Promise<void> {
    const { preview } = this;
    if (this.running || !preview) return;
    this.running = true;
    this.done = this.total = 0;
    try {
      const { at, token } = preview;
      const done = await call("retention.apply", { at, token, clock_is_right }, (event) => {
        if (event.event === "advanced") [this.done, this.total] = [event.done, event.total];
      });
      this.asking = false;
      toasts.news(t.retention.done(done.dropped, done.archived, done.anonymised));
    } catch (error) {
      const failure = toWireError(error);
      // Something else would go now: it is looked at again before anything is confirmed.
      this.asking = false;
      toasts.fail(failure.message, failure);
    } finally {
      this.running = false;
      await app.refresh();
      await this.look();
    }
  }
}

export const retention = new Retention();

// Erasing everything, or one character: what would go, how far it is, what went.
import {
  call,
  toWireError,
  type Erased,
  type ErasePlan,
  type ProgressEvent,
  type Scope,
  type WireError,
} from "../api";
import { t } from "../text";
import { app } from "./app.svelte";
import { router } from "./router.svelte";
import { noFilter } from "./filter";
import { toasts } from "./toasts.svelte";

const EVERYTHING: Scope = { what: "everything" };

class Erasing {
  /** The question, the progress or the receipt is on the screen. */
  open = $state(false);
  plan = $state.raw<ErasePlan | null>(null);
  running = $state(false);
  done = $state(0);
  total = $state(0);
  erased = $state.raw<Erased | null>(null);
  failure = $state.raw<WireError | null>(null);
  /** What Backstory keeps, for the screen that says so. */
  holdings = $state.raw<ErasePlan | null>(null);
  unknown = $state.raw<WireError | null>(null);

  /** Looks what is kept, and where. */
  async look(): Promise<void> {
    try {
      this.holdings = await call("erase.plan", { scope: EVERYTHING });
      this.unknown = null;
    } catch (error) {
      this.unknown = toWireError(error);
    }
  }

  /** Asks whether this is to go: a character, or everything. */
  async ask(character: string | null): Promise<void> {
    const scope: Scope = character === null ? EVERYTHING : { what: "character", character };
    this.erased = this.failure = null;
    try {
      this.plan = await call("erase.plan", { scope });
      this.open = true;
    } catch (error) {
      const failure = toWireError(error);
      toasts.fail(failure.message, failure);
    }
  }

  /** Does it. There is no way back. */
  async start(): Promise<void> {
    if (this.running || !this.plan) return;
    const { scope, token } = this.plan;
    this.running = true;
    this.failure = null;
    this.done = this.total = 0;
    try {
      this.erased = await call("erase.start", { scope, token }, this.#hear);
      if (scope.what === "character") router.up();
      else await app.begin();
    } catch (error) {
      this.failure = toWireError(error);
      // Something else is there now: the list is looked at again before anything is confirmed.
      if (this.failure.code === "conflict")
        this.plan = await call("erase.plan", { scope }).catch(() => this.plan);
      await app.refresh();
    } finally {
      this.running = false;
    }
  }

  /** What was cut short and ended at this start is told once. */
  async resumed(): Promise<void> {
    const erased = await call("erase.resumed", {}).catch(() => null);
    if (!erased) return;
    this.erased = erased;
    this.plan = null;
    this.open = true;
  }

  /** Writes the receipt where the player wants it: Backstory keeps none. */
  async save(): Promise<void> {
    if (!this.erased) return;
    try {
      const { name } = await call("receipt.save", this.erased.receipt);
      if (name) toasts.news(t.erase.saved(name));
    } catch (error) {
      const failure = toWireError(error);
      toasts.fail(failure.message, failure);
    }
  }

  /** Closes the receipt. */
  leave(): void {
    const everything = this.erased?.receipt.receipt.everything ?? false;
    this.open = false;
    if (everything) router.go({ name: "characters", filter: noFilter });
    else void this.look();
  }

  #hear = (event: ProgressEvent): void => {
    if (event.event === "advanced") {
      this.done = event.done;
      this.total = event.total;
    }
  };
}

export const erasing = new Erasing();

// Taking the player out of a character that stays: what would go, how far it is.
import { call, toWireError, type AnonymisePlan, type WireError } from "../api";
import { t } from "../text";
import { app } from "./app.svelte";
import { router } from "./router.svelte";
import { toasts } from "./toasts.svelte";

class Anonymising {
  open = $state(false);
  plan = $state.raw<AnonymisePlan | null>(null);
  running = $state(false);
  done = $state(0);
  total = $state(0);
  failure = $state.raw<WireError | null>(null);

  /** Asks whether this character is to lose what tells of its player. */
  async ask(character: string): Promise<void> {
    this.failure = null;
    try {
      this.plan = await call("anonymise.plan", { character });
      this.open = true;
    } catch (error) {
      const failure = toWireError(error);
      toasts.fail(failure.message, failure);
    }
  }

  /** Does it. There is no way back. */
  async start(): Promise<void> {
    const { plan } = this;
    if (this.running || !plan) return;
    this.running = true;
    this.failure = null;
    this.done = this.total = 0;
    try {
      const { name } = await call("anonymise.start", { character: plan.character }, (event) => {
        if (event.event === "advanced") [this.done, this.total] = [event.done, event.total];
      });
      this.open = false;
      // The character has another id now.
      router.up();
      toasts.news(t.anonymise.done(name));
    } catch (error) {
      this.failure = toWireError(error);
    } finally {
      this.running = false;
      await app.refresh();
    }
  }
}

export const anonymising = new Anonymising();

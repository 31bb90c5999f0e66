// What the player agreed to, and taking it back.
import { call, toWireError, type Agreement, type Purpose } from "../api";
import { t } from "../text";
import { app } from "./app.svelte";
import { toasts } from "./toasts.svelte";

class Consents {
  list = $state.raw<readonly Agreement[]>([]);

  async look(): Promise<void> {
    this.list = await call("consent.list", {}).catch(() => []);
  }

  /** Nothing is asked there until it is agreed to again. */
  async withdraw(purpose: Purpose): Promise<void> {
    try {
      this.list = await call("consent.withdraw", { purpose });
      if (purpose === "notify") app.preferences = { ...app.preferences, notify: false };
      toasts.news(t.privacy.withdrawn[purpose]);
    } catch (error) {
      const failure = toWireError(error);
      toasts.fail(failure.message, failure);
    }
  }
}

export const consents = new Consents();

// What the player agreed to, and taking it back.
import { call, toWireError, type Agreement } from "../api";
import { t } from "../text";
import { toasts } from "./toasts.svelte";

class Consents {
  list = $state.raw<readonly Agreement[]>([]);

  async look(): Promise<void> {
    this.list = await call("consent.list", {}).catch(() => []);
  }

  /** Nothing is asked there until it is agreed to again. */
  async withdraw(): Promise<void> {
    try {
      this.list = await call("consent.withdraw", {});
      toasts.news(t.privacy.withdrawn);
    } catch (error) {
      const failure = toWireError(error);
      toasts.fail(failure.message, failure);
    }
  }
}

export const consents = new Consents();

// The configuration file: what it says, who says so where it does not, and changing it.
import { call, toWireError, type Configuration, type ConfigValue, type WireError } from "../api";
import { t } from "../text";
import { app } from "./app.svelte";
import { toasts } from "./toasts.svelte";

/** What Settings offers. The rest is for a text editor: it decides which library is opened and how. */
export type Offered = keyof typeof t.settings.keys;

/** What may hold a password: it is not shown, so it cannot be put back. */
export const SECRET: readonly string[] = ["cache.redis.redis_url"];

class ConfigurationState {
  now = $state.raw<Configuration | null>(null);
  failure = $state.raw<WireError | null>(null);
  /** Rises when something was refused: what was typed gives way to what holds. */
  refused = $state(0);

  value(key: Offered): ConfigValue | undefined {
    return this.now?.values.find((value) => value.key === key);
  }

  async look(): Promise<void> {
    try {
      this.now = await call("app.configuration", {});
      this.failure = null;
    } catch (error) {
      this.failure = toWireError(error);
    }
  }

  /** Writes a value into the file; none takes it out. What was there before comes back with undo. */
  async set(key: Offered, value: string | null): Promise<void> {
    const before = this.value(key);
    const name = t.settings.keys[key];
    if (!(await this.#write(key, value))) return;
    const again = before?.layer === "file" ? before.value : null;
    if (SECRET.includes(key) && again !== null) toasts.news(t.settings.changed(name));
    else toasts.done(t.settings.changed(name), () => void this.#write(key, again));
  }

  async #write(key: Offered, value: string | null): Promise<boolean> {
    try {
      this.now = await call("app.configure", { key, value });
      await app.refresh();
      return true;
    } catch (error) {
      const failure = toWireError(error);
      toasts.fail(failure.message, failure);
      this.refused += 1;
      await this.look();
      return false;
    }
  }
}

export const configuration = new ConfigurationState();

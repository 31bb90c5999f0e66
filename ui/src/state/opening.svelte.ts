// Which library is open: what can be done where it cannot be opened, and how another one takes its place.
import { call, toWireError, type OpenLibrary, type Ways } from "../api";
import { t } from "../text";
import { app } from "./app.svelte";
import { toasts } from "./toasts.svelte";

class Opening {
  ways = $state.raw<Ways | null>(null);
  busy = $state(false);

  /** Asks what can be done. */
  async look(): Promise<void> {
    this.ways = await call("library.ways", {}).catch(() => null);
  }

  /** Opens the library that is encrypted, with its passphrase or its recovery phrase. */
  async unlock(words: string): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    try {
      const { overview } = await call("library.unlock", { words });
      if (overview) app.turnTo(overview);
    } catch (error) {
      app.failure = toWireError(error);
    } finally {
      this.busy = false;
      await this.look();
    }
  }

  /** Opens a library. Where that fails, what was open stays open. */
  async open(how: OpenLibrary): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    try {
      const { overview, set_aside } = await call("library.open", how);
      if (!overview) return;
      app.turnTo(overview);
      if (set_aside) toasts.news(t.closed.aside(set_aside));
    } catch (error) {
      const failure = toWireError(error);
      if (app.overview) toasts.fail(failure.message, failure);
      else app.failure = failure;
    } finally {
      this.busy = false;
      await this.look();
    }
  }
}

export const opening = new Opening();

// A library that cannot be opened as it should: what else can be done, and the doing of it.
import { call, toWireError, type Way, type Ways, type WireError } from "../api";
import { app } from "./app.svelte";
import { router } from "./router.svelte";
import { toasts } from "./toasts.svelte";

class Opening {
  ways = $state.raw<Ways | null>(null);
  /** What is being done. */
  busy = $state.raw<Way | null>(null);
  /** Why the last way led nowhere. */
  failure = $state.raw<WireError | null>(null);
  /** Where the library lies that another took the place of, until the player has read it. */
  moved = $state<string | null>(null);

  /** Asks what can be done. */
  async look(): Promise<void> {
    this.ways = await call("library.ways", {}).catch(() => null);
  }

  async go(way: Way): Promise<void> {
    if (this.busy) return;
    this.busy = way;
    this.failure = null;
    try {
      const opened = await call("library.open", way);
      if (!opened) return;
      this.moved = opened.moved_to;
      app.show(opened.overview);
      router.reset();
    } catch (error) {
      this.failure = toWireError(error);
      if (app.overview) toasts.fail(this.failure.message, this.failure);
      else await app.refresh();
      await this.look();
    } finally {
      this.busy = null;
    }
  }
}

export const opening = new Opening();

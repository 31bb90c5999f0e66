// What can be done where the player is: menus show it, and the palette runs it.
import { untrack } from "svelte";

export interface Action {
  label: string;
  /** The keys that do the same, if any. */
  side: string;
  run: () => void;
  /** Why it cannot be done now. */
  off?: string | undefined;
}

class Actions {
  #offered = $state.raw<readonly (readonly Action[])[]>([]);

  /** Of the screen that stands, and of its parts. */
  get here(): Action[] {
    return this.#offered.flat();
  }

  /** Offers actions until the returned function is called. */
  offer(actions: readonly Action[]): () => void {
    const set = (to: (offered: readonly (readonly Action[])[]) => readonly (readonly Action[])[]) =>
      untrack(() => (this.#offered = to(this.#offered)));
    set((offered) => [...offered, actions]);
    return () => void set((offered) => offered.filter((other) => other !== actions));
  }
}

export const actions = new Actions();

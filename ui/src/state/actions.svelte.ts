// What can be done where the player is: menus show it, and the palette runs it.

export interface Action {
  label: string;
  /** The keys that do the same, if any. */
  side: string;
  run: () => void;
  /** Why it cannot be done now. */
  off?: string | undefined;
}

class Actions {
  /** Of the screen that stands. */
  here = $state.raw<readonly Action[]>([]);

  /** Offers actions until the returned function is called, or another screen offers its own. */
  offer(actions: readonly Action[]): () => void {
    this.here = actions;
    return () => {
      if (this.here === actions) this.here = [];
    };
  }
}

export const actions = new Actions();

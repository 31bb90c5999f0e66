// The characters at hand, in the player's own order: in the sidebar, on Ctrl 1 to 9.
import { call, type CharacterEntry } from "../api";
import { t } from "../text";
import { app } from "./app.svelte";
import { router } from "./router.svelte";
import { toasts } from "./toasts.svelte";

class Pins {
  #found = $state.raw<ReadonlyMap<string, CharacterEntry>>(new Map());

  /** Those that are in the open library. The samples have no pins. */
  get list(): CharacterEntry[] {
    if (app.overview?.sample) return [];
    return app.preferences.pinned.flatMap((id) => this.#found.get(id) ?? []);
  }

  has(id: string): boolean {
    return app.preferences.pinned.includes(id);
  }

  /** Reads names and classes anew. */
  async refresh(): Promise<void> {
    const ids = app.preferences.pinned;
    if (ids.length === 0 || app.overview?.sample !== false) return;
    const found = await call("characters.list", { ids, limit: ids.length }).catch(() => null);
    if (found) this.#found = new Map(found.characters.map((character) => [character.id, character]));
  }

  /** Pins or unpins at once; the toast takes it back. */
  async toggle({ id, name }: { id: string; name: string }): Promise<void> {
    if (app.overview?.sample) return;
    const before = app.preferences.pinned;
    const on = !this.has(id);
    await this.#set(on ? [...before, id] : before.filter((other) => other !== id));
    const undo = { label: t.undo, run: () => void this.#set(before) };
    toasts.news(on ? t.library.pinned(name) : t.library.unpinned(name), undo);
  }

  /** Moves one to the place of another. */
  async move(id: string, by: number): Promise<void> {
    const shown = this.list.map((character) => character.id);
    const from = shown.indexOf(id);
    const to = from + by;
    if (from < 0 || to < 0 || to >= shown.length) return;
    shown.splice(to, 0, ...shown.splice(from, 1));
    const hidden = app.preferences.pinned.filter((other) => !shown.includes(other));
    await this.#set([...shown, ...hidden]);
  }

  /** Opens the one on this key, 1 to 9. */
  open(place: number): void {
    const character = this.list[place - 1];
    if (character) router.go({ name: "character", id: character.id, version: null });
  }

  async #set(pinned: string[]): Promise<void> {
    await app.prefer({ pinned });
    await this.refresh();
  }
}

export const pins = new Pins();

// The sheet at one version and what changed there. The old sheet stands until the new one is here, so nothing jumps.
import { call, toWireError, type Comparison, type SheetView, type WireError } from "../api";

const KEPT = 40;

interface Found {
  sheet: SheetView;
  changed: Comparison | null;
}

export class SheetAt {
  found = $state.raw<Found | null>(null);
  failure = $state.raw<WireError | null>(null);
  #cache = new Map<string, Promise<Found>>();
  #wanted = "";

  /** Shows a version, with the difference to the one before it in the history. */
  async show(character: string, version: number, before: number | null, epoch: number): Promise<void> {
    const key = `${character}@${version}<${before}#${epoch}`;
    this.#wanted = key;
    try {
      const found = await this.#get(key, character, version, before);
      if (this.#wanted !== key) return;
      this.found = found;
      this.failure = null;
    } catch (error) {
      this.#cache.delete(key);
      if (this.#wanted === key) this.failure = toWireError(error);
    }
  }

  #get(key: string, character: string, version: number, before: number | null): Promise<Found> {
    const known = this.#cache.get(key);
    if (known) return known;
    const asked = ask(character, version, before);
    this.#cache.set(key, asked);
    const [oldest] = this.#cache.keys();
    if (this.#cache.size > KEPT && oldest !== undefined) this.#cache.delete(oldest);
    return asked;
  }
}

async function ask(character: string, version: number, before: number | null): Promise<Found> {
  const side = (of: number) => ({ character, version: String(of) });
  const [sheet, changed] = await Promise.all([
    call("character.sheet", side(version)),
    before === null ? null : call("compare.sheets", { from: side(before), to: side(version) }),
  ]);
  return { sheet, changed };
}

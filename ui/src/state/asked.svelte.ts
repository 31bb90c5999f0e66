// One answer to the newest question.
import { toWireError, type WireError } from "../api";

/** One answer that belongs to one question; a late answer to an older one is dropped. */
export class Asked<T> {
  value = $state.raw<T | null>(null);
  failure = $state.raw<WireError | null>(null);
  #key = "";

  async ask(key: string, get: () => Promise<T>): Promise<void> {
    if (this.#key === key && !this.failure) return;
    this.#key = key;
    try {
      const value = await get();
      if (this.#key !== key) return;
      this.value = value;
      this.failure = null;
    } catch (error) {
      if (this.#key === key) this.failure = toWireError(error);
    }
  }
}

// Short notes at the edge of the window. Failures stay until they are closed; news goes by itself.
import type { WireError } from "../api";
import { t } from "../text";

export interface Toast {
  id: number;
  tone: "news" | "failure";
  title: string;
  detail: string | null;
  action: { label: string; run: () => void } | null;
}

const NEWS_STAYS = 8000;

/** More news at once would hide what it is about. */
const NEWS_SHOWN = 3;

class Toasts {
  list = $state.raw<Toast[]>([]);
  #next = 1;
  #timers = new Map<number, ReturnType<typeof setTimeout>>();
  /** What takes the last action back. It outlives its note. */
  #undo: { id: number; run: () => void } | null = null;

  news(title: string, action: Toast["action"] = null): number {
    const id = this.#add({ tone: "news", title, detail: null, action });
    this.release(id);
    return id;
  }

  /** Says that something was done, and offers to take it back: on the note, and with Ctrl Z also later. */
  done(title: string, undo: () => void): void {
    const id = this.news(title, { label: t.undo, run: undo });
    this.#undo = { id, run: undo };
  }

  /** Takes the last action back. */
  undo(): void {
    const last = this.#undo;
    this.#undo = null;
    if (!last) return;
    this.close(last.id);
    last.run();
  }

  /** Does what a note offers, once. */
  act(toast: Toast): void {
    this.close(toast.id);
    if (this.#undo?.id === toast.id) this.#undo = null;
    toast.action?.run();
  }

  fail(title: string, failure: WireError): void {
    const said = t.errors.say(failure);
    const heading = title === failure.message ? said.message : title;
    const detail = [said.message, said.kept, said.hint].filter((part) => part && part !== heading).join(" ");
    this.#add({ tone: "failure", title: heading, detail, action: null });
  }

  close(id: number): void {
    this.hold(id);
    this.list = this.list.filter((toast) => toast.id !== id);
  }

  /** What they tell of is not there any more. */
  clear(): void {
    for (const { id } of this.list) this.close(id);
    this.#undo = null;
  }

  /** Somebody reads it: it does not go meanwhile. */
  hold(id: number): void {
    clearTimeout(this.#timers.get(id));
    this.#timers.delete(id);
  }

  /** News goes after a while. */
  release(id: number): void {
    this.hold(id);
    if (this.list.find((toast) => toast.id === id)?.tone === "news")
      this.#timers.set(
        id,
        setTimeout(() => this.close(id), NEWS_STAYS),
      );
  }

  #add(toast: Omit<Toast, "id">): number {
    const id = this.#next++;
    this.list = [...this.list, { id, ...toast }];
    const news = this.list.filter((other) => other.tone === "news");
    for (const old of news.slice(0, -NEWS_SHOWN)) this.close(old.id);
    return id;
  }
}

export const toasts = new Toasts();

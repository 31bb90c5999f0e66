// Short notes at the edge of the window. Failures stay until they are closed; news goes by itself.
import type { WireError } from "../api";

export interface Toast {
  id: number;
  tone: "news" | "failure";
  title: string;
  detail: string | null;
  action: { label: string; run: () => void } | null;
}

const NEWS_STAYS = 8000;

class Toasts {
  list = $state.raw<Toast[]>([]);
  #next = 1;

  news(title: string, action: Toast["action"] = null): void {
    const id = this.#add({ tone: "news", title, detail: null, action });
    setTimeout(() => this.close(id), NEWS_STAYS);
  }

  fail(title: string, failure: WireError): void {
    const detail = [failure.message, failure.kept, failure.hint]
      .filter((part) => part && part !== title)
      .join(" ");
    this.#add({ tone: "failure", title, detail, action: null });
  }

  close(id: number): void {
    this.list = this.list.filter((toast) => toast.id !== id);
  }

  #add(toast: Omit<Toast, "id">): number {
    const id = this.#next++;
    this.list = [...this.list, { id, ...toast }];
    return id;
  }
}

export const toasts = new Toasts();

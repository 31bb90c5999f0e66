// Where the window is, and where it was. Going back restores what a screen put into `memory`.
import { untrack } from "svelte";
import { noFilter, type LibraryFilter } from "./filter";

export interface VersionPick {
  character: string;
  version: number;
}

export type CompareMode = "sheet" | "raw";

export type Route =
  | { name: "characters"; filter: LibraryFilter }
  | { name: "character"; id: string; version: number | null }
  | { name: "progress"; id: string; version: number | null }
  | { name: "compare"; a: VersionPick; b: VersionPick; mode: CompareMode }
  | { name: "activity" }
  | { name: "import" }
  | { name: "settings" }
  | { name: "storage" }
  | { name: "privacy" }
  | { name: "help" };

interface Entry {
  route: Route;
  /** What the screen wants to find again: scroll offset, cursor. Not reactive on purpose. */
  memory: Map<string, unknown>;
}

const entryOf = (route: Route): Entry => ({ route, memory: new Map() });

export class Router {
  #entries = $state.raw<Entry[]>([entryOf({ name: "characters", filter: noFilter })]);
  #index = $state(0);

  get #entry(): Entry {
    return this.#entries[this.#index]!;
  }

  get route(): Route {
    return this.#entry.route;
  }

  get memory(): Map<string, unknown> {
    return this.#entry.memory;
  }

  get canGoBack(): boolean {
    return this.#index > 0;
  }

  /** Identifies the place in the history, so that a screen is drawn anew when it changes. */
  get place(): number {
    return this.#index;
  }

  go(route: Route): void {
    untrack(() => {
      this.#entries = [...this.#entries.slice(0, this.#index + 1), entryOf(route)];
      this.#index += 1;
    });
  }

  /** Changes the present place without leaving it: typing in a filter is not a step. */
  replace(route: Route): void {
    untrack(() => {
      const entry = { route, memory: this.memory };
      this.#entries = this.#entries.map((old, index) => (index === this.#index ? entry : old));
    });
  }

  back(): void {
    if (this.canGoBack) this.#index -= 1;
  }

  forward(): void {
    if (this.#index < this.#entries.length - 1) this.#index += 1;
  }

  /** One level up: to the last list of characters, with its filters. */
  up(): void {
    const lists = this.#entries.slice(0, this.#index).map((entry) => entry.route);
    const index = lists.findLastIndex((route) => route.name === "characters");
    if (index >= 0) this.#index = index;
    else this.go({ name: "characters", filter: noFilter });
  }

  /** Forgets every place: another library is open. */
  reset(route: Route = { name: "characters", filter: noFilter }): void {
    this.#entries = [entryOf(route)];
    this.#index = 0;
  }
}

export const router = new Router();

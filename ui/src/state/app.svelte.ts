// The program as the frame sees it: what library is open, how the player likes the window.
import {
  call,
  listen,
  toWireError,
  type AppEvent,
  type Overview,
  type Preferences,
  type WireError,
} from "../api";
import { t } from "../text";
import { imports } from "./imports.svelte";
import { router } from "./router.svelte";
import { toasts } from "./toasts.svelte";

const dark = () => matchMedia("(prefers-color-scheme: dark)");

class App {
  overview = $state.raw<Overview | null>(null);
  preferences = $state.raw<Preferences>({ theme: "system", layout: "grid", sort: "changed" });
  failure = $state.raw<WireError | null>(null);
  /** Rises whenever something was written: screens read it to know that they must ask again. */
  epoch = $state(0);

  get canWrite(): boolean {
    return this.overview !== null && !this.overview.sample && this.overview.store.read_only === null;
  }

  /** Whether versions can be named, kept and brought back. In the samples they can: it is gone when they are left. */
  get canChange(): boolean {
    return this.overview !== null && this.overview.store.read_only === null;
  }

  get isEmpty(): boolean {
    return this.overview?.facets.characters === 0;
  }

  /** Reads the theme and the library. The window is drawn when this is done, whatever came of it. */
  async start(): Promise<void> {
    listen((event) => this.#hear(event));
    dark().addEventListener("change", () => this.#paintTheme());
    addEventListener("focus", () => void this.refresh());
    const preferences = call("preferences.get", {}).then(
      (found) => (this.preferences = found),
      () => undefined,
    );
    await Promise.all([preferences, this.refresh()]);
    this.#paintTheme();
  }

  /** Tells the program that something can be seen: it shows the window. */
  async ready(): Promise<void> {
    await call("app.ready", {}).catch(() => undefined);
  }

  async refresh(): Promise<void> {
    try {
      const before = this.overview?.revision;
      this.overview = await call("app.overview", {});
      this.failure = null;
      if (before !== this.overview.revision) this.epoch += 1;
    } catch (error) {
      this.failure = toWireError(error);
    }
  }

  /** Paints first and saves after: a setting that cannot be saved still holds until the window closes. */
  async prefer(change: Partial<Preferences>): Promise<void> {
    this.preferences = { ...this.preferences, ...change };
    this.#paintTheme();
    try {
      await call("preferences.set", this.preferences);
    } catch (error) {
      toasts.fail(t.errors.preferences, toWireError(error));
    }
  }

  openSamples = () => this.#exchange("sample.open");
  closeSamples = () => this.#exchange("sample.close");

  async #exchange(command: "sample.open" | "sample.close"): Promise<void> {
    try {
      this.overview = await call(command, {});
      this.epoch += 1;
      imports.forget();
      router.reset();
    } catch (error) {
      const failure = toWireError(error);
      toasts.fail(failure.message, failure);
    }
  }

  #hear(event: AppEvent): void {
    if (event.event === "changed") void this.refresh();
    else if (event.event === "drop_hover") imports.hovering = event.count;
    else if (event.event === "drop_left") imports.hovering = 0;
    else if (this.canWrite) imports.take(event);
    else imports.refuse();
  }

  #paintTheme(): void {
    const { theme } = this.preferences;
    const shown = theme === "system" ? (dark().matches ? "dark" : "light") : theme;
    document.documentElement.dataset.theme = shown;
  }
}

export const app = new App();

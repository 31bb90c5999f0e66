// The program as the frame sees it: what library is open, how the player likes the window.
import {
  call,
  listen,
  toWireError,
  type AppEvent,
  type Language,
  type Overview,
  type Preferences,
  type WireError,
} from "../api";
import { languageFor, speak, t } from "../text";
import { health } from "./health.svelte";
import { imports } from "./imports.svelte";
import { router } from "./router.svelte";
import { toasts } from "./toasts.svelte";

const dark = () => matchMedia("(prefers-color-scheme: dark)");

/** A window that is narrower, in letters of its text, puts below each other what stands beside each other else. */
const CRAMPED = 44;

/** The sizes of text there are, in per cent. */
export const TEXT_SIZES = [80, 90, 100, 110, 120, 135, 150, 175, 200];

class App {
  overview = $state.raw<Overview | null>(null);
  preferences = $state.raw<Preferences>({
    language: null,
    text_size: 100,
    pinned: [],
    theme: "system",
    layout: "grid",
    sort: "changed",
    notify: false,
    stay: false,
  });
  failure = $state.raw<WireError | null>(null);
  /** Rises whenever something was written: screens read it to know that they must ask again. */
  epoch = $state(0);
  /** What the library takes on the disk, in bytes. */
  weight = $state<number | null>(null);
  /** The language the window is drawn in: a change draws it anew. */
  language = $state<Language>("en");

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
    addEventListener("resize", () => this.#measure());
    addEventListener("focus", () => void this.refresh());
    await this.#dress();
    await this.refresh();
    void health.refreshAlerts();
  }

  /** As at the first start: everything was erased. */
  async begin(): Promise<void> {
    await this.#dress();
    await this.refresh();
    this.turnTo(this.overview, this.failure);
  }

  /** Puts on what the player likes. */
  async #dress(): Promise<void> {
    await call("preferences.get", {}).then(
      (found) => (this.preferences = found),
      () => undefined,
    );
    await this.#speak();
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
      if ("language" in change) await this.#speak();
      await call("preferences.set", this.preferences);
    } catch (error) {
      toasts.fail(t.errors.preferences, toWireError(error));
    }
  }

  /** One step smaller or larger. */
  async resizeText(step: -1 | 1): Promise<void> {
    const at = TEXT_SIZES.findIndex((size) => size >= this.preferences.text_size);
    const text_size = TEXT_SIZES[(at < 0 ? TEXT_SIZES.length - 1 : at) + step];
    if (text_size) await this.prefer({ text_size });
  }

  /** Asks how much room the library takes. */
  async weigh(): Promise<void> {
    this.weight = await call("store.statistics", {}).then(
      (found) => found.store_bytes,
      () => null,
    );
  }

  /** What the configuration says, or why nobody knows. */
  configuration = () => call("app.configuration", {}).then(({ values }) => values, toWireError);

  /** The free software in the program, or why nobody knows. */
  licences = () => call("app.licences", {}).catch(toWireError);

  async showLibrary(): Promise<void> {
    try {
      await call("library.show", {});
    } catch (error) {
      const failure = toWireError(error);
      toasts.fail(failure.message, failure);
    }
  }

  openSamples = () => this.#exchange("sample.open");
  closeSamples = () => this.#exchange("sample.close");

  async #exchange(command: "sample.open" | "sample.close"): Promise<void> {
    try {
      this.turnTo(await call(command, {}));
    } catch (error) {
      const failure = toWireError(error);
      // Behind the samples stands a library that cannot be opened.
      if (this.overview?.sample && command === "sample.close") this.turnTo(null, failure);
      else toasts.fail(failure.message, failure);
    }
  }

  /** Shows another library, or that there is none. */
  turnTo(overview: Overview | null, failure: WireError | null = null): void {
    this.overview = overview;
    this.failure = failure;
    this.epoch += 1;
    imports.forget();
    toasts.clear();
    router.reset();
  }

  /** A link from outside opens a character that is there, and can do nothing else. */
  async #open(id: string): Promise<void> {
    try {
      await call("character.get", { character: id });
      router.go({ name: "character", id, version: null });
    } catch (error) {
      const failure = toWireError(error);
      toasts.fail(failure.message, failure);
    }
  }

  #hear(event: AppEvent): void {
    if (event.event === "changed") void this.refresh();
    else if (event.event === "open") void this.#open(event.character);
    else if (event.event === "health") void health.refreshAlerts();
    else if (event.event === "watched") void imports.refreshFolders();
    else if (event.event === "drop_hover") imports.hovering = event.count;
    else if (event.event === "drop_left") imports.hovering = 0;
    else if (this.canWrite) imports.take(event);
    else imports.refuse();
  }

  /** The window and the sentences of the program speak one language. */
  async #speak(): Promise<void> {
    const language = languageFor(this.preferences.language, navigator.languages);
    speak(language, navigator.languages);
    await call("app.speak", { language }).catch(() => undefined);
    if (language !== this.language) this.epoch += 1;
    this.language = language;
  }

  /** With large text a window holds less: columns become rows where there is no room beside each other. */
  #measure(): void {
    const em = parseFloat(getComputedStyle(document.documentElement).fontSize) || 16;
    document.documentElement.toggleAttribute("data-cramped", innerWidth / em < CRAMPED);
  }

  #paintTheme(): void {
    const { theme, text_size } = this.preferences;
    const size = Math.min(Math.max(text_size, TEXT_SIZES[0]!), TEXT_SIZES.at(-1)!);
    document.documentElement.style.fontSize = size === 100 ? "" : `${(16 * size) / 100}px`;
    this.#measure();
    const shown = theme === "system" ? (dark().matches ? "dark" : "light") : theme;
    document.documentElement.dataset.theme = shown;
  }
}

export const app = new App();

// The catalogue in use. Screens read `t` and never hold words of their own.
import type { Language } from "../api";
import { de } from "./de";
import { en, type Catalogue } from "./en";
import { formatAs } from "./format";

const CATALOGUES: Record<Language, Catalogue> = { en, de };

/** The words of the window. Whoever changes the language draws the window anew. */
export let t: Catalogue = en;

/** The language that is wished for, else the first of the system's that is there. */
export function languageFor(wished: Language | null, system: readonly string[]): Language {
  const known = system.map((locale) => locale.slice(0, 2).toLowerCase());
  return wished ?? known.find((code): code is Language => code in CATALOGUES) ?? "en";
}

/** Speaks this language from now on. Dates are written as the system's region does, where it speaks it too. */
export function speak(language: Language, system: readonly string[]): void {
  use(CATALOGUES[language], system.find((locale) => locale.toLowerCase().startsWith(language)) ?? language);
}

/** Says everything out of this catalogue. */
export function use(catalogue: Catalogue, locale: string): void {
  t = catalogue;
  formatAs(locale);
  document.documentElement.lang = catalogue.locale;
}

export * from "./format";

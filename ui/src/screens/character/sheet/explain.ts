// Any value of the sheet can be asked what it is made of, and since when it stands.
import { getContext, setContext } from "svelte";
import type { Part } from "../../../api";

export interface Question {
  /** What was pressed: the answer hangs on it, and the focus goes back to it. */
  anchor: HTMLElement;
  label: string;
  value: string;
  parts: readonly Part[];
  /** The fields it follows from, as a comparison calls them. */
  places: readonly string[];
}

export type Ask = (question: Question) => void;

const KEY = Symbol("explain");

export const provideExplain = (ask: Ask) => setContext(KEY, ask);
export const useExplain = () => getContext<Ask>(KEY);

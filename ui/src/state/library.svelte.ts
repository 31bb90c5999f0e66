// The list of characters: pages of a hundred, asked for when they come into view.
import { call, toWireError, type CharacterEntry, type Sort, type WireError } from "../api";
import { toQuery, type LibraryFilter } from "./filter";

const PAGE = 100;
/** So many rows before they come into view they are asked for: drawing what waits, and the row itself after it, is twice the work. */
const AHEAD = 60;

export class Library {
  total = $state<number | null>(null);
  failure = $state.raw<WireError | null>(null);
  /** Pages by number. A new map for every page that arrives: reading it is what rows depend on. */
  #pages = $state.raw<ReadonlyMap<number, CharacterEntry[]>>(new Map());
  #asked = new Set<number>();
  #filter: LibraryFilter | null = null;
  #sort: Sort = "changed";
  /** Answers to an older question are dropped. */
  #question = 0;
  /** The question the pages answer: the old rows stand until the new ones come. */
  #answered = 0;
  #firstAnswer = () => {};
  /** Kept once the first page is there, or has failed. */
  readonly answered = new Promise<void>((done) => (this.#firstAnswer = done));

  at(index: number): CharacterEntry | undefined {
    return this.#pages.get(Math.floor(index / PAGE))?.[index % PAGE];
  }

  /** Shows what matches. The old rows stand until the first page of the new ones is there. */
  async show(filter: LibraryFilter, sort: Sort): Promise<void> {
    this.#filter = filter;
    this.#sort = sort;
    this.#question += 1;
    this.#asked = new Set();
    await this.#ask(0);
  }

  /** Asks for the pages of these rows and of those near them, unless they are there or on their way. */
  need(first: number, last: number): void {
    const end = Math.min(last + AHEAD, (this.total ?? 0) - 1);
    for (let page = Math.floor(Math.max(first - AHEAD, 0) / PAGE); page * PAGE <= end; page++)
      void this.#ask(page);
  }

  async #ask(page: number): Promise<void> {
    if (!this.#filter || this.#asked.has(page)) return;
    this.#asked.add(page);
    const question = this.#question;
    try {
      const answer = await call("characters.list", toQuery(this.#filter, this.#sort, page * PAGE, PAGE));
      if (question !== this.#question) return;
      this.#pages = new Map(this.#answered === question ? this.#pages : []).set(page, answer.characters);
      this.#answered = question;
      this.total = answer.total;
      this.failure = null;
    } catch (error) {
      if (question !== this.#question) return;
      this.#asked.delete(page);
      this.failure = toWireError(error);
    } finally {
      this.#firstAnswer();
    }
  }
}

export const library = new Library();

// Characters whose history is open, shared by the History and Compare screens.
import {
  call,
  toWireError,
  type BurstEntry,
  type CharacterEntry,
  type HistoryEntry,
  type OutlookEntry,
  type WireError,
} from "../api";

const HISTORY_PAGE = 500;
const KEPT = 4;

/** When it happened for a person: the player's edit where the source says, else when we looked. */
export function shownAt(entry: HistoryEntry): string {
  return entry.edited_at ?? entry.captured_at;
}

/** Whether a player would call it a step of the story. */
export function isVisible(entry: HistoryEntry): boolean {
  return entry.kind === "change" || entry.kind === "baseline";
}

/** Whether it stands out in the story: a turning point, or what the player named or keeps. */
export function isLandmark(entry: HistoryEntry): boolean {
  return entry.landmark || entry.pinned || entry.tags.length > 0;
}

/** A history, and where in it each version stands. */
const placed = (entries: HistoryEntry[]) => ({
  entries,
  places: new Map(entries.map((entry, place) => [entry.version, place])),
});

export class Character {
  index = $state.raw<CharacterEntry | null>(null);
  /** Changes of a sitting that are summed up. */
  bursts = $state.raw<BurstEntry[]>([]);
  /** What the years will do to a version, by its number. */
  outlook = $state.raw<ReadonlyMap<number, OutlookEntry>>(new Map());
  // Not a `$derived`: that would belong to the screen that opened the character, and stand still when it is left.
  #history = $state.raw(placed([]));
  loaded = $state(false);
  failure = $state.raw<WireError | null>(null);
  #question = 0;

  constructor(readonly id: string) {}

  /** The whole history, newest first, with the quiet versions. */
  get entries(): HistoryEntry[] {
    return this.#history.entries;
  }

  get newest(): HistoryEntry | undefined {
    return this.entries[0];
  }

  entry(version: number): HistoryEntry | undefined {
    return this.entries[this.#history.places.get(version) ?? -1];
  }

  /** The version before this one in the history. */
  before(version: number): HistoryEntry | undefined {
    return this.entries[(this.#history.places.get(version) ?? NaN) + 1];
  }

  /** The next visible version, towards newer (-1) or older (+1). */
  neighbour(version: number, step: -1 | 1, accept: (entry: HistoryEntry) => boolean = isVisible) {
    const place = this.#history.places.get(version);
    if (place === undefined) return undefined;
    for (let i = place + step; i >= 0 && i < this.entries.length; i += step) {
      const entry = this.entries[i]!;
      if (accept(entry)) return entry;
    }
    return undefined;
  }

  /** Shows a version as it will be once that is written. */
  paint(version: number, change: Partial<HistoryEntry>): void {
    this.#history = placed(
      this.entries.map((entry) => (entry.version === version ? { ...entry, ...change } : entry)),
    );
  }

  /** What is selected when nothing else is: the newest step of the story. */
  get start(): HistoryEntry | undefined {
    return this.entries.find(isVisible) ?? this.newest;
  }

  async load(): Promise<void> {
    const question = ++this.#question;
    try {
      const [index, first, { bursts }] = await Promise.all([
        call("character.get", { character: this.id }),
        this.#page(0),
        call("character.bursts", { character: this.id }),
      ]);
      let entries = first.entries;
      while (entries.length < first.total) {
        const page = await this.#page(entries.length);
        if (page.entries.length === 0) break;
        entries = [...entries, ...page.entries];
      }
      if (question !== this.#question) return;
      this.index = index;
      this.#history = placed(entries);
      this.bursts = bursts;
      this.failure = null;
      this.loaded = true;
      void this.#lookAhead(question);
    } catch (error) {
      if (question === this.#question) this.failure = toWireError(error);
    }
  }

  /** Nobody waits for it, and without it the history is whole. */
  async #lookAhead(question: number): Promise<void> {
    const outlook = await call("retention.outlook", { character: this.id }).catch(() => []);
    if (question === this.#question) this.outlook = new Map(outlook.map((one) => [one.version, one]));
  }

  #page(offset: number) {
    return call("character.history", { character: this.id, quiet_too: true, limit: HISTORY_PAGE, offset });
  }
}

class Characters {
  #open = new Map<string, Character>();
  #epochs = new Map<string, number>();

  /** The character, loaded anew where something was written since. */
  open(id: string, epoch: number): Character {
    const character = this.#open.get(id) ?? new Character(id);
    this.#open.delete(id);
    this.#open.set(id, character);
    if (this.#epochs.get(id) !== epoch) {
      this.#epochs.set(id, epoch);
      void character.load();
    }
    this.#forgetOldest();
    return character;
  }

  #forgetOldest(): void {
    const [oldest] = this.#open.keys();
    if (this.#open.size <= KEPT || oldest === undefined) return;
    this.#open.delete(oldest);
    this.#epochs.delete(oldest);
  }
}

export const characters = new Characters();

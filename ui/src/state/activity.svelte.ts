// What was done with the library: the audit log, page by page, and whether it holds together.
import {
  call,
  toWireError,
  type AuditAction,
  type ActivityEntry,
  type ActivityFilter,
  type CharacterEntry,
  type LogForm,
  type Verdict,
  type WireError,
} from "../api";
import { t } from "../text";
import { toasts } from "./toasts.svelte";

const PAGE = 100;
/** So many entries stand where the log is only touched upon. */
const LATEST = 4;
/** So many characters are offered to choose from. */
const OFFERED = 8;
const DAY = 24 * 60 * 60 * 1000;

/** A kind of thing that was done. */
export type Area = "saved" | "sent" | "deleted" | "settings" | "upkeep";

/** What belongs to which. What a newer Backstory does is shown where nothing is left out. */
export const AREAS: Record<Area, readonly AuditAction[]> = {
  saved: ["capture", "sighting", "restore", "pin", "unpin", "tag", "note"],
  sent: ["export", "share", "sync", "migrate", "log_taken", "log_refused"],
  deleted: ["delete", "undelete", "erase", "retention"],
  settings: ["setting", "member", "key", "agree", "withdraw", "log_accepted"],
  upkeep: ["archive", "retell", "recompress", "repair"],
};

export const ORIGINS = ["window", "command", "watch", "rest"] as const;
export const DAYS = [7, 30, 365] as const;

/** What is looked at. */
export interface Wanted {
  area: Area | null;
  character: { id: string; name: string } | null;
  origin: string | null;
  /** The last so many days. */
  days: number | null;
}

export const everything: Wanted = { area: null, character: null, origin: null, days: null };

/** As the library is asked. */
export function toFilter(wanted: Wanted, now = new Date()): ActivityFilter {
  const filter: ActivityFilter = {};
  if (wanted.area) filter.actions = [...AREAS[wanted.area]];
  if (wanted.character) filter.character = wanted.character.id;
  if (wanted.origin) filter.origin = wanted.origin;
  if (wanted.days) filter.since = new Date(now.getTime() - wanted.days * DAY).toISOString();
  return filter;
}

class Activity {
  wanted = $state.raw<Wanted>(everything);
  entries = $state.raw<readonly ActivityEntry[]>([]);
  /** How many entries the whole log has; none until it was asked. */
  size = $state<number | null>(null);
  failure = $state.raw<WireError | null>(null);
  /** What the last look over the log found; none where it was not looked over since it was last written to. */
  verdict = $state.raw<Verdict | null>(null);
  checking = $state(false);
  /** What was done last, whatever is looked at here. */
  latest = $state.raw<readonly ActivityEntry[]>([]);
  /** How many entries there were then. */
  logged = $state(0);
  /** When an export was made last: null for never, undefined until it is known. */
  exported = $state<string | null | undefined>(undefined);
  #filter: ActivityFilter = {};
  #next: number | undefined;
  #asking = false;
  /** Answers to an older question are dropped. */
  #question = 0;

  get hasMore(): boolean {
    return this.#next !== undefined;
  }

  /** Shows what matches, from the newest on. The old rows stand until the new ones come. */
  async show(wanted: Wanted): Promise<void> {
    this.wanted = wanted;
    this.#filter = toFilter(wanted);
    this.#question += 1;
    this.#next = undefined;
    await this.#ask([]);
  }

  /** Asks for what comes before the last row, unless it is on its way. */
  async more(): Promise<void> {
    if (this.#next !== undefined && !this.#asking) await this.#ask(this.entries);
  }

  async #ask(behind: readonly ActivityEntry[]): Promise<void> {
    const question = this.#question;
    this.#asking = true;
    const before = this.#next;
    try {
      const page = await call("activity.list", {
        filter: this.#filter,
        limit: PAGE,
        ...(before === undefined ? {} : { before }),
      });
      if (question !== this.#question) return;
      if (page.size !== this.verdict?.log.size) this.verdict = null;
      this.entries = [...behind, ...page.entries];
      this.size = page.size;
      this.#next = page.next;
      this.failure = null;
    } catch (error) {
      if (question === this.#question) this.failure = toWireError(error);
    } finally {
      if (question === this.#question) this.#asking = false;
    }
  }

  /** Asks what was done last, and when everything was taken along. What cannot be told is not shown. */
  async lookBack(): Promise<void> {
    const last = (filter: ActivityFilter, limit: number) =>
      call("activity.list", { filter, limit }).catch(() => null);
    const [latest, exported] = await Promise.all([last({}, LATEST), last({ actions: ["export"] }, 1)]);
    this.latest = latest?.entries ?? [];
    this.logged = latest?.size ?? 0;
    this.exported = exported ? (exported.entries[0]?.at ?? null) : undefined;
  }

  /** Looks over the whole log. */
  async verify(): Promise<void> {
    await this.#look("activity.verify");
  }

  /** Takes the log as it is from now on, although it is not the one that was last seen here. */
  async accept(): Promise<void> {
    await this.#look("activity.accept");
    await this.show(this.wanted);
  }

  async #look(command: "activity.verify" | "activity.accept"): Promise<void> {
    if (this.checking) return;
    this.checking = true;
    try {
      this.verdict = await call(command, {});
    } catch (error) {
      const failure = toWireError(error);
      toasts.fail(failure.message, failure);
    } finally {
      this.checking = false;
    }
  }

  /** Writes what is shown to a file that the player chooses. */
  async save(form: LogForm): Promise<void> {
    try {
      const { name } = await call("activity.save", { filter: this.#filter, form });
      if (name !== null) toasts.news(t.activity.saved(name));
    } catch (error) {
      const failure = toWireError(error);
      toasts.fail(failure.message, failure);
    }
  }

  /** Characters whose name has this in it, in the bin or not. */
  async offer(text: string): Promise<readonly CharacterEntry[]> {
    const list = await call("characters.list", {
      text,
      deleted: "with",
      sort: "name",
      limit: OFFERED,
      offset: 0,
    });
    return list.characters;
  }
}

export const activity = new Activity();

// The bridge's double: answers every command from invented data. Test and dev page only.
import type {
  Agreement,
  Alert,
  AppEvent,
  Bridge,
  CharacterEntry,
  Command,
  Commands,
  CompareGet,
  Comparison,
  Configuration,
  FileResult,
  HistoryEntry,
  JobEntry,
  JobRun,
  OnProgress,
  Encryption,
  LockKind,
  Overview,
  Preferences,
  ReadOnly,
  QueryFilter,
  SealedReceipt,
  Verdict,
  WatchedFolder,
  WireError,
} from "../../src/api";
import { activityLog, activityPage, unbroken } from "./activity";
import { configured, silent } from "./configuration";
import { erasedReceipt, erasePlan } from "./erase";
import { people } from "./people";
import { backups, drill, figures, healthOf, jobs, room } from "./storage";
import { rawLines } from "./lines";
import { FakeMoving } from "./moving";
import { FakeRetention } from "./retention";
import { rekorChanges, rekorHistory, rekorSeries, rekorSame, rekorSheet, rekorState } from "./rekor";

export interface FakeOptions {
  characters?: CharacterEntry[];
  preferences?: Partial<Preferences>;
  readOnly?: ReadOnly;
  /** The library is of a kind that Backstory cannot encrypt. */
  cannotEncrypt?: boolean;
  sample?: boolean;
  /** What the configuration says. */
  configuration?: Configuration;
  /** What looking over the audit log finds. */
  verdict?: Verdict;
  files?: FileResult[];
  /** How long every answer takes, in milliseconds. */
  delay?: number;
  failing?: Partial<Record<Command, WireError>>;
  /** What is not well. */
  alerts?: Alert[];
  /** Never finishes the import, nor work in the background, to look at it while it runs. */
  hangsAfter?: number;
}

/** A recovery phrase. */
const WORDS = Array.from({ length: 24 }, (_, place) => `${"abcdefghijklmnopqrstuvwx"[place]}word`);

type Answers = {
  [C in Command]: (
    params: Commands[C][0],
    onProgress?: OnProgress,
  ) => Commands[C][1] | Promise<Commands[C][1]>;
};

export class FakeBridge implements Bridge {
  /** Everything it said. */
  answered: unknown[] = [];
  retention = new FakeRetention();
  moving = new FakeMoving();
  /** How many calls have no answer yet. */
  waiting = 0;
  calls: { command: Command; params: unknown }[] = [];
  #handlers: ((event: AppEvent) => void)[] = [];
  #options: FakeOptions;
  #preferences: Preferences;
  #sample: boolean;
  #cancelled = false;
  #agreed = false;
  #lock: LockKind | null = null;
  #folders: WatchedFolder[] = [];
  #configuration: Configuration;
  #revision = 1;
  #backups = backups();
  #jobs = jobs();
  /** What is not well. */
  alerts: Alert[] = [];
  /** What was written, by character. */
  #histories = new Map<string, HistoryEntry[]>();
  #changed = new Map<string, CharacterEntry>();

  constructor(options: FakeOptions = {}) {
    this.#options = options;
    this.#configuration = options.configuration ?? silent;
    this.#preferences = {
      language: "en",
      text_size: 100,
      pinned: [],
      theme: "system",
      layout: "grid",
      sort: "changed",
      notify: false,
      stay: false,
      ...options.preferences,
    };
    this.#sample = options.sample ?? false;
    this.alerts = options.alerts ?? [];
    this.moving.waits = options.hangsAfter !== undefined;
  }

  emit(event: AppEvent): void {
    for (const handler of this.#handlers) handler(event);
  }

  listen(handler: (event: AppEvent) => void): void {
    this.#handlers.push(handler);
  }

  async call<C extends Command>(
    command: C,
    params: Commands[C][0],
    onProgress?: OnProgress,
  ): Promise<Commands[C][1]> {
    this.calls.push({ command, params });
    this.waiting += 1;
    try {
      return await this.#answer(command, params, onProgress);
    } finally {
      this.waiting -= 1;
    }
  }

  async #answer<C extends Command>(
    command: C,
    params: Commands[C][0],
    onProgress?: OnProgress,
  ): Promise<Commands[C][1]> {
    if (this.#options.delay) await new Promise((done) => setTimeout(done, this.#options.delay));
    const failure = this.#options.failing?.[command];
    if (failure) throw failure;
    const answer = (await this.#answers[command](params, onProgress)) as Commands[C][1];
    this.answered.push(answer);
    return answer;
  }

  asked(command: Command): unknown[] {
    return this.calls.filter((call) => call.command === command).map((call) => call.params);
  }

  get #people(): CharacterEntry[] {
    const all = this.#sample ? people : (this.#options.characters ?? people);
    return all.map((one) => this.#changed.get(one.id) ?? one);
  }

  #answers: Answers = {
    "app.overview": () => this.#overview(),
    "app.ready": () => ({}),
    "app.verify": () => ({
      ok: true,
      checked: { characters: 0, versions: 0, contents: 0, bytes: 0 },
      problems: [],
      repaired: [],
    }),
    "preferences.get": () => this.#preferences,
    "preferences.set": (preferences) => {
      this.#preferences = preferences;
      return {};
    },
    "sample.open": () => {
      this.#sample = true;
      return this.#overview();
    },
    "sample.close": () => {
      this.#sample = false;
      return this.#overview();
    },
    "characters.list": (query) => page(this.#people, query),
    "character.get": ({ character }) => this.#find(character),
    "character.delete": ({ character }) => this.#put(character, { deleted_at: "2026-11-22T10:00:00Z" }),
    "character.undelete": ({ character }) => this.#put(character, { deleted_at: undefined }),
    "version.pin": ({ character, version, pinned }) => this.#mark(character, version, () => ({ pinned })),
    "version.note": ({ character, version, note }) => this.#mark(character, version, () => ({ note })),
    "version.tag": ({ character, version, add, remove }) =>
      this.#mark(character, version, ({ tags }) => ({
        tags: [...tags.filter((tag) => !remove?.includes(tag)), ...(add ?? [])],
      })),
    "version.save": ({ version }) => ({ name: `Rekor, version ${version}.json` }),
    "version.restore": ({ character, version }) => {
      const all = this.#history(character);
      const old = this.#entry(character, version);
      const made = { ...old, id: `restored-${all.length}`, version: this.#find(character).last_version + 1 };
      this.#histories.set(character, [made, ...all]);
      this.#put(character, { last_version: made.version });
      return made;
    },
    "versions.search": ({ text, character }) => ({
      hits: "quarterstaff".startsWith(text)
        ? this.#history(character ?? "")
            .slice(-1)
            .map(({ id, version, captured_at }) => ({
              character: character ?? "",
              id,
              version,
              captured_at,
              where: "inventory" as const,
              snippet: "Quarterstaff",
            }))
        : [],
    }),
    "character.blame": ({ character }) => {
      const field = (key: string, section: "combat" | "spells", version: string, sentence: string | null) => {
        const { id, captured_at, version: number } = this.#entry(character, version);
        return {
          key,
          section,
          label: key,
          value: null,
          since: { id, version: number, captured_at },
          sentence,
        };
      };
      return {
        character,
        fields: [
          field("combat/hit_points_max", "combat", "29", "Hit points 51 to 65"),
          field("spells/spell-Fireball", "spells", "3", "Learned Fireball and Counterspell"),
          field("proficiencies/skills/Arcana", "combat", "1", null),
          field("abilities/int", "combat", "29", "Intelligence 16 to 17"),
        ],
      };
    },
    "character.progress": ({ character }) => ({
      character,
      series: rekorSeries(this.#history(character)),
      levels: [],
    }),
    "library.retell": () => ({ characters: 0, versions: 0, unreadable: 0 }),
    "members.list": () => [],
    "members.set": ({ campaign, user, role }) => (role === null ? [] : [{ campaign, user, role }]),
    "store.statistics": () => ({
      characters: this.#people.length,
      versions: 0,
      contents: 0,
      captures: 0,
      document_bytes: 0,
      encoded_bytes: 0,
      store_bytes: 0,
    }),
    "store.cache": () => ({ tiers: [] }),
    "store.recompress": () => ({ contents: 0, rewritten: 0, bytes_before: 0, bytes_after: 0 }),
    "backup.list": () => this.#backups,
    "backup.make": () => {
      const made = { ...this.#backups.backups[0]!, name: "2026-11-30T143000Z", reason: "asked" as const };
      this.#backups = { ...this.#backups, backups: [made, ...this.#backups.backups] };
      return { backup: made, removed: [], is_the_last: false };
    },
    "backup.drill": () => drill,
    "backup.restore": ({ name }) => ({
      name,
      set_aside: "/home/ada/library.aside-2026-11-30-143000.sqlite",
      brought: 0,
      as_it_was: 0,
      overview: this.#overview(),
    }),
    "backup.show": () => ({}),
    "health.get": () => healthOf(this.alerts),
    "health.figures": () => figures,
    "alerts.list": () => this.alerts,
    "alerts.dismiss": ({ kind }) =>
      (this.alerts = this.alerts.map((one) => (one.kind === kind ? { ...one, dismissed: true } : one))),
    "store.room": () => room,
    "jobs.list": () => ({ jobs: this.#jobs }),
    "jobs.run": ({ name }, onProgress) => this.#work(name, onProgress),
    "jobs.set": ({ name, off, every_hours }) => {
      const change = (job: JobEntry) => ({
        ...job,
        on: off === undefined ? job.on : !off,
        every_hours: every_hours ?? job.every_hours,
      });
      this.#jobs = this.#jobs.map((job) => (job.name === name ? change(job) : job));
      return { jobs: this.#jobs };
    },
    "character.history": ({ character, limit, offset }) => {
      const all = this.#history(character);
      const from = offset ?? 0;
      return { character, total: all.length, entries: all.slice(from, from + (limit ?? all.length)) };
    },
    "character.bursts": ({ character }) => ({ character: this.#find(character).id, bursts: [] }),
    "character.sheet": ({ character, version }) => {
      const one = this.#find(character);
      const sheet = rekorSheet(Number(version ?? one.last_version));
      return { ...sheet, id: one.id, name: one.name, version: Number(version ?? one.last_version) };
    },
    "compare.sheets": (get) => this.#compare(get),
    "compare.raw": () => ({ changes: [] }),
    "compare.lines": ({ context }) => rawLines(context),
    "import.choose": () => ({ selection: 1, names: (this.#options.files ?? []).map((file) => file.path) }),
    "export.start": ({ characters, form = "backstory" }) => ({
      file: `Characters.${form === "markdown" ? "md" : form}`,
      sha256: "0".repeat(64),
      characters: characters?.length || 3,
      versions: 52,
      bytes: 4_000_000,
    }),
    "import.start": ({ dry_run }, onProgress) => this.#import(onProgress, dry_run),
    "import.link": ({ address, agree }, onProgress) => {
      this.#agreed ||= agree ?? false;
      if (!this.#agreed) throw consentNeeded;
      return this.#import(onProgress, false, [{ ...this.#options.files![1]!, path: address }]);
    },
    "watch.list": () => this.#folders,
    "watch.add": () => (this.#folders = [...this.#folders, watched("/home/player/Downloads")]),
    "watch.remove": ({ path }) => (this.#folders = this.#folders.filter((folder) => folder.path !== path)),
    "watch.again": ({ path }) => (this.#folders = [...this.#folders, watched(path)]),
    "app.speak": () => ({}),
    "library.show": () => ({}),
    ...this.moving.answers(() => this.#overview()),
    "app.configuration": () => this.#configuration,
    "app.configure": ({ key, value }) => (this.#configuration = configured(this.#configuration, key, value)),
    "app.licences": () => [{ name: "serde", version: "1.0.0", licence: "MIT OR Apache-2.0" }],
    "consent.list": () => this.#consents(),
    "consent.withdraw": () => {
      this.#agreed = false;
      return this.#consents();
    },
    "privacy.cuts": () => ({
      versions: 763,
      cut: 451,
      places: [{ pointer: "/campaign/characters", versions: 451, bytes: 812_000 }],
    }),
    "activity.list": (get) => activityPage(activityLog(this.#people), get),
    "activity.verify": () => this.#options.verdict ?? unbroken,
    "activity.accept": () => (this.#options.verdict = unbroken),
    "activity.save": ({ form = "lines" }) => ({ name: form === "csv" ? "Activity.csv" : "Activity.jsonl" }),
    "retention.get": () => this.retention.view(this.#people),
    "retention.set": (request) => {
      this.retention.set(request);
      return this.retention.view(this.#people);
    },
    "retention.preview": (request) => this.retention.preview(request, this.#people),
    "retention.plan": ({ at }) => ({
      at: at ?? "2026-11-30T12:00:00Z",
      zone: "Europe/Berlin",
      keep: [],
      archive: [],
      drop: [],
      anonymise: [],
      warnings: [],
      held: null,
      token: "token",
    }),
    "retention.apply": (_, onProgress) => {
      onProgress?.({ event: "advanced", done: 1, total: 1 });
      return { dropped: 4, spared: 0, archived: 0, anonymised: 0 };
    },
    "retention.outlook": ({ character }) =>
      this.#history(character)
        .filter((entry) => entry.version === 3)
        .map(({ id, version }) => ({
          id,
          version,
          goes_after: "2999-03-03T12:00:00Z",
          archived_after: null,
        })),
    "archive.plan": ({ restore }) => ({ restore: restore ?? false, versions: [] }),
    "archive.start": () => ({ moved: 0, stayed: 0, verified: 0, bytes_before: 0, bytes_after: 0 }),
    "anonymise.plan": ({ character }) => ({
      character,
      name: this.#find(character).name,
      versions: this.#find(character).versions,
      captures: this.#find(character).captures,
      tags: 1,
      notes: 2,
      origins: 29,
      unreadable: 0,
    }),
    "anonymise.start": ({ character }, onProgress) => {
      onProgress?.({ event: "advanced", done: 1, total: 2 });
      this.#put(character, { name: "Anonymous 3f2a" });
      return { character: "ddb-100000000000001", name: "Anonymous 3f2a", versions: 29 };
    },
    "erase.plan": ({ scope }) => erasePlan(scope, this.#people),
    "erase.start": ({ scope }, onProgress) => {
      onProgress?.({ event: "advanced", done: 1, total: 2 });
      if (scope.what === "everything") this.#options.characters = [];
      this.#revision += 1;
      return erasedReceipt(scope.what === "everything");
    },
    "encryption.get": () => this.#encryption(),
    "encryption.phrase": () => ({ words: WORDS, ask: [3, 11, 20] }),
    "encryption.start": ({ lock }, onProgress) => {
      onProgress?.({ event: "started", job: 7, total: 0 });
      onProgress?.({ event: "advanced", done: 1, total: 2 });
      this.#lock = lock;
      return this.#encryption();
    },
    "encryption.off": () => {
      this.#lock = null;
      return this.#encryption();
    },
    "encryption.resume": () => this.#encryption(),
    "encryption.relock": ({ lock }) => {
      this.#lock = lock;
      return this.#encryption();
    },
    "library.unlock": () => ({ overview: this.#overview(), set_aside: null }),
    "erase.resumed": () => null,
    "receipt.save": (sealed) => ({ name: `Backstory ${sealed.number}.json` }),
    "receipt.check": ({ text }) => {
      const { number, receipt } = JSON.parse(text) as SealedReceipt;
      return { valid: true, number, receipt };
    },
    "library.ways": () => ({
      location: "/home/ada/library.sqlite",
      read_only: true,
      copies: [{ name: "library.before-5.sqlite", made_at: "2026-07-01T10:00:00Z", bytes: 400_000 }],
      set_aside: true,
      chosen: false,
    }),
    "library.open": () => ({ overview: this.#overview(), set_aside: null }),
    "import.text": () => {
      const [first] = this.#options.files ?? [];
      if (!first) throw new Error("the fake has no file to answer a pasted text with");
      return { ...first, path: "pasted" };
    },
    "job.cancel": () => {
      this.#cancelled = true;
      this.moving.stop();
      return {};
    },
  };

  async #work(name: string, onProgress?: OnProgress): Promise<JobRun> {
    onProgress?.({ event: "started", job: 7, total: 0 });
    onProgress?.({ event: "advanced", done: 300, total: 763 });
    while (this.#options.hangsAfter !== undefined && !this.#cancelled)
      await new Promise((done) => setTimeout(done, 5));
    const outcome = this.#cancelled ? "stopped" : "done";
    const at = "2026-11-29T12:00:00Z";
    const run: JobRun = { at, milliseconds: 900, outcome, counts: {}, problem: null, done_at: at };
    this.#jobs = this.#jobs.map((job) => (job.name === name ? { ...job, last: run } : job));
    return run;
  }

  #put(id: string, change: Partial<CharacterEntry>): CharacterEntry {
    const found = { ...this.#find(id), ...change };
    this.#changed.set(id, found);
    this.#revision += 1;
    return found;
  }

  #history(id: string): HistoryEntry[] {
    return this.#histories.get(id) ?? historyOf(this.#find(id));
  }

  #mark(id: string, version: string, to: (entry: HistoryEntry) => Partial<HistoryEntry>): HistoryEntry {
    const old = this.#entry(id, version);
    const entry = { ...old, ...to(old) };
    this.#histories.set(
      id,
      this.#history(id).map((other) => (other === old ? entry : other)),
    );
    this.#revision += 1;
    return entry;
  }

  #entry(id: string, version: string): HistoryEntry {
    const all = this.#history(id);
    return all.find((entry) => String(entry.version) === version) ?? all[0]!;
  }

  #find(id: string): CharacterEntry {
    const found = this.#people.find((one) => one.id === id);
    if (found) return found;
    const missing: WireError = {
      code: "character_not_found",
      message: "No character has this id.",
      hint: "Go back to the list.",
      retryable: false,
    };
    throw missing;
  }

  /** Fetching was agreed to once, if it ever was. */
  #consents(): Agreement[] {
    const since = "2026-07-04T10:00:00Z";
    if (!this.#agreed && !this.asked("consent.withdraw").length) return [];
    const withdrawn_at = this.#agreed ? null : "2026-07-05T10:00:00Z";
    return [
      {
        source: "ddb",
        purpose: "fetch",
        words: "…",
        wording: 1,
        agreed_at: since,
        withdrawn_at,
        holds: this.#agreed,
      },
    ];
  }

  #encryption(): Encryption {
    const on = this.#lock !== null;
    const key = { id: "0a1b2c3d4e5f6071", algorithm: "XChaCha20-Poly1305", characters: this.#people.length };
    return {
      state: on ? "on" : this.#options.cannotEncrypt ? "unsupported" : "off",
      lock: this.#lock,
      keys: on ? [key] : [],
      characters: this.#people.length,
      clear: ["ids", "times", "counts", "levels", "sizes", "fingerprints", "settings"],
    };
  }

  #overview(): Overview {
    const all = this.#people;
    const facet = (of: (one: CharacterEntry) => (string | null)[]) => {
      const counts = new Map<string | null, number>();
      for (const one of all) for (const name of of(one)) counts.set(name, (counts.get(name) ?? 0) + 1);
      return [...counts]
        .map(([name, count]) => ({ name, count }))
        .sort((a, b) => (a.name === null ? 1 : b.name === null ? -1 : a.name.localeCompare(b.name)));
    };
    return {
      version: "0.1.0",
      store: {
        kind: "sqlite",
        location: "~/.local/share/backstory/library.sqlite",
        read_only: this.#options.readOnly ?? null,
        capabilities: {
          persistent: true,
          shared: true,
          concurrent_writers: false,
          pushes_changes: false,
          enforces_access: false,
        },
        principal: null,
      },
      facets: {
        characters: all.length,
        versions: all.reduce((sum, one) => sum + one.versions, 0),
        classes: facet((one) => one.classes.map((c) => c.name)),
        campaigns: facet((one) => [one.campaign]),
      },
      sample: this.#sample,
      can_notify: true,
      can_stay: true,
      revision: this.#revision,
    };
  }

  #compare({ from, to, state, same }: CompareGet): Comparison {
    const side = ({ character, version }: CompareGet["from"]) => {
      const one = this.#find(character);
      const entry = this.#entry(character, version);
      return {
        character,
        name: one.name,
        id: entry.id,
        version: entry.version,
        captured_at: entry.captured_at,
        edited_at: null,
        level: entry.level,
      };
    };
    const equal = from.character === to.character && from.version === to.version;
    const changes = equal ? [] : [...rekorChanges, ...(state ? rekorState : [])];
    const count = (kind: string) => changes.filter((change) => change.kind === kind).length;
    return {
      from: side(from),
      to: side(to),
      changes: [...changes, ...(same ? rekorSame : [])],
      counts: { added: count("added"), removed: count("removed"), changed: count("changed"), moved: 0 },
      folded: { state: state || equal ? 0 : rekorState.length, noise: equal ? 0 : 1129 },
    };
  }

  async #import(onProgress?: OnProgress, dryRun = false, files = this.#options.files ?? []) {
    this.#cancelled = false;
    onProgress?.({ event: "started", job: 7, total: files.length });
    const done: FileResult[] = [];
    for (const [index, result] of files.entries()) {
      onProgress?.({ event: "reading", index, path: result.path });
      if (!dryRun && this.#options.hangsAfter === index)
        await new Promise<void>((stop) => this.#whenCancelled(stop));
      if (this.#cancelled) break;
      done.push(result);
      onProgress?.({ event: "file", index, result });
      onProgress?.({ event: "advanced", done: index + 1, total: files.length });
    }
    const totals: Record<string, number> = { added: 0, changed: 0, quiet: 0, identical: 0, failed: 0 };
    for (const { outcome } of done) totals[outcome] = (totals[outcome] ?? 0) + 1;
    return { files: done, totals, stopped: this.#cancelled };
  }

  #whenCancelled(stop: () => void): void {
    const timer = setInterval(() => {
      if (!this.#cancelled) return;
      clearInterval(timer);
      stop();
    }, 20);
  }
}

function historyOf(one: CharacterEntry): HistoryEntry[] {
  if (one.growth.length > 8) return rekorHistory;
  return one.growth
    .map((point, i): HistoryEntry => ({
      ...rekorHistory.at(-1)!,
      id: `${one.id}-${i}`,
      version: i + 1,
      captured_at: point.at,
      session: point.at,
      kind: i === 0 ? "baseline" : "change",
      sentences: i === 0 ? [`First saved at level ${point.level}`] : [one.last_sentence ?? "Earned 100 XP"],
      topics: i === 0 ? ["baseline"] : ["experience"],
      changes: i === 0 ? 0 : 1,
      level: point.level,
      landmark: i === 0,
      pinned: false,
    }))
    .reverse();
}

function page(all: CharacterEntry[], query: QueryFilter) {
  const has = (text: string | null, part: string) => (text ?? "").toLowerCase().includes(part.toLowerCase());
  const matching = all.filter(
    (one) =>
      one.deleted_at === undefined &&
      (!query.text ||
        [one.name, one.species, one.campaign, ...one.classes.flatMap((c) => [c.name, c.subclass])].some(
          (text) => has(text, query.text!),
        )) &&
      (!query.classes?.length || one.classes.some((c) => query.classes!.includes(c.name))) &&
      (query.min_level === undefined || one.level >= query.min_level) &&
      (query.max_level === undefined || one.level <= query.max_level) &&
      (query.campaign === undefined || (one.campaign ?? "") === query.campaign),
  );
  const order: Record<string, (a: CharacterEntry, b: CharacterEntry) => number> = {
    changed: (a, b) => b.last_changed.localeCompare(a.last_changed),
    name: (a, b) => a.name.localeCompare(b.name),
    level: (a, b) => b.level - a.level,
  };
  const sorted = matching.sort(order[query.sort ?? "changed"]);
  const from = query.offset ?? 0;
  return { total: sorted.length, characters: sorted.slice(from, from + (query.limit ?? sorted.length)) };
}

const watched = (path: string): WatchedFolder => ({
  path,
  error: null,
  looked_at: "2026-11-22T10:00:00Z",
  taken: 1,
  files: [someFiles[2]!],
});

const consentNeeded: WireError = {
  code: "consent_needed",
  message: "Backstory asks D&D Beyond only after you agreed to it, once.",
  hint: "Agree first.",
  retryable: false,
};

/** One file of every outcome. */
export const someFiles: FileResult[] = [
  {
    path: "/home/player/character_145079040.json",
    outcome: "failed",
    character: null,
    version: null,
    captured_at: null,
    changes: 0,
    error: {
      code: "json_truncated",
      message:
        "The file stops in the middle. It ends after 65,536 bytes, inside the inventory, so the download was probably cut off.",
      kept: "All 5 saved versions of Thuldus Blackblade are as they were. The file itself was not touched.",
      hint: "Download it again from D&D Beyond, then drop it here.",
      retryable: false,
      details: { bytes: 65_536 },
    },
  },
  {
    path: "/home/player/rekor-2026-11-14.json",
    outcome: "changed",
    character: "ddb-102",
    name: "Rekor",
    version: 31,
    captured_at: "2026-11-14T20:00:00Z",
    sentences: ["Reached level 9", "Hit points 51 to 65", "5 spells, 6 items"],
    changes: 15,
  },
  {
    path: "/home/player/kaeda.json",
    outcome: "added",
    character: "ddb-109",
    name: "Kaeda",
    version: 1,
    captured_at: "2026-11-14T20:00:00Z",
    sentences: ["Monk 7 / Fighter 3, Aasimar"],
    changes: 0,
  },
  {
    path: "/home/player/rekor-2026-11-15.json",
    outcome: "quiet",
    character: "ddb-102",
    name: "Rekor",
    version: 32,
    captured_at: "2026-11-15T20:00:00Z",
    changes: 0,
  },
  {
    path: "/home/player/rekor-2026-11-16.json",
    outcome: "identical",
    character: "ddb-102",
    name: "Rekor",
    version: 32,
    captured_at: "2026-11-16T20:00:00Z",
    changes: 0,
  },
  {
    path: "/home/player/character_145081718.json",
    outcome: "changed",
    character: "ddb-105",
    name: "Ilarion Veles",
    version: 260,
    captured_at: "2026-11-16T20:00:00Z",
    sentences: ["Hit points 16 to 22"],
    changes: 1,
  },
];

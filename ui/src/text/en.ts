// Every word the window says, in English. A further language is a file of the same shape.
import guide from "../../../docs/guide.md?raw";
import privacy from "../../../docs/privacy.md?raw";
import type {
  ActivityEntry,
  BackupReason,
  ChangeKind,
  Clear,
  EncryptionState,
  LockKind,
  ReadOnly,
  Rules,
  Section,
  Sort,
  StoreOperation,
  Theme,
} from "../api";
import { formatNumber as n, formatSigned, plurals } from "./format";

const plural = plurals("en");
const count = (value: number, one: string, other: string) =>
  `${n(value)} ${plural(value) === "one" ? one : other}`;

const ORDINALS: Record<string, string> = { one: "st", two: "nd", few: "rd", other: "th" };
const ordinalRules = new Intl.PluralRules("en", { type: "ordinal" });
const ordinal = (value: number) => `${value}${ORDINALS[ordinalRules.select(value)]}`;

const THINGS: Record<Section, [string, string]> = {
  abilities: ["ability", "abilities"],
  spells: ["spell", "spells"],
  inventory: ["item", "items"],
  features: ["feature", "features"],
  proficiencies: ["proficiency", "proficiencies"],
  notes: ["note", "notes"],
  identity: ["detail", "details"],
  combat: ["combat value", "combat values"],
  currency: ["kind of coin", "kinds of coins"],
  state: ["state", "states"],
};

/** What a kind of store is called. Names of programs are the same in every language. */
const STORES: Record<string, string> = {
  sqlite: "SQLite",
  folder: "Folder",
  postgres: "PostgreSQL",
  objects: "Object store",
  memory: "Memory",
};

const BACKUP_REASONS: Record<BackupReason, string> = {
  asked: "You asked for it",
  scheduled: "As scheduled",
  before_migration: "Before a migration",
  before_key_change: "Before the key was changed",
  after_key_change: "After the key was changed",
  before_erase: "Before something was deleted for good",
  after_erase: "After something was deleted for good",
  before_restore: "Before a backup was brought back",
};

/** Work in the background, by its names. */
const JOB_NAMES: Record<string, string> = {
  backup: "Make a backup",
  drill: "Try the newest backup",
  restore: "Bring a backup back",
  verify: "Read every version back",
  recompress: "Make the library smaller",
  retell: "Tell the past anew",
  retention: "Thin old versions",
  archive: "Archive old versions",
  cache: "Clean up the cache",
};

const OPERATIONS: Record<StoreOperation, string> = {
  query: "List characters",
  facets: "Count classes and campaigns",
  history: "Show a history",
  search: "Search",
  document: "Open a document",
  look: "Look at something small",
  begin: "Wait for a turn to write",
  write: "Write",
  commit: "Make it durable",
  upkeep: "Check, count, make smaller",
};

const KINDS: Record<ChangeKind, string> = {
  added: "added",
  removed: "removed",
  changed: "changed",
  moved: "moved",
  same: "the same",
};

const SECTIONS: Record<Section, string> = {
  identity: "Identity",
  abilities: "Abilities",
  combat: "Combat",
  spells: "Spells",
  inventory: "Inventory",
  features: "Features",
  proficiencies: "Proficiencies",
  currency: "Coins",
  notes: "Notes",
  state: "Until the next rest",
};

const ACTORS: Record<string, string> = {
  window: "You",
  command: "Command line",
  watch: "Watched folder",
  rest: "While you were away",
};

/** One thing that was done, as a sentence. */
function tellActivity(entry: ActivityEntry): string {
  const name = entry.character?.name ?? (entry.gone ? "a character that is gone" : "");
  const of = (what: string) => entry.counts[what] ?? 0;
  const versions = count(of("versions"), "version", "versions");
  const version = entry.version === undefined ? "" : `, version ${n(entry.version)}`;
  const sentence = entry.sentence === undefined ? "" : `: ${entry.sentence}`;
  switch (entry.action) {
    case "capture":
      return of("versions") > 1 ? `Saved ${versions} of ${name}` : `Saved ${name}${version}${sentence}`;
    case "sighting":
      return `Checked ${name}, nothing changed`;
    case "restore":
      return `Restored ${name}${version}`;
    case "pin":
      return `Keeps ${name}${version} forever`;
    case "unpin":
      return `Keeps ${name}${version} no longer forever`;
    case "tag":
      return `Named ${name}${version}`;
    case "note":
      return `Noted something on ${name}${version}`;
    case "delete":
      return `Put ${name} into the bin`;
    case "undelete":
      return `Took ${name} out of the bin`;
    case "erase":
      return `Deleted ${name} for good, ${versions}`;
    case "retention":
      return `Thinned ${name}, ${versions}`;
    case "anonymise":
      return `Took what tells of its player out of ${name}, ${versions}`;
    case "archive":
      return `Moved ${versions} of ${name} between history and archive`;
    case "retell":
      return `Told ${versions} of ${name} anew`;
    case "recompress":
      return `Stored ${count(of("documents"), "document", "documents")} anew`;
    case "repair":
      return `Mended ${count(of("problems"), "thing", "things")}`;
    case "migrate":
      return of("versions") > 0 ? `Took in ${versions} of ${name}` : `Brought ${name} up to date`;
    case "log_taken":
      return `Took in ${count(of("entries"), "entry", "entries")} of another log`;
    case "log_refused":
      return "Left another log, which does not hold together";
    case "log_accepted":
      return "Accepted the log as it was";
    case "setting":
      return `Changed the setting ${entry.about ?? ""}`;
    case "member":
      return "Changed who is in a campaign";
    case "key":
      return "Changed the keys of the library";
    case "agree":
      return `Agreed to ${AGREED[entry.about?.split(" ")[0] ?? ""] ?? entry.about}`;
    case "withdraw":
      return `Took back the agreement to ${AGREED[entry.about?.split(" ")[0] ?? ""] ?? entry.about}`;
    case "export":
      return `Exported ${name}, ${versions}`;
    case "share":
      return `Shared ${name} without what is personal, ${versions}`;
    case "sync":
      return `Synced ${name}, ${versions}`;
    case "other":
      return "Did something that a newer Backstory knows";
  }
}

const AGREED: Record<string, string> = { ddb: "fetch characters from D&D Beyond" };

const SORTS: Record<Sort, string> = { changed: "Last changed", name: "Name", level: "Level" };
const THEMES: Record<Theme, string> = { system: "System", light: "Light", dark: "Dark" };

const NOTES: Record<string, string> = {
  backstory: "Backstory",
  personality: "Personality",
  personality_traits: "Personality traits",
  ideals: "Ideals",
  bonds: "Bonds",
  flaws: "Flaws",
  appearance: "Appearance",
  allies: "Allies",
  organizations: "Organizations",
  enemies: "Enemies",
  other: "Other notes",
};

const SPEEDS: Record<string, string> = {
  walk: "Speed",
  fly: "Fly",
  swim: "Swim",
  climb: "Climb",
  burrow: "Burrow",
};

/** `weaponMastery2` and `personal_possessions` as words. */
const words = (key: string) => {
  const spaced = key.replaceAll("_", " ").replace(/([a-z])([A-Z])/g, "$1 $2");
  return spaced.charAt(0).toUpperCase() + spaced.slice(1);
};

/** An error as a person reads it: what happened, what was kept, what to do next. */
export interface Said {
  code: string;
  message: string;
  kept?: string;
  hint: string | null;
}

export const en = {
  locale: "en",
  app: "Backstory",
  list: (items: string[]) => items.join(", "),
  facts: (items: string[]) => items.join("\u00a0· "),
  title: (page: string) => `${page} – Backstory`,
  loading: "Loading",
  close: "Close",
  tryAgain: "Try again",
  cancel: "Cancel",
  undo: "Undo",

  nav: {
    main: "Main",
    library: "Library",
    characters: "Characters",
    activity: "Activity",
    import: "Import",
    campaigns: "Campaigns",
    noCampaign: "No campaign",
    find: "Search or jump",
    about: "Shortcuts and about",
    pinned: "Pinned",
    yours: "Your window",
    storage: "Storage & health",
    privacy: "Privacy & data",
    settings: "Settings",
    help: "Help",
    pinHint: "Alt ↑ ↓ moves it",
  },
  theme: { label: "Theme", names: THEMES },
  status: {
    label: "Where your data stands",
    nothing: "Nothing saved yet",
    saved: "Saved on this computer",
    amount: (characters: number, versions: number) =>
      `${count(characters, "character", "characters")}, ${count(versions, "version", "versions")}`,
    sample: "Sample characters, nothing is saved",
    readOnly: "Open for reading only",
    alert: "Something is not well",
    unreadable: "Your library could not be opened",
    importing: (done: number, total: number) => `Importing, ${n(done)} of ${n(total)} done`,
  },
  banner: {
    sample: "You are looking at sample characters. Nothing here is saved.",
    leave: "Back to my characters",
    readOnly: "Backstory can show your characters but not save anything now.",
    /** Why not: a sentence before the one above. */
    because: {
      asked: "This library was opened for reading only.",
      newer: "This library was made by a newer Backstory. Update Backstory to change it.",
      not_allowed: "The place where this library is lets Backstory read it and not write to it.",
      server_refuses: "The library’s server takes no changes now.",
      export: "This is an export. Import it to go on with it.",
    } satisfies Record<ReadOnly, string>,
  },
  errors: {
    /** The program's errors come in English. */
    say: <T extends Said>(error: T): T => error,
    happened: "What happened",
    kept: "What was kept",
    todo: "What to do",
    copy: "Copy details",
    copied: "Copied",
    keptDefault: "Your saved versions are as they were.",
    preferences: "This setting was not saved. It holds until Backstory is closed.",
  },

  closed: {
    title: "Your library could not be opened",
    does: {
      again: "Try again",
      read_only: "Open",
      choose: "Choose…",
      usual: "Open",
      copy: "Go back to it",
      empty: "Start empty",
    },
    again: "Try again",
    againHow: "When you have connected the disk, closed the other program, or mended what is said above.",
    readOnly: "Open it for reading only",
    readOnlyHow: "What can still be read is shown and can be exported. Nothing is written.",
    copy: (date: string) => `Go back to the copy of ${date}`,
    copyHow: (name: string, size: string) =>
      `${name}, ${size}. The library that is there now is kept under another name.`,
    usual: "Open the usual library",
    usualHow: "The one that was open before you chose another. The one you chose stays where it is.",
    file: "Choose a library",
    fileHow: "A file: a library of yours, a copy of it, or an export to look into. It is opened from now on.",
    folder: "Choose the folder of a library",
    folderHow: "A library that is a folder of plain files. It is opened from now on.",
    empty: "Start with an empty library",
    emptyHow: "The one that is there is kept beside it under another name. Nothing is deleted.",
    aside: (place: string) => `The library that was there is kept as ${place}.`,
    locked: "Your library is locked",
    unlock: "Passphrase, or the 24 words of the recovery phrase",
    unlockHow: "What you type is used to open it and is kept nowhere.",
    unlockDo: "Open",
  },

  firstRun: {
    headline: "Every version of every character",
    lead: "Bring in a character once. Backstory then keeps each change, so you can look back, compare, and see how they grew.",
    drop: "Drop character files here",
    formats: "D&D Beyond JSON, as many files as you like",
    choose: "Choose files",
    local: "Everything stays on this computer. No account. Nothing is sent.",
    sample: "Look around with sample characters",
    encrypt: "Encrypt your library…",
  },

  library: {
    title: "Characters",
    summary: (characters: number, versions: number) =>
      `${n(characters)}, with ${count(versions, "version", "versions")}`,
    hidden: (shown: number, hidden: number) => `${n(shown)} shown, ${n(hidden)} hidden by filters`,
    search: "Filter characters",
    placeholder: "Name, class, campaign…",
    clear: "Clear the search",
    sort: "Order",
    sorts: SORTS,
    layout: "View",
    grid: "Grid",
    rows: "List",
    class: "Class",
    level: "Level",
    campaign: "Campaign",
    noCampaign: "No campaign",
    levelRange: (min: number | null, max: number | null) => {
      if (min !== null && max !== null) return min === max ? `Level ${min}` : `Level ${min} to ${max}`;
      return min !== null ? `Level ${min} and up` : `Level up to ${max}`;
    },
    classes: (names: string[]) => (names.length > 2 ? `${names.length} classes` : names.join(", ")),
    anyCampaign: "Every campaign",
    changed: "Changed",
    changedWithin: {
      any: "At any time",
      week: "In the last 7 days",
      month: "In the last 30 days",
      quarter: "In the last 90 days",
      before: "Longer ago than 90 days",
    },
    pin: (name: string) => `Pin ${name}`,
    unpin: (name: string) => `Unpin ${name}`,
    pinned: (name: string) => `${name} pinned`,
    unpinned: (name: string) => `${name} unpinned`,
    remove: (what: string) => `Remove filter: ${what}`,
    showAll: "Show all",
    noMatch: (text: string) =>
      text ? `No character matches “${text}”` : "No character matches these filters",
    noMatchHint: (all: number) => `${count(all, "character is", "characters are")} hidden.`,
    growth: (from: number, to: number, changes: number) =>
      `${from === to ? `Level ${to}` : `Level ${from} to ${to}`}, ${count(changes, "change", "changes")}`,
    columns: {
      name: "Name",
      class: "Class and level",
      campaign: "Campaign",
      growth: "Growth",
      last: "Last change",
      when: "When",
      versions: "Versions",
    },
    firstSaved: "First saved",
    label: (total: number) => count(total, "character", "characters"),
  },

  character: {
    views: "Character views",
    history: "History",
    compare: "Compare",
    progress: "Progress",
    show: (view: string) => `Show ${view.toLocaleLowerCase()}`,
    back: "Back to characters",
    more: "More for this character",
    classes: (classes: { name: string; level: number; subclass: string | null }[]) =>
      classes.map((c) => `${c.name} ${c.level}`).join(" / "),
    classesLong: (classes: { name: string; level: number; subclass: string | null }[]) =>
      classes.map((c) => `${c.name} ${c.level}${c.subclass ? ` (${c.subclass})` : ""}`).join(" / "),
  },

  progress: {
    level: "Level",
    spells: "Spells known",
    items: "Kinds of items",
    gold: "Coins, in gold",
    gp: (value: number) => `${n(value)} gp`,
    experience: "Experience",
    version: "Version",
    showAs: "Show as",
    axis: "Time axis",
    byChange: "By change",
    byDate: "By date",
    showByChange: "Progress by change",
    showByDate: "Progress by date",
    chart: "Chart",
    table: "Table",
    showChart: "Show progress as a chart",
    showTable: "Show progress as a table",
    since: (by: number) => `${formatSigned(by)} since the first version`,
    story: (name: string, days: number, [from, to]: [number, number], points: number, spells: number) => {
      const did = [
        from === to ? `stayed at level ${n(to)}` : `went from level ${n(from)} to ${n(to)}`,
        points > 0 ? `gained ${count(points, "hit point", "hit points")}` : "",
        points < 0 ? `lost ${count(-points, "hit point", "hit points")}` : "",
        spells > 0 ? `learned ${count(spells, "spell", "spells")}` : "",
        spells < 0 ? `forgot ${count(-spells, "spell", "spells")}` : "",
      ].filter(Boolean);
      const all = did.length > 1 ? `${did.slice(0, -1).join(", ")} and ${did.at(-1)}` : did[0];
      return days > 0 ? `In ${count(days, "day", "days")} ${name} ${all}.` : `${name} ${all}.`;
    },
    lane: (
      name: string,
      from: string,
      to: string,
      steps: number,
      { low, high }: { low: string; high: string },
    ) =>
      steps === 0
        ? `${name}: ${to}, never changed`
        : `${name}: from ${from} to ${to} in ${count(steps, "step", "steps")}, lowest ${low}, highest ${high}`,
    never: (names: string[]) => `Never changed: ${names.join(", ")}.`,
    named: (name: string, value: string) => `${name} ${value}`,
    unfold: "Show as lanes",
    fold: "Fold",
  },

  explain: {
    sum: "Together",
    since: (version: number, date: string) => `Since version ${n(version)}, ${date}`,
    go: (version: number) => `Go to version ${n(version)}`,
    unknown: "Backstory does not know since when.",
  },

  keeping: {
    menu: "More for this version",
    captured: "Saved",
    edited: "Edited",
    seen: "Seen",
    seenTimes: (checks: number) => count(checks, "time", "times"),
    origin: "From",
    size: "Size",
    notSaid: "not known",
    name: "Name…",
    note: "Note…",
    keep: "Keep forever",
    release: "Stop keeping",
    restore: "Go back to this version",
    isNow: "This is what the character is now",
    save: "Save as a file…",
    compare: "Compare with the version before",
    compareWith: "Compare with…",
    readOnly: "The library is open for reading only",
    kept: (version: number) => `Version ${n(version)} is kept forever.`,
    released: (version: number) => `Version ${n(version)} is no longer kept forever.`,
    described: (version: number) => `Your words on version ${n(version)} are saved.`,
    restored: (version: number, now: number) =>
      `Version ${n(version)} is the newest again, as version ${n(now)}. Everything else stays in the history.`,
    saved: (version: number, name: string) => `Version ${n(version)} is saved as ${name}.`,
    binned: (name: string) => `${name} is in the bin, with every version.`,
    words: (version: number) => `Version ${n(version)}`,
    names: "Name",
    namesHint: "Several names are separated by commas.",
    noteLabel: "Note",
    noteHint: "Ctrl Enter saves.",
    saveWords: "Save",
    bin: "Move to the bin",
  },

  ribbon: {
    label: "Version",
    labelA: "Version A, the old side",
    labelB: "Version B, the new side",
    value: (version: number, what: string, when: string) => `Version ${n(version)}, ${what}, ${when}`,
    gap: (days: number) => count(days, "day", "days"),
    quiet: "quiet",
    loading: "Loading the history",
  },

  timeline: {
    label: "Timeline",
    grid: "Versions, newest first",
    find: "Find a change",
    findLabel: "Find in this history",
    olderLandmark: "Previous landmark",
    newerLandmark: "Next landmark",
    newest: "Newest version",
    oldest: "Oldest version",
    found: (matches: number) => n(matches),
    landmarks: "Landmarks",
    quiet: "Show checks in which nothing changed",
    noMatch: (text: string) => `No change matches “${text}”`,
    noMatchLandmarks: "No landmark matches",
    clear: "Show all",
    checks: (checks: number) => `${count(checks, "check", "checks")}, nothing changed`,
    checksRest: (checks: number) => `${count(checks, "check", "checks")}, only what a rest resets`,
    until: (date: string) => `until ${date}`,
    level: (from: number, to: number) => (from === to ? "" : `level ${from} → ${to} overall`),
    quietVersion: "Reworded by the source",
    stateVersion: (differences: number) => `${count(differences, "thing", "things")} that a rest resets`,
    kept: "Kept forever",
    loss: "Much is gone",
    landmark: "Landmark",
    first: "First saved",
  },

  sheet: {
    label: (name: string, version: number) => `${name} at version ${n(version)}`,
    older: "Older version",
    newer: "Newer version",
    version: (version: number, of: number) => `version ${n(version)} of ${n(of)}`,
    compare: "Compare",
    changes: "What changed in this version",
    unchanged: "Nothing a player would notice changed in this version.",
    firstVersion: "The first version. Later ones show here what changed.",
    saved: (when: string) => `Saved ${when}`,
    was: (value: string) => `was ${value}`,
    change: (from: string, to: string) => `${from} → ${to}`,
    abilities: { str: "Str", dex: "Dex", con: "Con", int: "Int", wis: "Wis", cha: "Cha" },
    abilityNames: {
      str: "Strength",
      dex: "Dexterity",
      con: "Constitution",
      int: "Intelligence",
      wis: "Wisdom",
      cha: "Charisma",
    },
    hitPoints: "Hit points",
    temporary: (value: number) => `+${n(value)} temporary`,
    armorClass: "Armor Class",
    initiative: "Initiative",
    speed: (kind: string) => SPEEDS[kind] ?? words(kind),
    feet: (value: number) => `${n(value)} ft`,
    proficiency: "Proficiency",
    savesAndSkills: "Saves & skills",
    save: (ability: string) => `${ability} save`,
    ranks: { half: "half proficient", proficient: "proficient", expertise: "expertise" },
    noSaves: "No proficient saves or skills.",
    spells: "Spells",
    spellCount: (known: number, prepared: number) =>
      prepared > 0 ? `${n(known)} known, ${n(prepared)} prepared` : `${n(known)} known`,
    spellLevel: (level: number) => (level === 0 ? "Cantrip" : ordinal(level)),
    spellGroup: (level: number) => (level === 0 ? "Cantrip" : `${ordinal(level)} level`),
    slots: (slots: { level: number; max: number; used: number; pact: boolean }) =>
      `${count(slots.max, slots.pact ? "pact slot" : "slot", slots.pact ? "pact slots" : "slots")}${slots.used > 0 ? `, ${n(slots.used)} used` : ""}`,
    inventory: "Inventory",
    kinds: (kinds: number) => count(kinds, "kind", "kinds"),
    coins: (coins: { pp: number; gp: number; ep: number; sp: number; cp: number }) =>
      (["pp", "gp", "ep", "sp", "cp"] as const)
        .filter((coin) => coins[coin] !== 0)
        .map((coin) => `${n(coins[coin])} ${coin}`)
        .join(", "),
    noCoins: "no coins",
    item: (name: string, quantity: number) => (quantity === 1 ? name : `${n(quantity)} × ${name}`),
    attuned: "attuned",
    equipped: "equipped",
    features: "Features",
    proficiencies: "Proficiencies",
    proficiencyKinds: { armor: "Armor", weapons: "Weapons", tools: "Tools", languages: "Languages" },
    notes: "Notes",
    note: (key: string) => NOTES[key] ?? words(key),
    showAll: (more: number) => `and ${n(more)} more`,
    showLess: "show less",
    always: "always prepared",
    spellSave: "Spell save",
    casting: (name: string, ability: string) => `${name}, ${ability}`,
    saveDc: (name: string) => `${name} spell save DC`,
    dc: (value: number) => `save DC ${n(value)}`,
    spellAttack: (name: string) => `${name} spell attack`,
    attack: (value: number) => `attack ${formatSigned(value)}`,
    passive: (skill: string) => `Passive ${skill}`,
    sensesAndDefenses: "Senses & defenses",
    senses: "Senses",
    sense: (sense: string, feet: number) => `${words(sense)} ${n(feet)} ft`,
    movement: "Movement",
    size: "Size",
    resistances: "Resistant",
    immunities: "Immune",
    vulnerabilities: "Vulnerable",
    actions: "Actions",
    takes: (takes: string) => (takes ? words(takes) : "Other"),
    uses: "Limited uses",
    left: ({ max, used }: { max: number; used: number }) => `${n(max - used)} of ${n(max)} left`,
    resets: (by: string) => `back after a ${by}`,
    deathSaves: (successes: number, failures: number) =>
      `Death saves: ${count(successes, "success", "successes")}, ${count(failures, "failure", "failures")}`,
    hitDice: (name: string, used: number) => `${count(used, `${name} hit die`, `${name} hit dice`)} spent`,
    rules: (rules: Rules) => (rules === "mixed" ? "Rules of 2014 and 2024" : `Rules of ${rules}`),
    inspiration: "Heroic Inspiration",
    experience: (xp: number) => `${n(xp)} XP`,
    other: "Other",
    unknown: (source: string) =>
      `Fields of ${source} that Backstory does not know yet. They are saved and visible in Raw JSON.`,
  },

  compare: {
    as: "Compare as",
    sheet: "Sheet",
    raw: "Raw JSON",
    onlyChanges: "Only changes",
    asRaw: "Compare as raw JSON",
    asSheet: "Compare as sheets",
    nextChange: "Next change",
    previousChange: "Previous change",
    doSwap: "Swap A and B",
    with: "Compare with another version…",
    copy: "Copy as Markdown",
    copied: "Copied as Markdown.",
    notCopied: "The system did not let Backstory copy this.",
    state: "Also what a rest resets",
    sections: "Sections",
    keys: "Keys",
    section: SECTIONS,
    kinds: KINDS,
    differences: "Differences",
    rawDifferences: "Raw differences",
    position: (index: number, total: number) =>
      index < 0 ? count(total, "change", "changes") : `Change ${n(index + 1)} of ${n(total)}`,
    previous: "Previous change (P)",
    next: "Next change (N)",
    swap: "Swap A and B (X)",
    version: (version: number) => `v${n(version)}`,
    pickVersion: (side: string) => `Version for ${side}`,
    findVersion: "Find a version or a date",
    otherCharacter: "Another character…",
    allVersions: "Versions",
    noVersion: "No version matches",
    kindColumn: "Kind of change",
    fieldColumn: "Field",
    same: (names: string[], more: boolean) =>
      `${n(names.length)} the same: ${names.slice(0, 3).join(", ")}${more ? "…" : ""}`,
    counts: (added: number, removed: number, changed: number) =>
      [
        added > 0 ? `${n(added)} added` : "",
        removed > 0 ? `${n(removed)} removed` : "",
        changed > 0 ? `${n(changed)} changed` : "",
      ]
        .filter(Boolean)
        .join(", "),
    missing: {
      identity: "None",
      abilities: "None",
      combat: "None",
      spells: "Not known",
      inventory: "Not carried",
      features: "Not gained",
      proficiencies: "Not proficient",
      currency: "None",
      notes: "Nothing written",
      state: "None",
    } satisfies Record<Section, string>,
    thing: (section: Section, amount: number) => {
      const [one, other] = THINGS[section];
      return plural(amount) === "one" ? one : other;
    },
    truth: (value: boolean, attribute: string) => {
      const word = attribute.replaceAll("_", " ");
      return value ? word : `not ${word}`;
    },
    yes: "yes",
    no: "no",
    attribute: (attribute: string) => words(attribute),
    elided: "…",
    inserted: "inserted",
    deleted: "deleted",
    identical: "These two versions are the same",
    identicalSame: "Both sides show the same version. Pick another one for A or B.",
    identicalNoise: "Only the source’s own bookkeeping differs.",
    identicalState: (count: number) => `Only what a rest resets differs: ${n(count)} values.`,
    seeRaw: "See it in Raw JSON",
    showState: "Show it",
    noise: (count: number) =>
      `${count === 1 ? "1 difference" : `${n(count)} differences`} in the source’s own text and ids that no player sees.`,
    moreRows: (more: number) => `Show ${n(more)} more rows`,
    findKey: "Find a key",
    noKey: "No key matches",
    allKeys: "No key differs",
    linesSame: (lines: number) => `${count(lines, "line", "lines")} the same`,
    rawTable: "JSON, side by side",
  },

  export: {
    title: (name: string) => `Export ${name}`,
    titleAll: "Export everything",
    titleShare: (name: string) => `Share ${name}`,
    action: "Export…",
    share: "Share…",
    actionAll: "Export everything…",
    form: "As",
    forms: { backstory: "A Backstory file", markdown: "A chronicle", csv: "A table", json: "JSON" },
    formsHow: {
      backstory:
        "Everything, to keep, to move to another computer, or to read without Backstory: it is a zip of plain text.",
      markdown: "What happened, day by day, as Markdown text.",
      csv: "Level, hit points, gold and the rest, version by version, for a spreadsheet.",
      json: "Everything in one document, for other programs.",
    },
    redact: "Leave out what is personal",
    redactHow:
      "To show it to others: without your account, your notes and traits, your group and the names you gave versions. The character's own name stays.",
    lock: "Lock it with a passphrase",
    lockHow: "Encrypted with age. Backstory opens it, and so does the free program of that name.",
    words: "Passphrase",
    again: "The same again",
    differ: "The two are not the same.",
    missing: "Type the same passphrase twice.",
    lost: "Nobody can open the file without it, and nobody can bring it back.",
    start: "Choose a place…",
    progress: "Exporting",
    versions: (done: number, total: number) => `${n(done)} of ${count(total, "version", "versions")}`,
    made: (file: string, characters: number, versions: number, size: string) =>
      `Saved ${file}: ${count(characters, "character", "characters")}, ${count(versions, "version", "versions")}, ${size}.`,
    stopped: "Stopped. No file was made.",
  },

  import: {
    passphrase: "Passphrase",
    unlock: "Open",
    title: "Import",
    drop: "Drop character files here",
    formats: "D&D Beyond JSON or Foundry VTT actors: one file, many, or a folder. Nothing is saved twice.",
    ways: "Ways to import",
    tabs: { files: "Files", paste: "Paste", link: "Link", folders: "Watched folders" },
    preview: (files: number) => `${count(files, "file", "files")} looked at, nothing saved yet`,
    would: (added: number, versions: number, same: number, failed: number) =>
      [
        added > 0 ? count(added, "new character", "new characters") : "",
        versions > 0 ? count(versions, "new version", "new versions") : "",
        same > 0 ? `${n(same)} unchanged` : "",
        failed > 0 ? `${n(failed)} cannot be imported` : "",
      ]
        .filter(Boolean)
        .join(", "),
    wouldBeSame: (version: number, name: string) =>
      `Same as version ${n(version)} of ${name}. It would be counted as a check.`,
    wouldBeQuiet: "Nothing a player would notice changed.",
    confirm: (files: number) => `Import ${count(files, "file", "files")}`,
    confirmCharacters: (characters: number) => `Import ${count(characters, "character", "characters")}`,
    discard: "Discard",
    waiting: (time: string) => `D&D Beyond is asked at most every 30 seconds. It goes on at ${time}.`,
    pasted: "Pasted text",
    pasteLabel: "Paste a character",
    pasteHow:
      "The JSON of a character, as D&D Beyond or Foundry VTT gives it. Outside of this field, Ctrl V anywhere in the window does the same.",
    look: "Look at it",
    unknownPaste: "What was pasted is neither a character’s JSON nor a link to one.",
    linkLabel: "Link to a character on D&D Beyond",
    linkHow:
      "The address of the character’s page, or the number in it. The character has to be public there. What is fetched is saved at once.",
    fetch: "Fetch",
    consentTitle: "Ask D&D Beyond over the internet?",
    // What is agreed to. Whoever changes what it means raises WORDING in sources/src/fetch/consent.rs.
    consent: [
      "D&D Beyond’s own server is asked for the characters you name, only when you say so and at most every 30 seconds.",
      "It learns their numbers, your network address and the name of this program. A session that you gave to Backstory is used for characters that are private.",
      "D&D Beyond does not document this way in: it may stop at any time, and whether its terms allow it for you is yours to decide.",
      "Nothing is sent anywhere else. Your answer is kept, so that you are asked once.",
    ],
    agree: "Agree and fetch",
    decline: "Not now",
    alsoWatching: (folders: number, taken: number) =>
      `Also watching ${count(folders, "folder", "folders")}: ${taken === 0 ? "nothing new since the start" : `${count(taken, "file", "files")} taken since the start`}.`,
    showFolders: "Show",
    folders: {
      headline: "Folders that Backstory watches",
      how: "New and changed character files in them come in by themselves while Backstory is open.",
      add: "Add a folder",
      remove: "Stop watching",
      removed: (folder: string) => `${folder} is watched no longer.`,
      stands: (taken: number, time: string | null) =>
        `${taken === 0 ? "Nothing new since the start" : `${count(taken, "file", "files")} taken since the start`}${time ? `. Last look at ${time}.` : "."}`,
      latest: "Latest files",
      none: "No folder is watched.",
    },
    choose: "Choose files",
    files: (files: number) => count(files, "file", "files"),
    stop: "Stop",
    stopping: "Stopping",
    progress: "Import progress",
    results: "Files",
    totals: (saved: number, same: number, failed: number, reading: boolean) =>
      [
        saved > 0 ? `${n(saved)} saved` : "",
        same > 0 ? `${n(same)} already here` : "",
        failed > 0 ? `${n(failed)} not imported` : "",
        reading ? "1 being read" : "",
      ]
        .filter(Boolean)
        .join(", "),
    stopped: (done: number) => `Stopped. What was read until then is saved: ${count(done, "file", "files")}.`,
    reading: "Reading",
    notImported: "Not imported",
    newCharacter: (name: string) => `New character, ${name}`,
    newVersion: (name: string) => `New version of ${name}`,
    quiet: "Saved. Nothing a player would notice changed.",
    identical: (version: number, name: string) =>
      `Same as version ${n(version)} of ${name}. Counted as a check, nothing stored.`,
    identicalShort: "Unchanged",
    badgeNew: "New",
    badgeQuiet: "No change",
    changes: (changes: number) => count(changes, "change", "changes"),
    fileUntouched: "The file itself was not touched.",
    dropHover: (files: number) => `Drop to import ${count(files, "file", "files")}`,
    finished: (saved: number, failed: number) =>
      failed > 0
        ? `Import finished: ${n(saved)} saved, ${n(failed)} not imported`
        : `Import finished: ${n(saved)} saved`,
    show: "Show",
    nothingYet: "Files you import are listed here, each with what became of it.",
    sample: "Sample characters are open, so nothing can be imported. Go back to your characters first.",
    readOnly: "Nothing can be imported while the library is open for reading only.",
  },

  palette: {
    label: "Search or run a command",
    notifyOn: "Tell me when a watched folder brings something in",
    notifyOff: "No messages about watched folders",
    stayOn: "Stay in the tray when the window is closed",
    stayOff: "End when the window is closed",
    results: "Results",
    characters: "Characters",
    commands: "Do",
    none: "Nothing matches",
    move: "move",
    open: "open",
    commandsOnly: "commands only",
    goCharacters: "Go to characters",
    goActivity: "Go to activity",
    goImport: "Go to import",
    goSettings: "Go to settings",
    goStorage: "Go to storage and health",
    goPrivacy: "Go to privacy and data",
    goHelp: "Read the guide",
    addFolder: "Watch a folder",
    importBy: (way: string) => `Import: ${way}`,
    showLibrary: "Open the folder of the library",
    chooseFiles: "Choose files to import",
    grid: "Show characters as a grid",
    rows: "Show characters as a list",
    theme: (name: string) => `Theme: ${name}`,
    shortcuts: "All shortcuts",
    sample: "Look around with sample characters",
    leaveSample: "Back to my characters",
  },

  shortcuts: {
    title: "Shortcuts",
    groups: {
      everywhere: "Everywhere",
      library: "Characters",
      history: "History",
      progress: "Progress",
      compare: "Compare",
    },
    along: "Older or newer version; in a lane, where it changed",
    table: "Chart or table",
    axis: "By change or by date",
    search: "Search or run anything",
    choose: "Choose files to import",
    goBack: "Go back",
    regions: "Next or previous part of the window",
    pasteAnywhere: "Paste a character or a link",
    pinnedOne: "Pinned character",
    togglePin: "Pin or unpin",
    guide: "The guide",
    all: "This list",
    find: "Find in this view",
    move: "Move",
    open: "Open",
    through: "Move through the history",
    fold: "Fold or unfold",
    newest: "Newest, oldest",
    landmark: "Previous or next landmark, on the ribbon",
    withBefore: "Compare with the version before",
    withAny: "Compare with any version",
    words: "Name or note of the version",
    keep: "Keep forever, or stop keeping",
    match: "Next or previous match, while something is looked for",
    views: "History, Compare, Progress",
    undo: "Undo the last action",
    nextPrevious: "Next, previous change",
    swap: "Swap A and B",
    only: "Only changes on or off",
    raw: "Sheet or Raw JSON",
    leave: "Close, or up one level",
  },

  settings: {
    title: "Settings",
    find: "Find a setting",
    clear: "Show all settings",
    notFound: "No setting is called that.",
    sections: "Groups of settings",
    groups: {
      appearance: "Appearance",
      history: "History",
      sources: "Sources",
      storage: "Storage",
      backups: "Backups",
      cache: "Cache",
      alerts: "Alerts",
      privacy: "Privacy",
      keyboard: "Keyboard",
      about: "About",
    },
    none: "None",
    nowhere: { "backup.folder": "Beside the library", "metrics.listen": "Nowhere" } as Record<string, string>,
    saidBy: (origin: string) => `Said by ${origin}, which goes before what is set here.`,
    nextStart: "Holds from the next start.",
    reset: (name: string) => `Back to the default: ${name}`,
    changed: (name: string) => `Changed: ${name}`,
    choices: { none: "None", memory: "Memory", redis: "Redis", tiered: "Both" },
    switches: {
      "privacy.minimise": "Cut out",
      "alerts.notify": "Tell me",
    } as Record<string, string>,
    keys: {
      "privacy.minimise": "Other people’s data",
      "backup.folder": "Folder of backups",
      "backup.daily": "Daily backups",
      "backup.weekly": "Weekly backups",
      "backup.monthly": "Monthly backups",
      "cache.backend": "What was read is kept at hand in",
      "cache.memory.max_memory_mb": "Memory for it, in megabytes",
      "cache.memory.max_size": "Entries in memory",
      "cache.redis.redis_url": "Address of the Redis",
      "alerts.notify": "Alerts as messages of the system",
      "alerts.disk_percent": "Room on the disk, in per cent",
      "alerts.silent_days": "Watched folders, in days",
      "alerts.slow_ms": "Slow, in milliseconds",
      "alerts.error_percent": "Failures, in per cent",
      "alerts.hit_percent": "Hits of the cache, in per cent",
      "alerts.memory_limit_mb": "Limit of memory, in megabytes",
      "alerts.memory_percent": "Memory, in per cent of its limit",
      "alerts.denied": "Refused in ten minutes",
      "metrics.listen": "Serve what is measured",
    },
    keysHow: {
      "privacy.minimise":
        "Cut other players’ rows and the name of the DM out of documents before they are kept.",
      "backup.folder": "Those of each library get a folder of their own in it.",
      "backup.daily": "Of so many days the last backup is kept.",
      "backup.weekly": "Of so many weeks the last backup is kept.",
      "backup.monthly": "Of so many months the last backup is kept.",
      "cache.backend": "Nothing depends on it. Redis is a server that several programs share.",
      "cache.memory.max_memory_mb": "At most so much.",
      "cache.memory.max_size": "At most so many documents.",
      "cache.redis.redis_url": "What is set is not shown. A password is safest in a variable: ${REDIS_URL}.",
      "alerts.notify": "While you look elsewhere.",
      "alerts.disk_percent": "Tells you when less is free.",
      "alerts.silent_days": "Tells you when a folder has brought nothing for so long.",
      "alerts.slow_ms": "Tells you when something you wait for takes longer.",
      "alerts.error_percent": "Tells you when more of the library’s answers fail.",
      "alerts.hit_percent": "Tells you when a warm cache has less.",
      "alerts.memory_limit_mb": "For the whole program.",
      "alerts.memory_percent": "Tells you when Backstory takes more.",
      "alerts.denied": "Tells you when so much was asked for that may not be seen.",
      "metrics.listen": "For Prometheus on this computer, at an address such as 127.0.0.1:9464.",
    },
    retentionHow: "The rules, what goes by any day to come, and letting it go.",
    toStorage: "Storage & health",
    encryption: "Encryption, consent, deletion",
    encryptionHow: "What is encrypted and who opens it, what you agreed to, and taking everything away.",
    toPrivacy: "Privacy & data",
    shortcutsHow: "Everything Backstory does can be done with the keyboard alone.",
    shortcutsDo: "Show all",
    appearance: "Appearance",
    theme: "Theme",
    themeHow: "System follows what your computer is set to.",
    language: "Language",
    languageHow: "Backstory and the sentences of your histories. Names and notes stay as you wrote them.",
    languages: { system: "System", en: "English", de: "Deutsch" },
    textSize: "Size of the text",
    textSizeHow: "Applies to the whole window at once.",
    percent: (value: number) => `${n(value)} %`,
    smaller: "Smaller text",
    larger: "Larger text",
    layout: "Characters",
    layoutHow: "As cards with their growth, or as a dense list.",
    importing: "Importing",
    notify: "Messages of the system",
    notifyHow:
      "One message, however many files, when a watched folder brought something in while you are elsewhere. At most one a minute.",
    notifyMe: "Tell me",
    stay: "When the window is closed",
    stayHow: "Backstory goes on watching your folders, and stands in the system’s tray.",
    stayMe: "Stay in the tray",
    folders: "Watched folders",
    foldersHow: (folders: number) =>
      folders === 0 ? "No folder is watched." : `${count(folders, "folder is", "folders are")} watched.`,
    change: "Change",
    storage: "Where your library is kept",
    open: "Open the folder",
    size: (bytes: string) => `It takes ${bytes} on this computer.`,
    readOnly: "It is open for reading only.",
    kinds: {
      sqlite: "One file on this computer",
      postgres: "A PostgreSQL database",
      folder: "A folder of files",
      objects: "An object store",
      memory: "Nowhere: it is gone when Backstory is closed",
    },
    otherKind: "A library of its own kind",
    other: "Another library",
    otherHow: "Opened from now on. The one that is open stays where it is.",
    otherFile: "File…",
    otherFolder: "Folder…",
    usual: "The usual one",
    chosenBy: "What the configuration file or BACKSTORY_LIBRARY says comes before what is chosen here.",
    configuration: "Every value of the configuration",
    configurationHow: "As it holds in this window, and who says so. Passwords are never shown.",
    configurationHeads: ["Key", "Value", "From"],
    default: "Backstory itself",
    licences: "Free software in it, and its licences",
    licenceHeads: ["Name", "Version", "License"],
    about: "About",
    version: (version: string) => `Backstory ${version}`,
    license: "Free software under the MIT license or the Apache License 2.0, as you choose.",
    credits:
      "Class emblems by game-icons.net: Lorc, Delapouite and contributors (CC BY 3.0). Icons by Lucide (ISC). Source Sans, Source Serif, Source Code and Alegreya SC (SIL Open Font License).",
    affiliation:
      "Backstory is not affiliated with, endorsed or sponsored by Wizards of the Coast, D&D Beyond or Foundry Gaming. Their names belong to them.",
    offline: "It sends nothing anywhere unless you fetch a link or chose a library on a server.",
  },

  retention: {
    title: "How long versions are kept",
    how: "Rules add up: a version stays while any of them keeps it. The newest and the first version, and every one that you keep forever, named or noted, never go.",
    policy: "Policy",
    own: "Set for this library.",
    notOwn: "Nobody set one for this library, so the configuration decides.",
    presets: { everything: "Keep everything", thinned: "Thin out", small: "Stay small", own: "Your own" },
    rules: "Every rule",
    none: "no rule",
    keys: {
      keep_all_days: "Keep every version for (days)",
      daily_until_days: "Then one a day until (days)",
      weekly_until_days: "Then one a week until (days)",
      monthly_forever: "One a month forever",
      max_versions_per_character: "At most so many of one character",
      max_total_size_mb: "At most so many MB in all",
      archive_after_days: "Move into the archive after (days)",
      auto_delete_after_days: "Keep nothing longer than (days)",
      anonymise_instead_of_delete: "Anonymise instead",
    },
    keysHow: {
      keep_all_days: "Every version that is not older stays.",
      daily_until_days: "The last version of each day, so the net change of a session is always there.",
      weekly_until_days: "The last version of each week, Monday to Sunday.",
      monthly_forever: "The last version of each month never goes.",
      max_versions_per_character:
        "The last rule: it goes before those of age, and gives up quiet checks and tries first.",
      max_total_size_mb: "Documents as they are stored. What stood the shortest goes first.",
      archive_after_days: "Smaller, and listed and opened like any other.",
      auto_delete_after_days: "What is older goes, whichever rule keeps it.",
      anonymise_instead_of_delete:
        "Nothing goes for being older than that. A character that nobody looked at for so long loses its name, its notes and all that tells of you, and keeps its history.",
    },
    zone: (zone: string) => `Days, weeks and months end as they do in ${zone}, wherever this computer is.`,
    override: (policy: string) => `Has a policy of its own: ${policy}.`,
    asLibrary: "As the library",
    changed: "The policy is changed. What it lets go goes in the background, from tomorrow on.",
    changedFor: (name: string) => `The policy for ${name} is changed.`,
    ahead: "What would be left",
    now: "Today",
    counts: (keep: number, drop: number) =>
      `${count(keep, "version stays", "versions stay")}, ${count(drop, "goes", "go")}.`,
    archive: (moved: number) => `${n(moved)} of them move into the archive.`,
    why: "Why versions go",
    whyKept: "Why versions stay",
    dropped: {
      not_last_of_day: (versions: number) => `${n(versions)}: a later one of the same day stays`,
      not_last_of_week: (versions: number) => `${n(versions)}: a later one of the same week stays`,
      not_last_of_month: (versions: number) => `${n(versions)}: a later one of the same month stays`,
      too_old: (versions: number) => `${n(versions)}: no rule reaches back so far`,
      past_deletion: (versions: number) => `${n(versions)}: older than anything may be`,
      over_count: (versions: number) => `${n(versions)}: there are too many of one character`,
      over_size: (versions: number) => `${n(versions)}: they take too much room`,
    },
    because: {
      not_last_of_day: "A later one of the same day stays.",
      not_last_of_week: "A later one of the same week stays.",
      not_last_of_month: "A later one of the same month stays.",
      too_old: "No rule reaches back so far.",
      past_deletion: "Older than anything may be.",
      over_count: "There are too many.",
      over_size: "They take too much room.",
    },
    kept: {
      newest: (versions: number) => `${n(versions)} stay as the newest`,
      oldest: (versions: number) => `${n(versions)} stay as the first`,
      pinned: (versions: number) => `${n(versions)} stay because you keep them forever`,
      tagged: (versions: number) => `${n(versions)} stay because you named them`,
      noted: (versions: number) => `${n(versions)} stay because you wrote to them`,
      open: (versions: number) => `${n(versions)} stay because they are on a screen`,
      future: (versions: number) => `${n(versions)} stay because their time has not come`,
      unlimited: (versions: number) => `${n(versions)} stay because no rule of age is set`,
      recent: (versions: number) => `${n(versions)} stay because they are young`,
      daily: (versions: number) => `${n(versions)} stay as the last of a day`,
      weekly: (versions: number) => `${n(versions)} stay as the last of a week`,
      monthly: (versions: number) => `${n(versions)} stay as the last of a month`,
    },
    warnings: {
      count_bites: (versions: number, name: string) =>
        `${name}: the greatest number takes ${count(versions, "version", "versions")} that the rules of age would keep.`,
      count_unreachable: (versions: number, name: string) =>
        `${name}: ${count(versions, "version stays", "versions stay")}, which is too many; the others may not go.`,
      size_bites: (versions: number) =>
        `The greatest size takes ${count(versions, "version", "versions")} that every other rule would keep.`,
      size_unreachable: () => "The library stays larger than that: what is left may not go.",
      future: (versions: number, name: string) =>
        `${name}: ${count(versions, "version bears", "versions bear")} a time that has not come. They stay and do not count.`,
      marked: (versions: number, name: string) =>
        `${name} is not anonymised, since you marked ${count(versions, "version", "versions")} of it.`,
    },
    one: (name: string, drop: number, archive: number) =>
      `${name}: ${count(drop, "goes", "go")}${archive > 0 ? `, ${n(archive)} into the archive` : ""}`,
    anonymised: "It loses its name, its notes and all that tells of you.",
    version: (version: number, day: string) => `Version ${n(version)}, ${day}.`,
    more: (versions: number) => `and ${n(versions)} more`,
    keepAllOf: (name: string) => `Keep everything of ${name}`,
    held: {
      clock_ahead: (now: string, seen: string) =>
        `This computer's clock says ${now}, and the library has seen no later day than ${seen}. Nothing goes until you say that the clock is right.`,
      clock_behind: (now: string, seen: string) =>
        `This computer's clock says ${now}, and the library has seen ${seen} already. Nothing goes until you say that the clock is right.`,
    },
    onlyShown: "Only shown: nothing goes before its time has come.",
    apply: "Let them go now…",
    confirmTitle: (versions: number) => `Let ${count(versions, "version", "versions")} go?`,
    forGood: "This cannot be undone. Export first if you are not sure.",
    running: "Letting versions go",
    keep: "Keep them",
    confirm: "Let them go",
    confirmClock: "The clock is right: let them go",
    done: (dropped: number, archived: number, anonymised: number) =>
      [
        `${count(dropped, "version", "versions")} went`,
        ...(archived > 0 ? [`${n(archived)} moved into the archive`] : []),
        ...(anonymised > 0 ? [`${count(anonymised, "character", "characters")} anonymised`] : []),
      ].join(", ") + ".",
    goes: (day: string) => `Goes after ${day}, by the policy`,
    goesNow: "Goes when versions are thinned next",
    archived: "In the archive",
  },

  anonymise: {
    action: "Anonymise…",
    title: (name: string) => `Anonymise ${name}?`,
    forGood: "This cannot be undone. Backstory keeps no hidden copy.",
    goes: "What goes",
    names: (versions: number) =>
      `The name, notes, account and everything that tells of you or other people, in ${count(versions, "version", "versions")}`,
    marks: (tags: number, notes: number) =>
      `The names of ${count(tags, "version", "versions")} and your notes to ${count(notes, "version", "versions")}, and the names of the files they came from`,
    stays: "What stays",
    staysHow: "Levels, numbers, spells and things, and when it was looked at. It goes on under a pseudonym.",
    unreadable: (versions: number) =>
      `${count(versions, "version", "versions")} cannot be read by this Backstory: as long as that is so, nothing is done.`,
    running: "Writing every version anew",
    keep: "Keep it as it is",
    confirm: "Anonymise",
    done: (name: string) => `It is ${name} from now on.`,
  },

  storage: {
    title: "Storage & health",
    status: { ok: "Healthy", warning: "Worth a look", critical: "Needs you" },
    checkNow: "Check now",
    backUpNow: "Back up now",
    tryNewest: "Try the newest",
    dismiss: (message: string) => `Close: ${message}`,
    working: (what: string) => `${what} …`,
    /** `41.2 MB`: where a number with its unit stands alone. */
    amount: (size: string) => size,
    upTo: (date: string, size: string) => `${date}, ${size}`,
    of: (done: string, total: string) => `${done} of ${total}`,
    size: "Size",
    versions: "Versions",
    smaller: (whole: string, kept: string) => `${whole} of documents, kept in ${kept}`,
    opens: "Opens in",
    none: "–",
    millis: (millis: number) =>
      millis < 1
        ? "under 1 ms"
        : millis < 1000
          ? `${n(Math.round(millis))} ms`
          : `${n(Math.round(millis / 100) / 10)} s`,
    mostly: (most: string, times: number) =>
      `95 of 100 documents within ${most}, ${count(times, "opened", "opened")} so far`,
    notMeasured: "No version was opened yet",
    backups: "Backups",
    newest: (date: string) => `The newest is of ${date}`,
    noBackup: "There is none yet",
    grew: "Documents since the start",
    grewFrom: (first: string, last: string, most: string) =>
      `What the documents take grew from ${first.slice(0, 10)} to ${last.slice(0, 10)}, to ${most}`,
    perDay: (versions: number) => `${n(Math.round(versions * 10) / 10)} versions a day, lately`,
    oneDay: "A line is drawn here when something was saved on two days.",
    part: (looked: number, all: number) => `Of the ${n(looked)} versions that changed last, of ${n(all)}.`,
    byCharacter: "By character",
    others: (others: number) => count(others, "other", "others"),
    byKind: "By kind",
    documents: (documents: number, codec: string) => `${count(documents, "document", "documents")}, ${codec}`,
    known: "Histories and lists",
    byHour: "When you save",
    busiest: (hour: string, versions: number) =>
      `Most versions come in the hour from ${hour}: ${n(versions)}.`,
    nothing: (versions: string) => `${versions} versions are saved.`,
    checks: "Checks",
    keeps: (daily: number, weekly: number, monthly: number) =>
      `The last of ${count(daily, "day", "days")}, ${count(weekly, "week", "weeks")} and ${count(monthly, "month", "months")} is kept. Each is read back before it counts.`,
    reasons: BACKUP_REASONS,
    unreadable: "What it says of itself cannot be read",
    holds: (characters: number, versions: number, size: string) =>
      `${count(characters, "character", "characters")} with ${count(versions, "version", "versions")}, ${size}`,
    restore: "Bring back",
    restoreOf: (date: string) => `Bring back the backup of ${date}`,
    restoreHow: "What is there now is put aside and kept.",
    all: (all: number) => `Show all ${n(all)}`,
    fewer: "Show fewer",
    made: (versions: number, size: string) =>
      `Backed up: ${count(versions, "version", "versions")}, ${size}, read back and equal`,
    tried: (versions: number) =>
      `The newest backup opens and holds ${count(versions, "version", "versions")}, as it says`,
    brought: (characters: number) => `Something came back of ${count(characters, "character", "characters")}`,
    jobs: "Work in the background",
    jobsHow: "It begins when you do something else, and waits while the computer runs on its battery.",
    job: (name: string) => JOB_NAMES[name] ?? name,
    run: "Run now",
    runOf: (what: string) => `Run now: ${what}`,
    often: (what: string) => `How often: ${what}`,
    every: (hours: number) =>
      hours === 1
        ? "Hourly"
        : hours === 24
          ? "Daily"
          : hours === 168
            ? "Weekly"
            : hours === 720
              ? "Monthly"
              : `Every ${n(hours)} hours`,
    byItself: (_what: string) => "By itself",
    never: "Not done yet.",
    last: {
      done: (at: string, millis: number) => `Last done ${at}, in ${n(Math.round(millis / 100) / 10)} s.`,
      nothing: (at: string, _millis: number) => `Nothing to do ${at}.`,
      stopped: (at: string, _millis: number) => `Stopped ${at}.`,
      failed: (at: string, _millis: number) => `Failed ${at}.`,
    },
    next: (at: string) => `Next from ${at}.`,
    now: "It is being done now.",
    ended: {
      done: (what: string) => `${what}: done`,
      nothing: (what: string) => `${what}: nothing to do`,
      stopped: (what: string) => `${what}: stopped, everything is whole`,
      failed: (what: string) => `${what}: failed`,
    },
    speed: "How long the library takes",
    speedHow: "Since Backstory was started. Half of all answers, 95 and 99 of 100 came within these times.",
    speedHeads: ["What", "Times", "Failed", "Half", "95 %", "99 %"],
    operations: OPERATIONS,
    pool: (open: number, most: number, waiting: number) =>
      `${n(open)} of ${n(most)} connections are open, ${n(waiting)} wait for one.`,
  },
  move: {
    action: "Move to another storage",
    title: "Move to another storage",
    stepOf: (now: number, all: number) => `Step ${now} of ${all}`,
    steps: { choose: "Choose", rehearse: "Rehearse", copy: "Copy", switch: "Switch" },
    kind: (kind: string) => STORES[kind] ?? "Library",
    from: "From",
    to: "To",
    lead: "Every version goes along and is read back before anything changes. Until you switch, your library stays in use where it is, and untouched.",
    where: "Where to",
    ways: {
      file: "A file on this computer",
      folder: "A folder on this computer",
      server: "A PostgreSQL server",
    },
    waysHow: {
      file: "One SQLite file, on any disk of yours.",
      folder: "Plain files, one for each document. The folder has to be empty.",
      server:
        "One library for several computers, in a database that was made ready for it: backstory db init.",
    },
    address: "Address of the database",
    addressHow:
      "Such as postgresql://user:password@host/database. It is shown nowhere, and kept in the keychain of this computer from the switch on.",
    next: "Continue",
    looking: "Looking…",
    kept: "Your library is as it was, and stays in use.",
    nothingYet: "Nothing has been written yet.",
    closingStops: "Closing this window stops the rehearsal.",
    closingPauses: "Closing this window pauses; nothing is lost.",
    moment: "A moment, until everything is whole.",
    goes: (characters: number, versions: number, size: string) =>
      `${count(characters, "character goes", "characters go")} along, with ${count(versions, "version", "versions")} in ${size} of documents`,
    there: (there: number, only: number) =>
      `A library with ${count(there, "character", "characters")} is there already. It is backed up first, and nothing in it is lost${only > 0 ? `; ${count(only, "is", "are")} in that library alone` : ""}.`,
    free: (free: string) => `${free} are free there`,
    tight: (free: string, needs: string) =>
      `Only ${free} are free there, and the copy may take ${needs}. Make some room first.`,
    sealing: {
      same: "The copy is encrypted, and opens with what opens your library now",
      own: "The library there is encrypted under keys of its own",
      lost: "Your library is encrypted, and the copy will not be: this kind of storage cannot, or that library is not.",
    },
    agreePlain: "Copy without encryption",
    agreePlainHow: "Whoever can read that storage can read everything in the copy.",
    toRehearse: {
      whole: "The rehearsal copies every version to a place beside it, reads it back and removes it again",
      reading:
        "The rehearsal reads every version and tries whether the server takes changes. It copies nothing.",
    },
    rehearsed: {
      whole: (verified: string, all: string) =>
        `Rehearsal: ${verified} of ${all} versions copied and read back the same, then removed`,
      reading: (verified: string, all: string) =>
        `Rehearsal: ${verified} of ${all} versions read and sound, and the server takes changes`,
    },
    rehearsalFailed: (verified: string, all: string) =>
      `Rehearsal: only ${verified} of ${all} versions would arrive. What stays is named below.`,
    rehearsalStopped: "The rehearsal was stopped, and what it copied is removed",
    rehearse: "Rehearse",
    otherPlace: "Another place",
    copy: "Copy",
    goOn: "Go on copying",
    pause: "Pause",
    remove: "Stop and remove the copy",
    removed: "The copy is removed. Your library is as it was.",
    switchTo: (kind: string) => `Switch to ${kind}`,
    beginning: "Beginning",
    stopping: "Stopping between two versions",
    removing: "Removing the copy",
    switching: "Taking over what was saved meanwhile, then switching",
    doing: {
      reading: (name: string) => `Reading ${name}`,
      copying: (name: string) => `Copying ${name}`,
      comparing: (name: string) => `Comparing ${name}`,
    },
    far: (done: string, all: string) => `${done} of ${all} versions`,
    left: (seconds: number) =>
      seconds < 90
        ? `, about ${n(Math.max(1, Math.round(seconds)))} s left`
        : `, about ${n(Math.round(seconds / 60))} min left`,
    paused: "Paused. What was copied is kept, and copying goes on where it ended",
    incomplete: "Not everything arrived, so your library stays where it is. What stays is named below.",
    untouched: (kind: string) => `Your library (${kind}) stays in use, and untouched, until you switch`,
    toCompare: "Compare every fingerprint, then offer to switch",
    copied: (verified: string, all: string) =>
      `${verified} of ${all} versions copied, read back and the same`,
    toSwitch: "Switch: what you save meanwhile is taken over first",
    switched: (kind: string) => `Backstory works with the new library now (${kind})`,
    old: (location: string) => `The old one stays as it was: ${location}`,
    notLasting:
      "The configuration says which library is opened at the next start. Name the new one there, or the old one is opened again.",
    staysTitle: "What stays as it is",
    stays: {
      newer: (name: string) => `${name}: the library there has all of it, and more`,
      differs: (name: string) =>
        name
          ? `${name}: both libraries have something the other lacks`
          : "A setting or a place in a campaign says something else there, and stays so",
      incomplete: (name: string) => `${name}: your library itself has only a part of it`,
      gone: (name: string) => `${name}: erased in your library, and still there`,
    } as Record<string, (name: string) => string>,
    staysOther: (name: string | null, message: string) => (name === null ? message : `${name}: ${message}`),
    more: (more: number) => `and ${count(more, "more", "more")}`,
    done: "Done",
  },
  privacy: {
    title: "Privacy & data",
    take: "Take your data with you",
    takeHow:
      "One file with every version, in a form that Backstory takes back and other programs read. Making it changes nothing here.",
    exportAll: "Export everything",
    takes: (characters: number, versions: number) => [
      `${count(characters, "character", "characters")}, ${count(versions, "version", "versions")}, byte for byte`,
      "Their histories, names and notes",
      "The activity log, and what you agreed to",
      "Checksums, and a guide in plain words",
    ],
    exported: (on: string) => `Last export on ${on}.`,
    neverExported: "Nothing was exported yet.",
    log: "Activity log",
    recent: "Recent activity",
    allOf: (entries: number) => `All ${n(entries)}`,
    where: "Where your data is",
    store: "Your library",
    erase: "Delete my data",
    eraseHow:
      "Deletes every character and version that Backstory keeps, with its settings and records. You see the whole list and confirm it before anything happens.",
    eraseAll: "Delete all my data…",
    eraseOne: "A single character is deleted for good from its own page.",
    beyond: "What Backstory cannot delete",
    sends: "What leaves this computer",
    sendsHow:
      "Nothing, unless you fetch a link from D&D Beyond or chose a library on a server. There is no telemetry.",
    others: "What is kept of others",
    othersHow:
      "Documents list the other players of a campaign and its DM. Those rows are cut out before anything is saved, and each version says what was cut.",
    othersCut: "Other players’ rows are cut out",
    othersKept: "Other players’ rows are kept",
    othersSaid: (origin: string) => `So it stands in ${origin}.`,
    cutPlaces: "What was cut out",
    cut: (cut: number, versions: number) =>
      cut === 0
        ? "Nothing was cut out of this library's versions."
        : `Something was cut out of ${count(cut, "version", "versions")} of ${n(versions)}.`,
    cutPlace: (versions: number, bytes: string) =>
      `${bytes} out of ${count(versions, "version", "versions")}`,
    purposes: {
      fetch: "Fetch characters from D&D Beyond",
      notify: "Messages of the system about watched folders",
    },
    withdrawing: {
      fetch: "Taken back, no link is fetched until you agree again. What was fetched stays.",
      notify: "Taken back, the system tells you nothing. Folders are watched as before.",
    },
    agreed: (since: string) => `You agreed on ${since}.`,
    agreedOther: (since: string) =>
      `You agreed on ${since}. The words mean something else now: you are asked again.`,
    takenBack: (since: string, until: string) => `You agreed on ${since} and took it back on ${until}.`,
    words: "What you agreed to",
    withdraw: "Take it back",
    withdrawn: {
      fetch: "D&D Beyond is not asked any more. What was fetched stays.",
      notify: "The system tells you nothing any more.",
    },
  },

  activity: {
    title: "Activity",
    about:
      "Everything Backstory did with this library. What is deleted leaves its entry and nothing that leads to it.",
    save: "Export the log",
    saveLines: "Export as JSON lines, to be verified elsewhere",
    saveTable: "Export as a table",
    saved: (name: string) => `${name} is written.`,
    label: (size: number) => `What was done, newest first, ${count(size, "entry", "entries")}`,
    columns: { when: "When", what: "What", where: "Where", who: "Who" },
    all: "All",
    areas: {
      saved: "Saved",
      sent: "Sent or taken in",
      deleted: "Deleted",
      settings: "Settings",
      upkeep: "Upkeep",
    },
    character: "Character",
    anyCharacter: "A part of the name",
    anyTime: "Any time",
    days: (days: number) => (days === 365 ? "Last year" : `Last ${n(days)} days`),
    nothing: "Nothing was done yet",
    noMatch: "Nothing that was done matches",
    showAll: "Show all",
    here: "This computer",
    who: (origin: string) => ACTORS[origin] ?? origin,
    told: tellActivity,
    unchecked: "The log was not checked since it was last written to.",
    check: "Check the log",
    checking: "Checking every entry",
    unbroken: (entries: number) => `Checked now: unbroken, ${count(entries, "entry", "entries")}`,
    broken: "The log is not what was written",
    faults: {
      missing: (entry: number) => `Entry ${n(entry)} is missing.`,
      changed: (entry: number) => `Entry ${n(entry)} was changed, or does not go on from the one before it.`,
      head: () => "What the library says of its log is not what the entries say.",
      shorter: () =>
        "The log is shorter than when it was last seen on this computer: its end was cut off, or an earlier copy of the library was put back.",
      another: (entry: number) =>
        `The entries up to ${n(entry)} are not those that were last seen on this computer.`,
      segment: (entry: number) =>
        `The entries of another log that entry ${n(entry)} keeps do not hold together.`,
    },
    acceptHow: "If you put a backup or another library in its place, accept it. That is noted as well.",
    accept: "Accept the log as it is",
  },

  encryption: {
    title: "Encryption",
    states: {
      unsupported: "This library cannot be encrypted by Backstory",
      off: "Not encrypted",
      encrypting: "Half encrypted: it was interrupted",
      on: "Encrypted",
      renewing: "Keys half renewed: it was interrupted",
      decrypting: "Half decrypted: it was interrupted",
    } satisfies Record<EncryptionState, string>,
    how: {
      unsupported: "Libraries in a file or in a folder of this computer can be.",
      off: "Whoever gets hold of the library’s files can read them. Encrypted, they tell nothing but what is listed below.",
      encrypting: "What is new is encrypted already. Go on to encrypt the rest.",
      on: "The recovery phrase opens it.",
      renewing: "Everything can be read. Go on, so that the old keys open nothing any more.",
      decrypting: "Everything can be read. Go on to decrypt the rest.",
    } satisfies Record<EncryptionState, string>,
    opens: {
      keychain: "This computer’s keychain opens it, or your recovery phrase.",
      passphrase: "Your passphrase opens it, or your recovery phrase.",
    } satisfies Record<LockKind, string>,
    with: "With what",
    key: (algorithm: string, id: string, characters: number) =>
      `${algorithm}, key ${id}: ${count(characters, "character", "characters")}, each under a key of its own`,
    clear: "What stays readable",
    stays: {
      ids: "Ids of characters and versions",
      times: "When something was captured, edited or deleted",
      counts: "How many versions there are, and which changed something",
      levels: "Levels, by which the list is sorted",
      sizes: "How long documents are",
      fingerprints: "A fingerprint of each document: who has the very same one can tell that it is there",
      settings: "How the library is set up",
    } satisfies Record<Clear, string>,
    switchOn: "Encrypt…",
    relock: "Change what opens it…",
    renew: "New keys…",
    switchOff: "Decrypt…",
    resume: "Go on",
    running: "Rewriting the library",
    switchedOn: "Your library is encrypted.",
    renewed: "Your library has new keys. The old recovery phrase opens nothing any more.",
    relocked: "Done. The recovery phrase stays the same.",
    switchedOff: "Your library is not encrypted any more.",
    ended: "That is done now.",
    titles: {
      on: "Encrypt your library",
      renew: "New keys for your library",
      relock: "Change what opens your library",
      off: "Decrypt your library?",
    },
    does: { on: "Encrypt", renew: "Renew keys", relock: "Change it", off: "Decrypt" },
    lead: {
      on: "Names, notes, items, documents: everything personal is encrypted on this computer. Backstory works as before. Copies it made before updates and backups made earlier are deleted; libraries you put aside and files you exported stay as they are.",
      renew: "Everything is encrypted anew under new keys, with a new recovery phrase.",
      relock: "The keys and the recovery phrase stay the same.",
    },
    offHow:
      "Whoever gets hold of the library’s files can read them then. All keys are deleted, the recovery phrase with them.",
    lock: "What opens it",
    locks: { keychain: "This computer’s keychain", passphrase: "A passphrase" } satisfies Record<
      LockKind,
      string
    >,
    locksHow: {
      keychain: "Nothing to type: it opens while you are signed in.",
      passphrase: "You type it each time Backstory starts.",
    } satisfies Record<LockKind, string>,
    short: (letters: number) =>
      `At least ${n(letters)} letters. Four words that do not belong together are good.`,
    phrase: "Recovery phrase",
    writeDown: "Write these 24 words down, on paper, in this order.",
    writeDownHow:
      "They are shown once and kept nowhere. Without them, a forgotten passphrase or a new computer means that everything in the library is lost.",
    toPhrase: "Show the recovery phrase",
    written: "I have written it down",
    rehearse: "Type these words from your paper.",
    word: (place: number) => `Word ${n(place)}`,
    otherWord: (place: number) => `Word ${n(place)} is another one.`,
    lookAgain: "Look again",
  },

  erase: {
    action: "Delete for good…",
    samples: "These are the samples",
    titleAll: "Delete all your data?",
    title: (name: string) => `Delete ${name} for good?`,
    forGood: "This cannot be undone. Backstory keeps no hidden copy.",
    goes: "What will be deleted",
    amount: (characters: number, versions: number) =>
      `${count(characters, "character", "characters")}, ${count(versions, "version", "versions")} in the library that is open, and everything you wrote to them`,
    files: (files: number, bytes: string) => `${count(files, "file", "files")}, ${bytes}`,
    kinds: {
      library: "The library",
      copies: "A copy made before a change",
      set_aside: "A library that was put aside",
      backups: "Backups that Backstory made",
      leftovers: "What an interrupted write left",
      settings: "Settings of this window",
      window_data: "What the window's web engine keeps",
      records: "Records of watched folders, agreements and requests",
      session: "Your session with D&D Beyond, in the keychain",
      cache: "Copies of documents in the cache",
    },
    stays: "What Backstory cannot delete",
    beyonds: {
      sources: "Your characters on D&D Beyond or in Foundry",
      files:
        "Files you exported or imported from, and other copies of the library, such as one from before a move",
      backups: "Backups that other programs made of this computer",
      server_log: "The database server's own log and backups",
      object_versions: "Old versions, if the bucket keeps any",
      other_library: "Another library that the configuration names",
      configuration: "The configuration you wrote",
      keychain: "A session with D&D Beyond, if the keychain that did not open holds one",
      set_aside: "A library that was put aside and holds other characters too",
      cache: "Copies of documents in a cache that does not answer: they end by themselves",
    },
    exportFirst: "Export first",
    word: "delete my data",
    type: (word: string) => `Type “${word}” to go on`,
    left: (characters: number) =>
      characters > 0 ? `${count(characters, "character", "characters")} to go` : "That is it",
    other: "That is something else",
    keep: "Keep my data",
    keepOne: "Keep it",
    all: "Delete everything",
    one: "Delete for good",
    running: "Deleting",
    runningHow: "If this is interrupted, it goes on at the next start.",
    doneTitle: "Your data is deleted",
    doneOne: "The character is deleted",
    doneHow:
      "Here is what was removed, and how it was checked. The receipt is not stored: save it if you want it.",
    traces: (traces: number) =>
      `${count(traces, "trace is", "traces are")} still there. The log names the files; tell us, please.`,
    number: "Receipt",
    save: "Save the receipt…",
    saved: (name: string) => `Saved as ${name}`,
    fresh: "Start fresh",
    close: "Done",
    resumed: "Something was being deleted when Backstory was last closed. It was finished now.",
  },

  help: { title: "Help", contents: "On this page", texts: [guide, privacy] },
};

export type Catalogue = typeof en;

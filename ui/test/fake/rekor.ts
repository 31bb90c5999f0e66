// One invented wizard with a busy history: level-ups, a rebuild, swaps, quiet stretches, a rest.
import type { Change, HistoryEntry, Kind, Point, Series, SheetView, Topic } from "../../src/api";

interface Told {
  at: string;
  kind: Kind;
  level: number;
  sentences?: string[];
  topics?: Topic[];
  changes?: number;
  landmark?: boolean;
  seen?: number;
  lastSeen?: string;
  session?: string;
  state?: number;
  pinned?: boolean;
  tags?: string[];
  note?: string;
}

const TOLD: Told[] = [
  {
    at: "2026-10-24T16:05:00Z",
    kind: "baseline",
    level: 4,
    sentences: ["First saved at level 4"],
    topics: ["baseline"],
    landmark: true,
    changes: 0,
    pinned: true,
  },
  {
    at: "2026-10-24T17:10:00Z",
    kind: "change",
    level: 4,
    sentences: ["Took 3 Potions of Healing", "Spent 150 gp"],
    topics: ["items", "coins"],
    changes: 2,
    session: "2026-10-24T16:05:00Z",
  },
  {
    at: "2026-10-24T18:40:00Z",
    kind: "change",
    level: 5,
    sentences: ["Reached level 5", "Hit points 26 to 33", "Learned Fireball and Counterspell"],
    topics: ["level", "hit_points", "spells"],
    changes: 6,
    landmark: true,
    session: "2026-10-24T16:05:00Z",
  },
  {
    at: "2026-10-24T19:30:00Z",
    kind: "change",
    level: 8,
    sentences: ["Reached level 8", "Hit points 33 to 58", "Learned 8 spells", "Intelligence 16 to 18"],
    topics: ["level", "hit_points", "spells", "abilities"],
    changes: 19,
    landmark: true,
    session: "2026-10-24T16:05:00Z",
  },
  {
    at: "2026-10-25T07:36:00Z",
    kind: "change",
    level: 8,
    sentences: ["Packed 14 items", "Rope, Torch, Rations and 11 more"],
    topics: ["items"],
    changes: 14,
  },
  ...Array.from({ length: 14 }, (_, i): Told => ({
    at: `2026-10-25T10:${String(10 + i * 3)}:00Z`,
    kind: "change",
    level: 8,
    sentences: [i % 2 ? "Learned Fog Cloud" : "Forgot Fog Cloud"],
    topics: ["spells"],
    changes: 1,
    session: "2026-10-25T07:36:00Z",
  })),
  {
    at: "2026-10-25T13:22:00Z",
    kind: "change",
    level: 8,
    sentences: ["Learned 3 spells", "Fog Cloud, Shatter, Fly"],
    topics: ["spells"],
    changes: 3,
    session: "2026-10-25T13:22:00Z",
  },
  { at: "2026-10-25T14:00:00Z", kind: "quiet", level: 8, seen: 12 },
  {
    at: "2026-10-26T21:10:00Z",
    kind: "change",
    level: 8,
    sentences: ["Learned 11 spells", "Shield, Ice Storm, Augury and 8 more"],
    topics: ["spells"],
    changes: 11,
    tags: ["Before the dragon"],
    note: "Nobody trusted the bard.",
  },
  { at: "2026-10-27T06:00:00Z", kind: "quiet", level: 8, seen: 60 },
  { at: "2026-10-30T06:00:00Z", kind: "state", level: 8, seen: 2, state: 5 },
  { at: "2026-11-02T06:00:00Z", kind: "quiet", level: 8, seen: 120, lastSeen: "2026-11-05T06:00:00Z" },
  {
    at: "2026-11-05T10:32:00Z",
    kind: "change",
    level: 8,
    sentences: ["Learned Darkness and Dimension Door", "Forgot Chill Touch"],
    topics: ["spells"],
    changes: 3,
  },
  { at: "2026-11-06T10:00:00Z", kind: "quiet", level: 8, seen: 50, lastSeen: "2026-11-13T08:00:00Z" },
  {
    at: "2026-11-14T15:23:00Z",
    kind: "change",
    level: 7,
    sentences: ["Rebuilt at level 7", "Hit points 58 to 51", "25 items and 1 spell gone"],
    topics: ["level", "hit_points", "items"],
    changes: 27,
    landmark: true,
  },
  {
    at: "2026-11-14T20:00:00Z",
    kind: "change",
    level: 9,
    sentences: ["Reached level 9", "Hit points 51 to 65", "2 abilities, 5 spells, 6 items"],
    topics: ["level", "hit_points", "abilities"],
    changes: 15,
    landmark: true,
    seen: 1,
  },
  { at: "2026-11-15T07:00:00Z", kind: "quiet", level: 9, seen: 35, lastSeen: "2026-11-21T08:00:00Z" },
];

function entryOf(told: Told, i: number): HistoryEntry {
  return {
    id: `0199a2b4-0000-7000-8000-${String(i).padStart(12, "0")}`,
    version: i + 1,
    captured_at: told.at,
    edited_at: null,
    kind: told.kind,
    sentences: told.sentences ?? [],
    headline: told.sentences?.[0] ?? null,
    topics: told.topics ?? [],
    changes: told.changes ?? 0,
    state: told.state ?? 0,
    level: told.level,
    landmark: told.landmark ?? false,
    seen: { last: told.lastSeen ?? told.at, count: told.seen ?? 1 },
    pinned: told.pinned ?? false,
    tags: told.tags ?? [],
    note: told.note ?? null,
    archived: false,
    session: told.session ?? told.at,
    origin: `rekor-${i + 1}.json`,
    bytes: 431_204,
    content: `${i}`.padStart(64, "a"),
    cuts: [],
  };
}

/** Newest first, as the program gives it. */
export const rekorHistory: HistoryEntry[] = TOLD.map(entryOf).reverse();

/** Numbers over time: hit points and spells move with the levels up, the rest stands. */
export function rekorSeries(newestFirst: readonly HistoryEntry[]): Series {
  const entries = newestFirst.toReversed();
  let highest = 0;
  const levels = entries.map((entry) => (highest = Math.max(highest, entry.level)));
  const of = (value: (level: number) => number): Point[] =>
    entries
      .map(({ captured_at, version }, i) => ({ t: captured_at, v: value(levels[i]!), version }))
      .filter((point, i, all) => point.v !== all[i - 1]?.v || i === all.length - 1);
  return {
    level: entries.map(({ captured_at, version, level }) => ({ t: captured_at, v: level, version })),
    xp: of(() => 0),
    hit_points_max: of((level) => level * 10),
    armor_class: of(() => 11),
    gold: of(() => 27),
    items: of(() => 0),
    spells_known: of((level) => level + 5),
    abilities: {},
  };
}

const trained = (ability: string, modifier: number, bonus: number) => ({
  value: modifier + bonus,
  parts: [
    { label: ability, value: modifier },
    { label: "Proficiency", value: bonus },
  ],
});

const spell = (name: string, level: number, prepared = false) => ({
  key: `spell-${name}`,
  name,
  level,
  source: "Wizard",
  prepared,
  always: false,
});
const item = (
  name: string,
  quantity = 1,
  part: { equipped?: boolean; attuned?: boolean; container?: string } = {},
) => ({
  key: `item-${name}`,
  name,
  kind: null,
  quantity,
  equipped: part.equipped ?? false,
  attuned: part.attuned ?? false,
  container: part.container ?? null,
  custom: false,
  charges: null,
});
const feature = (name: string, source: string) => ({ key: `feature-${name}`, name, source });

export function rekorSheet(version: number): SheetView {
  const entry = rekorHistory.find((candidate) => candidate.version === version) ?? rekorHistory[0]!;
  const high = entry.level >= 9;
  return {
    id: "ddb-102",
    version: entry.version,
    captured_at: entry.captured_at,
    edited_at: entry.edited_at,
    name: "Rekor",
    species: "Elf",
    background: "Merchant",
    rules: "2024",
    level: entry.level,
    xp: null,
    classes: [{ name: "Wizard", subclass: "Evoker", level: entry.level, hit_die: 6 }],
    abilities: { str: 8, dex: 13, con: high ? 17 : 16, int: high ? 17 : 16, wis: 12, cha: 10 },
    proficiency_bonus: high ? 4 : 3,
    hit_points: {
      max: high ? 65 : 51,
      current: high ? 65 : 44,
      temporary: 0,
      parts: [
        { label: "Wizard levels", value: high ? 38 : 30 },
        { label: "Constitution", value: 27 },
      ],
    },
    armor_class: {
      value: 11,
      parts: [
        { label: "Unarmoured", value: 10 },
        { label: "Dexterity", value: 1 },
      ],
    },
    initiative: { value: 1, parts: [{ label: "Dexterity", value: 1 }] },
    speeds: { walk: 30 },
    size: "Medium",
    senses: { darkvision: 60 },
    defenses: { resistances: [], immunities: [], vulnerabilities: [] },
    saving_throws: ["int", "wis"],
    saves: { int: trained("Intelligence", 3, 4), wis: trained("Wisdom", 1, 4) },
    skill_bonuses: {
      Arcana: trained("Intelligence", 3, 8),
      Investigation: trained("Intelligence", 3, 4),
      Perception: trained("Wisdom", 1, 4),
      "Animal Handling": trained("Wisdom", 1, 4),
      Persuasion: trained("Charisma", 0, 4),
    },
    passive: {},
    skills: {
      Arcana: "expertise",
      Investigation: "proficient",
      Perception: "proficient",
      "Animal Handling": "proficient",
      Persuasion: "proficient",
    },
    proficiencies: {
      armor: [],
      weapons: ["Simple Weapons"],
      tools: ["Navigator’s Tools"],
      languages: ["Common", "Elvish", "Draconic"],
    },
    currency: { cp: 0, sp: 4, ep: 0, gp: 27, pp: 0 },
    spells: [
      ...["Fire Bolt", "Light", "Mage Hand", "Ray of Frost", "Minor Illusion"].map((name) => spell(name, 0)),
      ...[
        "Alarm",
        "Burning Hands",
        "Charm Person",
        "Color Spray",
        "Comprehend Languages",
        "Detect Magic",
        "Disguise Self",
        "Expeditious Retreat",
        "Feather Fall",
        "Find Familiar",
        "Fog Cloud",
        "Grease",
        "Identify",
        "Jump",
        "Longstrider",
        "Mage Armor",
        "Magic Missile",
        "Shield",
        "Silent Image",
        "Sleep",
        "Thunderwave",
      ].map((name) => spell(name, 1, ["Shield", "Magic Missile", "Alarm"].includes(name))),
      ...["Acid Arrow", "Augury", "Blur", "Darkness", "Invisibility", "Misty Step", "Shatter"].map((name) =>
        spell(name, 2, name === "Misty Step"),
      ),
      ...[
        "Counterspell",
        "Fireball",
        ...(high ? ["Magic Circle", "Speak with Dead", "Vampiric Touch"] : []),
      ].map((name) => spell(name, 3, name === "Fireball")),
      ...["Arcane Eye", "Blight", "Dimension Door", ...(high ? ["Fire Shield", "Resilient Sphere"] : [])].map(
        (name) => spell(name, 4),
      ),
    ],
    spell_slots: [
      { level: 1, max: 4, used: 1, pact: false },
      { level: 2, max: 3, used: 0, pact: false },
      { level: 3, max: 3, used: 0, pact: false },
      { level: 4, max: high ? 3 : 1, used: 0, pact: false },
    ],
    spellcasting: [],
    inventory: [
      item("Quarterstaff", 1, { equipped: true }),
      item("Ring of Protection", 1, { equipped: true, attuned: true }),
      item("Potion of Healing", 6),
      item("Potion of Climbing", 3),
      item("Spellbook"),
      item("Dagger", 2),
      item("Rations", 31, { container: "Backpack" }),
      item("Torch", 10, { container: "Backpack" }),
      item("Bedroll", 1, { container: "Backpack" }),
      item("Rope", 1, { container: "Backpack" }),
      ...(high
        ? [
            item("Bag of Holding"),
            item("Alchemist’s Supplies"),
            item("Acid"),
            item("Arrow", 20),
            item("Basic Poison"),
            item("Wand of Magic Missiles"),
          ]
        : []),
    ],
    actions: [],
    limits: [],
    death_saves: { successes: 0, failures: 0 },
    hit_dice_used: {},
    feats: [feature("Magic Initiate (Wizard)", "Feats")],
    features: [
      ...["Spellcasting", "Ritual Adept", "Arcane Recovery", "Scholar", "Memorize Spell"].map((name) =>
        feature(name, "Wizard"),
      ),
      ...["Evocation Savant", "Potent Cantrip", "Sculpt Spells"].map((name) => feature(name, "Evoker")),
      ...(high ? [feature("Ability Score Improvement", "Wizard")] : []),
      ...["Darkvision", "Fey Ancestry", "Trance"].map((name) => feature(name, "Elf")),
    ],
    conditions: [],
    inspiration: true,
    notes: {
      backstory:
        "Rekor kept the ledgers of a caravan for forty years before he noticed that one column never added up.\n\nHe followed the missing coin north, and the coin followed him back.",
      bonds: "The caravan, and whoever is left of it.",
    },
    campaign: "One Night Only",
    unknown_fields: ["weaponMastery2"],
    source: "D&D Beyond",
  };
}

/** What reaching level 9 changed. */
export const rekorChanges: Change[] = [
  { section: "identity", key: "identity/level", label: "Level", kind: "changed", old: 7, new: 9 },
  {
    section: "identity",
    key: "identity/classes/wizard",
    label: "Wizard",
    attribute: "level",
    kind: "changed",
    old: 7,
    new: 9,
  },
  { section: "abilities", key: "abilities/con", label: "Constitution", kind: "changed", old: 16, new: 17 },
  { section: "abilities", key: "abilities/int", label: "Intelligence", kind: "changed", old: 16, new: 17 },
  { section: "combat", key: "combat/hit_points_max", label: "Hit points", kind: "changed", old: 51, new: 65 },
  {
    section: "combat",
    key: "combat/proficiency_bonus",
    label: "Proficiency bonus",
    kind: "changed",
    old: 3,
    new: 4,
  },
  { section: "combat", key: "combat/slots/4", label: "4th-level slots", kind: "changed", old: 1, new: 3 },
  { section: "combat", key: "combat/slots/5", label: "5th-level slots", kind: "added", old: null, new: 1 },
  ...["Magic Circle", "Speak with Dead", "Vampiric Touch"].map((label): Change => ({
    section: "spells",
    key: `spells/spell-${label}`,
    label,
    group: "3rd level",
    kind: "added",
    old: null,
    new: label,
  })),
  ...["Fire Shield", "Resilient Sphere"].map((label): Change => ({
    section: "spells",
    key: `spells/spell-${label}`,
    label,
    group: "4th level",
    kind: "added",
    old: null,
    new: label,
  })),
  {
    section: "spells",
    key: "spells/spell-True Strike",
    label: "True Strike",
    group: "Cantrip",
    kind: "removed",
    old: "True Strike",
    new: null,
  },
  {
    section: "inventory",
    key: "inventory/item-Potion of Healing/quantity",
    label: "Potion of Healing",
    attribute: "quantity",
    group: "Carried",
    kind: "changed",
    old: 3,
    new: 6,
  },
  {
    section: "inventory",
    key: "inventory/item-Quarterstaff/equipped",
    label: "Quarterstaff",
    attribute: "equipped",
    group: "Equipment",
    kind: "changed",
    old: false,
    new: true,
  },
  ...(
    [
      "Bag of Holding",
      "Alchemist’s Supplies",
      "Acid",
      "Arrow",
      "Basic Poison",
      "Wand of Magic Missiles",
    ] as const
  ).map((label): Change => ({
    section: "inventory",
    key: `inventory/item-${label}`,
    label,
    group: "Carried",
    kind: "added",
    old: null,
    new: label === "Arrow" ? 20 : 1,
  })),
  {
    section: "features",
    key: "features/feature-Ability Score Improvement",
    label: "Ability Score Improvement",
    group: "Wizard",
    kind: "added",
    old: null,
    new: "Ability Score Improvement",
  },
  { section: "currency", key: "currency/gp", label: "Gold", kind: "changed", old: 32, new: 27 },
  {
    section: "notes",
    key: "notes/backstory",
    label: "Backstory",
    kind: "changed",
    old: "…",
    new: "…",
    text: [
      {
        op: "equal",
        value:
          "Rekor kept the ledgers of a caravan for forty years before he noticed that one column never added up. He ",
      },
      { op: "delete", value: "did not care" },
      { op: "insert", value: "followed the missing coin north" },
      { op: "equal", value: ", and the coin followed him " },
      { op: "delete", value: "home" },
      { op: "insert", value: "back" },
      { op: "equal", value: "." },
    ],
  },
];

export const rekorSame: Change[] = [
  { section: "combat", key: "combat/armor_class", label: "Armor Class", kind: "same", old: 11, new: 11 },
  { section: "combat", key: "combat/initiative", label: "Initiative", kind: "same", old: 1, new: 1 },
  { section: "combat", key: "combat/speeds/walk", label: "Speed", kind: "same", old: 30, new: 30 },
  { section: "identity", key: "identity/species", label: "Species", kind: "same", old: "Elf", new: "Elf" },
  {
    section: "identity",
    key: "identity/background",
    label: "Background",
    kind: "same",
    old: "Merchant",
    new: "Merchant",
  },
  ...["Fire Bolt", "Light", "Mage Hand", "Ray of Frost"].map((label): Change => ({
    section: "spells",
    key: `spells/spell-${label}`,
    label,
    group: "Cantrip",
    kind: "same",
    old: label,
    new: label,
  })),
  ...["Quarterstaff", "Spellbook", "Dagger"].map((label): Change => ({
    section: "inventory",
    key: `inventory/item-${label}`,
    label,
    group: "Carried",
    kind: "same",
    old: 1,
    new: 1,
  })),
  {
    section: "notes",
    key: "notes/bonds",
    label: "Bonds",
    kind: "same",
    old: "The caravan, and whoever is left of it.",
    new: "The caravan, and whoever is left of it.",
  },
];

export const rekorState: Change[] = [
  {
    section: "state",
    key: "state/hit_points_lost",
    label: "Hit points lost",
    kind: "changed",
    old: 7,
    new: 0,
  },
  { section: "state", key: "state/slots/1", label: "1st-level slots used", kind: "changed", old: 3, new: 1 },
  {
    section: "state",
    key: "state/prepared/Blur",
    label: "Blur",
    attribute: "prepared",
    kind: "changed",
    old: true,
    new: false,
  },
];

// Invented characters built from the SRD, for the dev page and for tests.
import type { CharacterEntry, GrowthPoint } from "../../src/api";

interface Invented {
  id: string;
  name: string;
  species: string;
  background: string;
  classes: [string, string | null, number][];
  campaign: string | null;
  changed: string;
  sentence: string | null;
  growth: number[];
  versions: number;
}

const PEOPLE: Invented[] = [
  {
    id: "ddb-101",
    name: "Baldrin Highfoot",
    species: "Halfling",
    background: "Entertainer",
    classes: [["Bard", "College of Lore", 3]],
    campaign: "Ghosts of the Marsh",
    changed: "2026-11-18T20:14:00Z",
    sentence: "Earned 266 XP",
    growth: [2, 3, 3],
    versions: 6,
  },
  {
    id: "ddb-102",
    name: "Rekor",
    species: "Elf",
    background: "Merchant",
    classes: [["Wizard", "Evoker", 9]],
    campaign: "One Night Only",
    changed: "2026-11-14T20:00:00Z",
    sentence: "Reached level 9",
    growth: [4, 4, 5, 5, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 7, 7, 9],
    versions: 451,
  },
  {
    id: "ddb-103",
    name: "Elarisse ‘Mercy’ Zauvirr",
    species: "Drow",
    background: "Sailor",
    classes: [["Sorcerer", "Wild Magic", 3]],
    campaign: "Ghosts of the Marsh",
    changed: "2026-11-10T19:40:00Z",
    sentence: "Took a Captain’s Hat",
    growth: [3, 3],
    versions: 4,
  },
  {
    id: "ddb-104",
    name: "Friedrich Ivanson",
    species: "Human",
    background: "Acolyte",
    classes: [["Cleric", "Light Domain", 3]],
    campaign: "Ghosts of the Marsh",
    changed: "2026-11-09T18:00:00Z",
    sentence: "Lost the Captain’s Hat",
    growth: [3, 3, 3],
    versions: 19,
  },
  {
    id: "ddb-105",
    name: "Ilarion Veles",
    species: "Elf",
    background: "Sage",
    classes: [["Wizard", "Illusionist", 3]],
    campaign: "Ghosts of the Marsh",
    changed: "2026-11-08T21:30:00Z",
    sentence: "Hit points 16 to 22",
    growth: [2, 2, 2, 2, 3, 3, 3, 3, 3, 3],
    versions: 259,
  },
  {
    id: "ddb-106",
    name: "Thuldus Blackblade",
    species: "Dwarf",
    background: "Soldier",
    classes: [["Barbarian", "Path of the Berserker", 3]],
    campaign: "Ghosts of the Marsh",
    changed: "2026-11-08T21:00:00Z",
    sentence: "Earned 300 XP",
    growth: [2, 3, 3],
    versions: 5,
  },
  {
    id: "ddb-107",
    name: "Vaelith Duskthorn",
    species: "Elf",
    background: "Noble",
    classes: [["Sorcerer", "Draconic Sorcery", 3]],
    campaign: "Ghosts of the Marsh",
    changed: "2026-11-08T20:40:00Z",
    sentence: "Hit points 17 to 18",
    growth: [2, 3, 3],
    versions: 4,
  },
  {
    id: "ddb-108",
    name: "Redgrave",
    species: "Warforged",
    background: "Guild Artisan",
    classes: [["Cleric", "Forge Domain", 10]],
    campaign: "Eldoria",
    changed: "2026-06-11T10:00:00Z",
    sentence: null,
    growth: [10],
    versions: 3,
  },
  {
    id: "ddb-109",
    name: "Kaeda of the Nine Thousand Lanterns",
    species: "Aasimar",
    background: "Hermit",
    classes: [
      ["Monk", "Warrior of the Astral Self", 7],
      ["Fighter", "Echo Knight", 3],
    ],
    campaign: "Eldoria",
    changed: "2026-06-11T09:00:00Z",
    sentence: null,
    growth: [10],
    versions: 2,
  },
  {
    id: "ddb-110",
    name: "Seluvis Felo’melorn",
    species: "High Elf",
    background: "Sage",
    classes: [["Artificer", "Armorer", 9]],
    campaign: "Eldoria",
    changed: "2026-06-10T09:00:00Z",
    sentence: null,
    growth: [9],
    versions: 2,
  },
  {
    id: "ddb-111",
    name: "Yevelda Ovak",
    species: "Human",
    background: "Outlander",
    classes: [["Barbarian", "Path of the Wild Heart", 10]],
    campaign: "Eldoria",
    changed: "2026-06-10T08:00:00Z",
    sentence: null,
    growth: [10],
    versions: 2,
  },
  {
    id: "ddb-112",
    name: "Marin",
    species: "Half-Elf",
    background: "Charlatan",
    classes: [["Warlock", "Fiend Patron", 10]],
    campaign: "Eldoria",
    changed: "2026-06-10T07:00:00Z",
    sentence: null,
    growth: [10],
    versions: 2,
  },
  {
    id: "ddb-113",
    name: "Faerah Duskrane",
    species: "Drow",
    background: "Criminal",
    classes: [["Rogue", "Thief", 10]],
    campaign: "Eldoria",
    changed: "2026-06-10T06:00:00Z",
    sentence: null,
    growth: [10],
    versions: 2,
  },
  {
    id: "foundry-dor",
    name: "Dor’ren Uroprax",
    species: "Dragonborn",
    background: "Hermit",
    classes: [["Druid", "Circle of the Land", 6]],
    campaign: null,
    changed: "2026-06-10T05:00:00Z",
    sentence: null,
    growth: [6],
    versions: 1,
  },
  {
    id: "foundry-zem",
    name: "Zemfur Folle",
    species: "Goliath",
    background: "Farmer",
    classes: [["Ranger", "Hunter", 6]],
    campaign: null,
    changed: "2026-06-10T04:00:00Z",
    sentence: null,
    growth: [6],
    versions: 1,
  },
];

const HIT_DICE: Record<string, number> = {
  Wizard: 6,
  Sorcerer: 6,
  Barbarian: 12,
  Fighter: 10,
  Paladin: 10,
  Ranger: 10,
};

function indexOf(person: Invented): CharacterEntry {
  const growth: GrowthPoint[] = person.growth.map((level, i) => ({
    at: new Date(Date.parse(person.changed) - (person.growth.length - i) * 86_400_000 * 3).toISOString(),
    level,
  }));
  return {
    id: person.id,
    name: person.name,
    species: person.species,
    background: person.background,
    classes: person.classes.map(([name, subclass, level]) => ({
      name,
      subclass,
      level,
      hit_die: HIT_DICE[name] ?? 8,
    })),
    level: person.classes.reduce((sum, [, , level]) => sum + level, 0),
    rules: "2024",
    campaign: person.campaign,
    versions: person.versions,
    changes: person.growth.length - 1,
    captures: person.versions + 20,
    last_version: person.versions,
    first_captured: growth[0]?.at ?? person.changed,
    last_captured: "2026-11-21T08:00:00Z",
    last_changed: person.changed,
    last_sentence: person.sentence,
    growth,
    revision: 1,
  };
}

export const people: CharacterEntry[] = PEOPLE.map(indexOf);

/** A crowd, to see that a long list scrolls. */
export function crowd(size: number): CharacterEntry[] {
  return Array.from({ length: size }, (_, i) => {
    const one = people[i % people.length]!;
    return { ...one, id: `crowd-${i}`, name: `${one.name} ${i + 1}` };
  });
}

// The arithmetic of a sheet that a player does in their head.
import type { Ability, SheetView, SkillRank } from "../../../api";

export const ABILITIES: Ability[] = ["str", "dex", "con", "int", "wis", "cha"];

const SKILLS: Record<string, Ability> = {
  Acrobatics: "dex",
  "Animal Handling": "wis",
  Arcana: "int",
  Athletics: "str",
  Deception: "cha",
  History: "int",
  Insight: "wis",
  Intimidation: "cha",
  Investigation: "int",
  Medicine: "wis",
  Nature: "int",
  Perception: "wis",
  Performance: "cha",
  Persuasion: "cha",
  Religion: "int",
  "Sleight of Hand": "dex",
  Stealth: "dex",
  Survival: "wis",
};

const SHARE: Record<SkillRank, number> = { half: 0.5, proficient: 1, expertise: 2 };

export const modifier = (score: number) => Math.floor((score - 10) / 2);

/** What a save adds, from the ability and the proficiency bonus. */
export function saveBonus(sheet: SheetView, ability: Ability): number {
  return modifier(sheet.abilities[ability]) + sheet.proficiency_bonus;
}

/** What a skill adds; none for a skill the rules do not know, whose ability is the table's choice. */
export function skillBonus(sheet: SheetView, skill: string, rank: SkillRank): number | null {
  const ability = SKILLS[skill];
  if (!ability) return null;
  return modifier(sheet.abilities[ability]) + Math.floor(sheet.proficiency_bonus * SHARE[rank]);
}

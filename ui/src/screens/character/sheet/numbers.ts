// The arithmetic of a sheet that a player does in their head.
import type { Ability, Part } from "../../../api";
import { t } from "../../../text";

export const ABILITIES: Ability[] = ["str", "dex", "con", "int", "wis", "cha"];

export const modifier = (score: number) => Math.floor((score - 10) / 2);

/** The fields that a number with these parts follows from, beside its own. */
export function placesOf(parts: readonly Part[], ...own: string[]): string[] {
  const abilities = ABILITIES.filter((ability) =>
    parts.some((part) => part.label === t.sheet.abilityNames[ability]),
  );
  return [...own, ...abilities.map((ability) => `abilities/${ability}`), "combat/proficiency_bonus"];
}

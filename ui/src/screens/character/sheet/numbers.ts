// The arithmetic of a sheet that a player does in their head.
import type { Ability, Part } from "../../../api";
import { formatSigned } from "../../../text";

export const ABILITIES: Ability[] = ["str", "dex", "con", "int", "wis", "cha"];

export const modifier = (score: number) => Math.floor((score - 10) / 2);

/** What a number is made of, a line for each part. */
export const partsOf = (parts: Part[]) =>
  parts.map((part) => `${part.label} ${formatSigned(part.value)}`).join("\n");

// The pigment and emblem of each class: an initial says which class it is.
import emblems from "virtual:emblems";

const CLASSES: Record<string, [pigment: string, emblem: string]> = {
  artificer: ["ash", "gear-hammer"],
  barbarian: ["sepia", "battle-axe"],
  bard: ["murex", "lyre"],
  cleric: ["ochre", "holy-symbol"],
  druid: ["moss", "oak-leaf"],
  fighter: ["rubric", "crossed-swords"],
  monk: ["verdigris", "fist"],
  paladin: ["ochre", "winged-shield"],
  ranger: ["moss", "bow-arrow"],
  rogue: ["woad", "daggers"],
  sorcerer: ["rubric", "magic-swirl"],
  warlock: ["moss", "warlock-eye"],
  wizard: ["lapis", "wizard-staff"],
};

const UNKNOWN: [string, string] = ["ash", "dice-twenty-faces-twenty"];

export interface ClassLook {
  /** A custom property of the tokens. */
  pigment: string;
  /** The outline of the emblem, in a box of 512. */
  emblem: string;
}

export function lookOf(className: string | undefined): ClassLook {
  const [pigment, emblem] = CLASSES[className?.toLowerCase().trim() ?? ""] ?? UNKNOWN;
  return { pigment: `var(--pig-${pigment})`, emblem: emblems[emblem] ?? "" };
}

// The three ways to look at a character's past. They share the chosen version.
import type { Character } from "../../state/characters.svelte";
import { router } from "../../state/router.svelte";

export type CharacterView = "history" | "compare" | "progress";

export function showView(view: CharacterView, character: Character, version: number): void {
  if (view === "compare") compareWithBefore(character, version);
  else router.go({ name: view === "history" ? "character" : "progress", id: character.id, version });
}

/** Compares with the version before, or with itself where there is none. */
export function compareWithBefore(character: Character, version: number): void {
  const before = character.before(version)?.version ?? version;
  router.go({
    name: "compare",
    a: { character: character.id, version: before },
    b: { character: character.id, version },
    mode: "sheet",
  });
}

/** The same, and asks at once which version it is to be compared with. */
export function compareWithAny(character: Character, version: number): void {
  compareWithBefore(character, version);
  router.memory.set("picking", true);
}

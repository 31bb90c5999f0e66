// What can be done with the chosen version.
import type { HistoryEntry } from "../../api";
import type { Action } from "../../state/actions.svelte";
import { app } from "../../state/app.svelte";
import type { Character } from "../../state/characters.svelte";
import { pin, restore, save } from "../../state/keeping";
import { t } from "../../text";

export interface VersionSteps {
  select: (version: number) => void;
  compare: () => void;
  compareWith: () => void;
  /** Opens the words of the version, with the cursor in one of them. */
  describe: (at: "name" | "note") => void;
}

export function versionActions(character: Character, entry: HistoryEntry, steps: VersionSteps): Action[] {
  const off = app.canChange ? undefined : t.keeping.readOnly;
  const isNow = character.newest?.content === entry.content ? t.keeping.isNow : undefined;
  const bring = async () => {
    const version = await restore(character, entry);
    if (version !== null) steps.select(version);
  };
  return [
    { label: t.keeping.name, side: "F2", run: () => steps.describe("name"), off },
    { label: t.keeping.note, side: "Shift F2", run: () => steps.describe("note"), off },
    {
      label: entry.pinned ? t.keeping.release : t.keeping.keep,
      side: "L",
      run: () => void pin(character, entry),
      off,
    },
    { label: t.keeping.restore, side: "", run: () => void bring(), off: off ?? isNow },
    { label: t.keeping.save, side: "", run: () => void save(character, entry) },
    { label: t.keeping.compare, side: "C", run: steps.compare },
    { label: t.keeping.compareWith, side: "Shift C", run: steps.compareWith },
  ];
}

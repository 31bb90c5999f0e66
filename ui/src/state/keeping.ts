// What a player does with a version: painted first, written after, and taken back with one key.
import { call, toWireError, type HistoryEntry, type VersionRef } from "../api";
import { t } from "../text";
import { app } from "./app.svelte";
import type { Character } from "./characters.svelte";
import { toasts } from "./toasts.svelte";

const refOf = (character: Character, version: number): VersionRef => ({
  character: character.id,
  version: String(version),
});

/** Writes, and lets the window look again. A failure is said; gives whether it worked. */
async function write(work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    const failure = toWireError(error);
    toasts.fail(failure.message, failure);
    return false;
  } finally {
    await app.refresh();
  }
}

/** Paints a change of a version, writes it, and puts the old back where that fails. */
async function change(
  character: Character,
  entry: HistoryEntry,
  to: Partial<HistoryEntry>,
  work: () => Promise<unknown>,
): Promise<boolean> {
  character.paint(entry.version, to);
  const done = await write(work);
  if (!done) character.paint(entry.version, entry);
  return done;
}

/** Keeps a version for ever, or no longer. */
export async function pin(character: Character, entry: HistoryEntry, pinned = !entry.pinned): Promise<void> {
  const put = (pinned: boolean) =>
    change(character, entry, { pinned }, () =>
      call("version.pin", { ...refOf(character, entry.version), pinned }),
    );
  if (await put(pinned))
    toasts.done(
      pinned ? t.keeping.kept(entry.version) : t.keeping.released(entry.version),
      () => void put(!pinned),
    );
}

export interface Words {
  tags: string[];
  note: string;
}

/** Gives a version names and a note. */
export async function describe(character: Character, entry: HistoryEntry, words: Words): Promise<void> {
  const before: Words = { tags: entry.tags, note: entry.note ?? "" };
  const put = async (from: Words, to: Words) =>
    (await putNames(character, entry, from.tags, to.tags)) && (await putNote(character, entry, from, to));
  if (await put(before, words))
    toasts.done(t.keeping.described(entry.version), () => void put(words, before));
}

async function putNames(character: Character, entry: HistoryEntry, from: string[], tags: string[]) {
  const add = tags.filter((tag) => !from.includes(tag));
  const remove = from.filter((tag) => !tags.includes(tag));
  if (add.length + remove.length === 0) return true;
  return change(character, entry, { tags }, () =>
    call("version.tag", { ...refOf(character, entry.version), add, remove }),
  );
}

async function putNote(character: Character, entry: HistoryEntry, from: Words, { note }: Words) {
  if (note === from.note) return true;
  const kept = note === "" ? null : note;
  return change(character, entry, { note: kept }, () =>
    call("version.note", { ...refOf(character, entry.version), note: kept }),
  );
}

/** Makes a version the newest again; what was the newest stays. Gives the number it has now. */
export async function restore(character: Character, entry: HistoryEntry): Promise<number | null> {
  const newest = character.newest;
  let made: HistoryEntry | undefined;
  const put = (version: number) =>
    write(async () => (made = await call("version.restore", refOf(character, version))));
  if (!newest || !(await put(entry.version)) || !made) return null;
  toasts.done(t.keeping.restored(entry.version, made.version), () => void put(newest.version));
  return made.version;
}

/** Writes the document of a version to a file that the player chooses. */
export async function save(character: Character, entry: HistoryEntry): Promise<void> {
  try {
    const { name } = await call("version.save", refOf(character, entry.version));
    if (name !== null) toasts.news(t.keeping.saved(entry.version, name));
  } catch (error) {
    const failure = toWireError(error);
    toasts.fail(failure.message, failure);
  }
}

/** Puts a character into the bin; gives whether it is there. */
export async function moveToBin(id: string, name: string): Promise<boolean> {
  if (!(await write(() => call("character.delete", { character: id })))) return false;
  toasts.done(t.keeping.binned(name), () => void write(() => call("character.undelete", { character: id })));
  return true;
}

// Characters by a few typed letters, for the lists that one picks from.
import { call, type CharacterEntry, type Sort } from "../api";

/** Versions of a character in which words appeared anywhere on the sheet, with the words around them. */
export async function findVersions(character: string, text: string): Promise<Map<number, string>> {
  const { hits } = await call("versions.search", { text, character });
  return new Map(hits.toReversed().map((hit) => [hit.version, hit.snippet]));
}

export async function findCharacters(text: string, sort: Sort, limit: number): Promise<CharacterEntry[]> {
  const answer = await call("characters.list", { text, sort, limit });
  return answer.characters;
}

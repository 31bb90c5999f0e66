// Characters by a few typed letters, for the lists that one picks from.
import { call, type CharacterEntry, type Sort } from "../api";

export async function findCharacters(text: string, sort: Sort, limit: number): Promise<CharacterEntry[]> {
  const answer = await call("characters.list", { text, sort, limit });
  return answer.characters;
}

// Since when the fields of a sheet have their values.
import { call, type Blame, type BlameField } from "../api";
import { Asked } from "./asked.svelte";

export class Origins {
  blame = new Asked<Blame>();

  ask(character: string, version: number, epoch: number): Promise<void> {
    return this.blame.ask(`${character}@${version}#${epoch}`, () =>
      call("character.blame", { character, version: String(version) }),
    );
  }

  /** Of the fields a value follows from, the one that changed last. */
  latest(places: readonly string[]): BlameField | undefined {
    const fields = this.blame.value?.fields.filter((field) => places.includes(field.key)) ?? [];
    return fields.toSorted((a, b) => b.since.captured_at.localeCompare(a.since.captured_at))[0];
  }
}

// How a character grew: numbers over time, as the program keeps them beside the versions.
import { call, type Growth } from "../api";
import { Asked } from "./asked.svelte";

export class Progress {
  growth = new Asked<Growth>();

  show(character: string, epoch: number): Promise<void> {
    return this.growth.ask(`${character}#${epoch}`, () => call("character.progress", { character }));
  }
}

// What was cut out of this library at the door. Whether anything is cut, the configuration says.
import { call, type Cuts } from "../api";

class CutOut {
  /** What was cut; none until it is known. */
  found = $state.raw<Cuts | null>(null);

  async look(): Promise<void> {
    this.found = await call("privacy.cuts", {}).catch(() => null);
  }
}

export const cutOut = new CutOut();

// Whether other players' rows are cut out at the door, and what was cut out of this library.
import { call, type Cuts } from "../api";

const KEY = "privacy.minimise";

class CutOut {
  /** What was cut; none until it is known. */
  found = $state.raw<Cuts | null>(null);
  /** Whether it is cut now, and who says so. */
  setting = $state.raw<{ on: boolean; origin: string } | null>(null);

  async look(): Promise<void> {
    const [found, configuration] = await Promise.all([
      call("privacy.cuts", {}).catch(() => null),
      call("app.configuration", {}).catch(() => null),
    ]);
    const value = configuration?.values.find((one) => one.key === KEY);
    this.found = found;
    this.setting = value ? { on: value.value !== "false", origin: value.origin } : null;
  }
}

export const cutOut = new CutOut();

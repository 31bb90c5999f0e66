// The catalogue in use. Screens read `t` and never hold words of their own.
import { en, type Catalogue } from "./en";

export const t: Catalogue = en;
export * from "./format";

// Takes the class emblems out of the game-icons set at build time, so that four thousand others stay out of the bundle.
import { createRequire } from "node:module";
import type { Plugin } from "vite";

const MODULE = "virtual:emblems";

/** Emblems by their names in game-icons.net (CC BY 3.0: Lorc, Delapouite and contributors). */
const NAMES = [
  "battle-axe",
  "lyre",
  "holy-symbol",
  "oak-leaf",
  "crossed-swords",
  "fist",
  "winged-shield",
  "bow-arrow",
  "daggers",
  "magic-swirl",
  "warlock-eye",
  "wizard-staff",
  "gear-hammer",
  "dice-twenty-faces-twenty",
];

export function emblems(): Plugin {
  return {
    name: "backstory-emblems",
    resolveId: (id) => (id === MODULE ? `\0${MODULE}` : undefined),
    load(id) {
      if (id !== `\0${MODULE}`) return undefined;
      const set = createRequire(import.meta.url)("@iconify-json/game-icons/icons.json") as {
        icons: Record<string, { body: string }>;
      };
      const paths = Object.fromEntries(NAMES.map((name) => [name, pathOf(name, set.icons[name]?.body)]));
      return `export default ${JSON.stringify(paths)};`;
    },
  };
}

/** The one path of an icon. Only its outline crosses into the app: no markup. */
function pathOf(name: string, body: string | undefined): string {
  const path = body?.match(/ d="([^"]+)"/)?.[1];
  if (!path) throw new Error(`game-icons has no plain outline for ${name}`);
  return path;
}

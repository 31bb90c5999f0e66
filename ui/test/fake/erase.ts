// What there is to erase, and the receipt of it.
import type { CharacterEntry, Erased, ErasePlan, Scope } from "../../src/api";

export function erasePlan(scope: Scope, people: readonly CharacterEntry[]): ErasePlan {
  const whose = scope.what === "character" ? people.filter((one) => one.id === scope.character) : people;
  const folder = "/home/ada/.local/share/backstory";
  const everything = scope.what === "everything";
  return {
    scope,
    name: everything ? null : (whose[0]?.name ?? null),
    counts: {
      characters: whose.length,
      versions: whose.reduce((sum, one) => sum + one.versions, 0),
      captures: whose.reduce((sum, one) => sum + one.captures, 0),
    },
    store: null,
    places: everything
      ? [
          { kind: "session", path: "", files: 0, bytes: 0 },
          { kind: "settings", path: "/home/ada/.config/app.backstory.desktop", files: 2, bytes: 812 },
          { kind: "library", path: `${folder}/library.sqlite`, files: 3, bytes: 41_200_000 },
        ]
      : [{ kind: "copies", path: `${folder}/library.before-5.sqlite`, files: 1, bytes: 39_000_000 }],
    beyond: [
      { kind: "sources", path: null },
      { kind: "files", path: null },
      { kind: "configuration", path: "/home/ada/.config/backstory/config.toml" },
    ],
    token: `${scope.what} ${whose.length}`,
  };
}

export function erasedReceipt(everything: boolean): Erased {
  return {
    receipt: {
      number: "BS-20250804-1408-7F3A09C2",
      receipt: {
        form: 1,
        program: "0.1.0",
        everything,
        asked_at: "2025-08-04T14:07:00Z",
        finished_at: "2025-08-04T14:08:00Z",
        interrupted: 0,
        counts: { characters: 15, versions: 763, captures: 900 },
        store: false,
        removed: [{ kind: "library", files: 3, bytes: 41_200_000 }],
        sweep: { files: 0, bytes: 0, searched: 4_012, traces: 0 },
        beyond: ["sources", "files"],
      },
      key: "00",
      signature: "00",
    },
    text: "Backstory: receipt BS-20250804-1408-7F3A09C2\n\nEverything: 15 characters, 763 versions\n",
  };
}

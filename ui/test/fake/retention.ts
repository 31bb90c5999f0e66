// How long versions are kept, as far as the double knows: by the policy, of made-up numbers.
import type {
  CharacterEntry,
  RetentionGet,
  RetentionPolicy,
  RetentionPreview,
  RetentionSet,
  RetentionView,
} from "../../src/api";

const NOTHING: RetentionPolicy = {
  keep_all_days: null,
  daily_until_days: null,
  weekly_until_days: null,
  monthly_forever: false,
  max_versions_per_character: null,
  max_total_size_mb: null,
  archive_after_days: null,
  auto_delete_after_days: null,
  anonymise_instead_of_delete: false,
};

const PRESETS: RetentionView["presets"] = [
  { preset: "everything", policy: NOTHING },
  {
    preset: "thinned",
    policy: {
      ...NOTHING,
      keep_all_days: 30,
      daily_until_days: 90,
      weekly_until_days: 365,
      monthly_forever: true,
      max_versions_per_character: 100,
    },
  },
  {
    preset: "small",
    policy: {
      ...NOTHING,
      keep_all_days: 7,
      daily_until_days: 30,
      weekly_until_days: 90,
      monthly_forever: true,
      max_versions_per_character: 50,
      archive_after_days: 90,
    },
  },
];

export class FakeRetention {
  #own: RetentionPolicy | null = null;
  #characters = new Map<string, RetentionPolicy>();
  /** The clock stands far from what the library has seen. */
  held = false;

  view(people: readonly CharacterEntry[]): RetentionView {
    const policy = this.#own ?? NOTHING;
    const named = (policy: RetentionPolicy) =>
      PRESETS.find((entry) => JSON.stringify(entry.policy) === JSON.stringify(policy))?.preset ?? null;
    return {
      policy,
      preset: named(policy),
      zone: "Europe/Berlin",
      own: this.#own !== null,
      characters: [...this.#characters].map(([character, policy]) => ({
        character,
        name: people.find((one) => one.id === character)?.name ?? character,
        policy,
        preset: named(policy),
      })),
      presets: PRESETS,
    };
  }

  set({ character, policy }: RetentionSet): void {
    if (!character) this.#own = policy ?? null;
    else if (policy) this.#characters.set(character, policy);
    else this.#characters.delete(character);
  }

  preview({ at }: RetentionGet, people: readonly CharacterEntry[]): RetentionPreview {
    const thins = this.#own !== null && (this.#own.keep_all_days ?? null) !== null;
    const whose = people.filter((one) => one.name === "Rekor" && !this.#characters.has(one.id));
    const drop = thins && whose.length > 0 ? (at ? 9 : 4) : 0;
    return {
      at: at ?? "2026-11-30T12:00:00Z",
      keep: 29 - drop,
      archive: 0,
      drop,
      kept_for: [
        { reason: "newest", count: 1 },
        { reason: "daily", count: 12 },
      ],
      dropped_for: drop > 0 ? [{ reason: "not_last_of_day", count: drop }] : [],
      characters: whose.map((one) => ({
        character: one.id,
        name: one.name,
        keep: 29 - drop,
        archive: 0,
        drop,
        going:
          drop > 0
            ? [
                {
                  character: one.id,
                  version: 7,
                  id: "v7",
                  captured_at: "2025-07-05T20:00:00Z",
                  reason: "not_last_of_day",
                },
              ]
            : [],
        anonymise: false,
      })),
      warnings: drop > 0 ? [{ code: "count_bites", character: whose[0]?.id ?? null, count: 2 }] : [],
      held:
        this.held && drop > 0
          ? { by: "clock_ahead", now: "2036-11-30T12:00:00Z", seen: "2026-11-30T12:00:00Z" }
          : null,
      token: `token ${drop}`,
    };
  }
}

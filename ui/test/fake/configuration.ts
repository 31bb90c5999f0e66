// The configuration file over the bridge's double.
import type { ConfigTakes, Configuration, ConfigValue } from "../../src/api";

const whole = (least: number, most: number): ConfigTakes => ({ kind: "whole", least, most });
const value = (key: string, value: string | null, takes: ConfigTakes): ConfigValue => ({
  key,
  value,
  takes,
  layer: "default",
  origin: "default",
  at_once: key !== "library",
});

export const FILE = "/home/ada/.config/backstory/config.toml";

/** What holds without a word said. */
export const silent: Configuration = {
  file: null,
  values: [
    value("library", "home", { kind: "text" }),
    value("privacy.minimise", "true", { kind: "yes_no" }),
    value("backup.folder", null, { kind: "text" }),
    value("backup.daily", "7", whole(0, 366)),
    value("backup.weekly", "4", whole(0, 520)),
    value("backup.monthly", "12", whole(0, 1200)),
    value("cache.backend", "memory", { kind: "choice", names: ["none", "memory", "redis", "tiered"] }),
    value("cache.memory.max_memory_mb", "32", whole(1, 1_000_000)),
    value("cache.memory.max_size", "1000", whole(1, 10_000_000)),
    value("cache.redis.redis_url", null, { kind: "text" }),
    value("alerts.notify", "false", { kind: "yes_no" }),
    value("alerts.disk_percent", "10", whole(0, 90)),
    value("alerts.silent_days", "7", whole(1, 3650)),
    value("alerts.slow_ms", "1000", whole(1, 600_000)),
    value("alerts.error_percent", "5", whole(1, 100)),
    value("alerts.hit_percent", "80", whole(0, 95)),
    value("alerts.memory_percent", "80", whole(1, 100)),
    value("alerts.memory_limit_mb", "1024", whole(64, 1_000_000)),
    value("alerts.denied", "10", whole(1, 1_000_000)),
    value("metrics.listen", null, { kind: "text" }),
  ],
};

/** The same with a value written into the file, or taken out of it. */
export function configured(before: Configuration, key: string, said: string | null): Configuration {
  const at = before.values.findIndex((value) => value.key === key);
  const there = before.values[at]!;
  if (said !== null && there.takes.kind === "whole" && Number(said) > there.takes.most)
    throw {
      code: "config_invalid",
      message: `\`${key}\` must be a whole number from ${there.takes.least} to ${there.takes.most}, and is ${said}.`,
      hint: "docs/configuration.md has every key and what it takes.",
      retryable: false,
    };
  const now: ConfigValue =
    said === null
      ? silent.values[at]!
      : {
          ...there,
          value: said.replace(/:[^:@]*@/, ":…@"),
          layer: "file",
          origin: `${FILE}, line ${at + 1}`,
        };
  return { file: FILE, values: before.values.with(at, now) };
}

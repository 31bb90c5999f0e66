// The window with invented characters, for looking at it: ?theme=dark&layout=list&at=rekor&empty&sample&readonly&crowd=100000
import "../src/styles/index.css";
import { connect } from "../src/api";
import { start } from "../src/start";
import { router } from "../src/state/router.svelte";
import { FakeBridge, someFiles } from "../test/fake";
import { crowd } from "../test/fake/people";
import type { Layout, Theme } from "../src/api";

const asked = new URLSearchParams(location.search);
const size = Number(asked.get("crowd") ?? 0);

const bridge = new FakeBridge({
  preferences: {
    theme: (asked.get("theme") as Theme) ?? "system",
    layout: (asked.get("layout") as Layout) ?? "grid",
  },
  files: someFiles,
  sample: asked.has("sample"),
  delay: Number(asked.get("delay") ?? 0),
  ...(asked.has("hang") ? { hangsAfter: 5 } : {}),
  ...(asked.has("empty") ? { characters: [] } : size > 0 ? { characters: crowd(size) } : {}),
  ...(asked.has("readonly") ? { readOnly: "newer" } : {}),
});

const pick = (version: number, character = "ddb-102") => ({ character, version });
const places: Record<string, () => void> = {
  rekor: () =>
    router.reset({
      name: "character",
      id: asked.get("id") ?? "ddb-102",
      version: asked.has("v") ? Number(asked.get("v")) : null,
    }),
  compare: () => router.reset({ name: "compare", a: pick(28), b: pick(29), mode: "sheet" }),
  other: () => router.reset({ name: "compare", a: pick(1, "ddb-105"), b: pick(29), mode: "sheet" }),
  raw: () => router.reset({ name: "compare", a: pick(28), b: pick(29), mode: "raw" }),
  import: () => router.reset({ name: "import" }),
};

connect(bridge);
places[asked.get("at") ?? ""]?.();
void start().then(() => {
  if (asked.has("files"))
    bridge.emit({ event: "dropped", selection: 1, names: someFiles.map((file) => file.path) });
  if (asked.has("hover")) bridge.emit({ event: "drop_hover", count: 3 });
});

// Another language reaches every word: a catalogue of marked words is drawn, and nothing unmarked may stand anywhere.
import { render, screen, waitFor } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { tick } from "svelte";
import { afterEach, describe, expect, it } from "vitest";
import App from "../src/App.svelte";
import { connect } from "../src/api";
import { app } from "../src/state/app.svelte";
import { imports, type ImportTab } from "../src/state/imports.svelte";
import { noFilter } from "../src/state/filter";
import { router, type Route } from "../src/state/router.svelte";
import { toasts } from "../src/state/toasts.svelte";
import { languageFor, speak, use } from "../src/text";
import { en, type Catalogue } from "../src/text/en";
import { germanErrors, inGerman } from "../src/text/errors.de";
import { FakeBridge, someFiles, type FakeOptions } from "./fake";
import { alert } from "./fake/storage";

const [OPEN, CLOSE] = ["⟦", "⟧"];

/** The same catalogue with every word between marks. */
function marked<T>(part: T): T {
  if (typeof part === "string") return `${OPEN}${part}${CLOSE}` as T;
  if (typeof part === "function")
    return ((...args: unknown[]) => {
      const said: unknown = part(...args);
      return typeof said === "string" && said !== "" ? `${OPEN}${said}${CLOSE}` : said;
    }) as T;
  if (Array.isArray(part)) return part.map(marked) as T;
  if (typeof part === "object" && part !== null)
    return Object.fromEntries(Object.entries(part).map(([key, value]) => [key, marked(value)])) as T;
  return part;
}

const pseudo: Catalogue = { ...marked(en), locale: "en", help: { ...marked(en.help), texts: [] } };

/** What is no word of the window: marks, keys, names of marks. */
const NO_WORD = /^[\s\d\p{P}\p{S}\p{Script=Han}]*$/u;
/** Dates in signs that no word of another language has. */
const PSEUDO_DATES = "zh-u-nu-hanidec";
const ADDRESS = /^https:\/\/\S+$/;
const KEYS = /^((Ctrl|Alt|Shift|Esc|Enter|Home|End|F\d|Backstory|\d|[\p{P}\p{S}\s]|\b[A-Z]\b)+)$/u;

/** Every text and name on the page that no catalogue said. */
function unmarked(bridge: FakeBridge): string[] {
  const isData = dataOf(bridge);
  const found: string[] = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT);
  const check = (text: string | null | undefined) => {
    const rest = (text ?? "").trim();
    if (!rest || NO_WORD.test(rest) || KEYS.test(rest) || ADDRESS.test(rest)) return;
    if (rest.includes(OPEN) || rest.includes(CLOSE) || isData(rest)) return;
    found.push(rest);
  };
  for (let node: Node | null = walker.currentNode; node; node = walker.nextNode()) {
    if (node instanceof Text) {
      if (!node.parentElement?.closest("style, script")) check(node.data);
    } else if (node instanceof Element)
      for (const name of ["aria-label", "title", "placeholder", "alt", "aria-valuetext"])
        check(node.getAttribute(name));
  }
  return [...new Set(found)];
}

/** Whether a text is put together from what the program behind the window said: names, sentences, numbers. */
function dataOf(bridge: FakeBridge): (text: string) => boolean {
  const said: string[] = [];
  const gather = (value: unknown): void => {
    if (typeof value === "string") said.push(value);
    else if (typeof value === "object" && value !== null)
      for (const [key, inner] of Object.entries(value)) {
        said.push(key.replaceAll("_", " "));
        gather(inner);
      }
  };
  bridge.answered.forEach(gather);
  const all = said.join("\n").toLowerCase();
  return (text) =>
    all.includes(text.toLowerCase()) ||
    text
      .toLowerCase()
      .split(/[\n:+−\d\p{Script=Han}〇]+/u)
      .every((piece) => all.includes(piece.trim()));
}

async function open(route: Route, options: FakeOptions = {}): Promise<FakeBridge> {
  const bridge = new FakeBridge({ files: someFiles, ...options });
  connect(bridge);
  router.reset(route);
  app.epoch += 1;
  await app.start();
  use(pseudo, PSEUDO_DATES);
  render(App);
  await tick();
  return bridge;
}

/** Everything that was asked is answered, and drawn. */
async function drawn(bridge: FakeBridge): Promise<void> {
  await waitFor(() => expect(bridge.waiting).toBe(0));
  await tick();
}

afterEach(() => {
  imports.batch = null;
  imports.tab = "files";
  imports.asksConsent = false;
  app.overview = null;
  app.failure = null;
  toasts.list = [];
  use(en, "en");
});

const version = (version: number) => ({ character: "ddb-102", version });
const SCREENS: [string, Route, FakeOptions?][] = [
  ["the list as cards", { name: "characters", filter: noFilter }],
  ["the list as rows", { name: "characters", filter: noFilter }, { preferences: { layout: "list" } }],
  ["the first run", { name: "characters", filter: noFilter }, { characters: [] }],
  ["the history", { name: "character", id: "ddb-102", version: null }],
  ["comparing", { name: "compare", a: version(28), b: version(29), mode: "sheet" }],
  ["the documents", { name: "compare", a: version(28), b: version(29), mode: "raw" }],
  ["settings", { name: "settings" }, { preferences: { pinned: ["ddb-102"] } }],
  ["storage and health", { name: "storage" }, { alerts: [alert] }],
  ["help", { name: "help" }],
];

describe("the program's errors in German", () => {
  const generated = readFileSync(join(__dirname, "../src/api/generated/api.ts"), "utf8");
  const codes = [...(/export type Code = ([^;]+);/.exec(generated)?.[1] ?? "").matchAll(/"(\w+)"/g)].map(
    (match) => match[1]!,
  );

  it("have whole sentences for every code", () => {
    expect(codes.length).toBeGreaterThan(30);
    expect(Object.keys(germanErrors).sort()).toEqual(codes.toSorted());
    for (const code of codes) {
      const said = inGerman({ code, message: "It broke.", kept: "It is kept.", hint: "Mend it." });
      expect(said.message, code).toMatch(/^\p{Lu}.*\.$/u);
      expect(said.kept, code).toMatch(/\.$/);
      if (said.hint !== null) expect(said.hint, code).toMatch(/^\p{Lu}.*\.$/u);
      expect(`${said.message} ${said.hint}`, code).not.toContain("!");
    }
  });

  it("name where something lies, and stay as they are where the code is not known", () => {
    const error = { code: "storage_failed", message: "It broke.", kept: "It is /home/x.sqlite.", hint: null };
    expect(inGerman(error).kept).toBe("It is /home/x.sqlite.");
    expect(inGerman({ ...error, code: "of_later" })).toEqual({ ...error, code: "of_later" });
  });

  it("stand in the window and on its notes", async () => {
    const busy = {
      code: "store_busy",
      message: "The library is busy.",
      hint: "Wait.",
      retryable: true,
    } as const;
    await open(
      { name: "characters", filter: noFilter },
      { failing: { "app.overview": busy, "sample.open": busy } },
    );
    speak("de", ["de-DE"]);
    app.language = "de";
    expect((await screen.findAllByText(/hält die Bibliothek länger fest/)).length).toBe(1);
    toasts.fail(busy.message, busy);
    await waitFor(() => expect(screen.getAllByText(/hält die Bibliothek länger fest/).length).toBe(2));
    expect(screen.queryByText(/library is busy/)).toBeNull();
  });
});

describe("another language", () => {
  it.each(SCREENS)("reaches every word of %s", async (_, route, options) => {
    const bridge = await open(route, options);
    await waitFor(() => expect(document.querySelector("h1")).toBeTruthy());
    await drawn(bridge);
    expect(unmarked(bridge)).toEqual([]);
  });

  it.each(["files", "paste", "link", "folders"] as ImportTab[])("reaches importing by %s", async (tab) => {
    const bridge = await open({ name: "import" });
    imports.tab = tab;
    if (tab === "folders") await imports.addFolder();
    if (tab === "link") {
      imports.address = "https://www.dndbeyond.com/characters/1";
      await imports.fetch();
    }
    if (tab === "files") imports.take({ selection: 1, names: ["a"] });
    await drawn(bridge);
    expect(unmarked(bridge)).toEqual([]);
  });

  it("reaches the palette and the shortcuts", async () => {
    const bridge = await open({ name: "settings" });
    await userEvent.keyboard("{Control>}k{/Control}");
    await screen.findByRole("combobox");
    await drawn(bridge);
    expect(unmarked(bridge)).toEqual([]);
    await userEvent.keyboard("{Escape}");
    await waitFor(() => expect(screen.queryByRole("combobox")).toBeNull());
    await userEvent.keyboard("?");
    await screen.findByRole("dialog");
    expect(unmarked(bridge)).toEqual([]);
  });

  it("reaches moving to another storage, whatever is known of the place", async () => {
    const bridge = await open({ name: "storage" });
    const stays = ["newer", "differs", "incomplete", "gone"].map((code) => ({
      name: "Rekor",
      code,
      message: "",
    }));
    bridge.moving.look = {
      ...bridge.moving.look,
      there: 3,
      left_alone: 1,
      stays,
      sealing: "lost",
      lasting: false,
    };
    bridge.moving.waits = true;
    const press = async (name: RegExp) =>
      userEvent.click(await screen.findByRole("button", { name, hidden: false }));
    await press(/Move to another storage/);
    await userEvent.click(await screen.findByRole("radio", { name: /A PostgreSQL server/ }));
    expect(unmarked(bridge)).toEqual([]);
    await userEvent.click(screen.getByRole("radio", { name: /A folder/ }));
    await press(/Continue/);
    await userEvent.click(await screen.findByRole("switch", { name: /Copy without encryption/ }));
    expect(unmarked(bridge)).toEqual([]);
    await press(/Rehearse/);
    await press(/⟦Copy⟧/);
    expect(unmarked(bridge)).toEqual([]);
    bridge.moving.end();
    await screen.findByText(/read back and the same/);
    await press(/Switch to/);
    await screen.findByText(/The old one stays as it was/);
    expect(unmarked(bridge)).toEqual([]);
    await press(/Done/);
  });

  it("is the wished one, else the system's, else English", () => {
    expect(languageFor("de", ["en-GB"])).toBe("de");
    expect(languageFor(null, ["fr-FR", "de-AT", "en"])).toBe("de");
    expect(languageFor(null, ["fr-FR"])).toBe("en");
  });

  it("is changed in the settings at once, and the program is told", async () => {
    const bridge = await open({ name: "settings" });
    await userEvent.click(screen.getByRole("radio", { name: /Deutsch/ }));
    expect(await screen.findByRole("heading", { level: 1, name: "Einstellungen" })).toBeTruthy();
    expect(document.documentElement.lang).toBe("de");
    expect(bridge.asked("app.speak").at(-1)).toEqual({ language: "de" });
    expect(bridge.asked("preferences.set").at(-1)).toMatchObject({ language: "de" });
  });
});

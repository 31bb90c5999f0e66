// The whole window over the bridge's double: what a player sees and does.
import { screen, waitFor, within } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { afterEach, describe, expect, it } from "vitest";
import { connect, type WireError } from "../src/api";
import { app } from "../src/state/app.svelte";
import { noFilter } from "../src/state/filter";
import { imports } from "../src/state/imports.svelte";
import { Library } from "../src/state/library.svelte";
import { router } from "../src/state/router.svelte";
import { toasts } from "../src/state/toasts.svelte";
import { FakeBridge, someFiles, type FakeOptions } from "./fake";
import { openWindow as open } from "./open";
import { crowd } from "./fake/people";

const user = userEvent.setup();

afterEach(() => {
  imports.batch = null;
  imports.hovering = 0;
  toasts.list = [];
  app.overview = null;
});

describe("the library", () => {
  it("shows every character with class, last sentence and date", async () => {
    await open();
    const card = await screen.findByRole("button", { name: /Rekor.*Wizard/ });
    expect(card.textContent).toContain("Wizard 9");
    expect(card.textContent).toContain("Reached level 9");
    expect(within(card).getByRole("img", { name: "Level 4 to 9, 23 changes" })).toBeTruthy();
    expect(screen.getByRole("grid", { name: "15 characters" })).toBeTruthy();
  });

  it("asks for what is typed, chosen and sorted", async () => {
    const bridge = await open();
    await user.type(screen.getByRole("textbox", { name: "Filter characters" }), "elf");
    await user.click(screen.getByRole("button", { name: "Class" }));
    await user.click(await screen.findByText("Wizard", { selector: ".checklist span" }));
    await waitFor(() =>
      expect(bridge.asked("characters.list").at(-1)).toEqual({
        sort: "changed",
        offset: 0,
        limit: 100,
        text: "elf",
        classes: ["Wizard"],
      }),
    );
    expect(await screen.findByText(/2 shown, 13 hidden by filters/)).toBeTruthy();
  });

  it("asks for characters before they come into view, and for each once", async () => {
    const bridge = new FakeBridge({ characters: crowd(250) });
    connect(bridge);
    const library = new Library();
    const asked = () => bridge.asked("characters.list").map((query) => (query as { offset: number }).offset);
    await library.show(noFilter, "changed");
    library.need(0, 30);
    expect(asked()).toEqual([0]);
    library.need(20, 50);
    library.need(25, 55);
    expect(asked()).toEqual([0, 100]);
    await waitFor(() => expect(library.at(150)).toBeDefined());
    library.need(220, 249);
    expect(asked()).toEqual([0, 100, 200]);
  });

  it("says how many are hidden when nothing matches, and brings them back", async () => {
    await open();
    await user.type(screen.getByRole("textbox", { name: "Filter characters" }), "zzz");
    expect(await screen.findByRole("heading", { name: "No character matches “zzz”" })).toBeTruthy();
    await user.click(screen.getAllByRole("button", { name: "Show all" })[0]!);
    expect(await screen.findByRole("button", { name: /Rekor.*Wizard/ })).toBeTruthy();
  });

  it("opens a campaign from the sidebar", async () => {
    const bridge = await open();
    await user.click(screen.getByRole("link", { name: /Eldoria/ }));
    await waitFor(() =>
      expect(bridge.asked("characters.list").at(-1)).toMatchObject({ campaign: "Eldoria" }),
    );
  });

  it("moves with the arrows and opens with Enter", async () => {
    await open({ preferences: { layout: "list" } });
    const first = await screen.findByRole("button", { name: "Baldrin Highfoot" });
    first.focus();
    await user.keyboard("{ArrowDown}");
    await waitFor(() => expect(document.activeElement?.textContent).toBe("Rekor"));
    await user.keyboard("{Enter}");
    expect(await screen.findByRole("treegrid", { name: "Versions, newest first" })).toBeTruthy();
  });

  it("focuses the search with / and never while typing", async () => {
    await open();
    await screen.findByRole("button", { name: /Rekor.*Wizard/ });
    await user.keyboard("/");
    const search = screen.getByRole<HTMLInputElement>("textbox", { name: "Filter characters" });
    expect(document.activeElement).toBe(search);
    await user.keyboard("/");
    expect(search.value).toBe("/");
  });

  it("says what happened when the list cannot be read", async () => {
    const failure: WireError = {
      code: "store_busy",
      message: "Another program holds the library.",
      hint: "Close it.",
      retryable: true,
    };
    await open({ failing: { "characters.list": failure } });
    const alert = await screen.findByRole("alert");
    for (const text of ["Another program holds the library.", "What was kept", "Close it.", "Try again"]) {
      expect(alert.textContent).toContain(text);
    }
  });
});

describe("the frame", () => {
  it("greets an empty library with one thing to do", async () => {
    await open({ characters: [] });
    expect(screen.getByRole("heading", { name: "Every version of every character" })).toBeTruthy();
    expect(screen.getByRole("status", { name: "Where your data stands" }).textContent).toContain(
      "Nothing saved yet",
    );
    await user.click(screen.getByRole("button", { name: "Look around with sample characters" }));
    expect(
      await screen.findByText("You are looking at sample characters. Nothing here is saved."),
    ).toBeTruthy();
    await user.click(screen.getByRole("button", { name: "Back to my characters" }));
    expect(await screen.findByRole("heading", { name: "Every version of every character" })).toBeTruthy();
  });

  it("tells the truth about saving", async () => {
    await open();
    expect(
      screen.getByRole("status", { name: "Where your data stands" }).textContent?.replace(/\s+/g, " "),
    ).toContain("Saved on this computer · 15 characters, 763 versions");
  });

  it("says why nothing can be written", async () => {
    await open({ readOnly: "newer" });
    expect(screen.getByText(/made by a newer Backstory/)).toBeTruthy();
  });

  it("paints the theme and saves it", async () => {
    const bridge = await open();
    await user.click(screen.getByRole("radio", { name: "Dark" }));
    expect(document.documentElement.dataset.theme).toBe("dark");
    expect(bridge.asked("preferences.set").at(-1)).toMatchObject({ theme: "dark" });
  });

  it("jumps to a character from the palette", async () => {
    await open();
    await user.keyboard("{Control>}k{/Control}");
    await user.type(await screen.findByRole("combobox", { name: "Search or run a command" }), "rekor");
    await waitFor(() => expect(screen.getAllByRole("option")[0]?.textContent).toContain("Rekor"));
    await user.keyboard("{Enter}");
    expect(await screen.findByRole("heading", { level: 1, name: "Rekor" })).toBeTruthy();
  });

  it("credits the emblems", async () => {
    await open();
    await user.click(screen.getByRole("link", { name: "Settings" }));
    expect(await screen.findByText(/game-icons.net: Lorc, Delapouite and contributors/)).toBeTruthy();
  });
});

describe("the history", () => {
  async function rekor(): Promise<FakeBridge> {
    const bridge = await open();
    router.go({ name: "character", id: "ddb-102", version: null });
    await screen.findByRole("treegrid");
    return bridge;
  }

  it("starts at the newest change and says which version it is", async () => {
    await rekor();
    expect(screen.getByText("version 29 of 451")).toBeTruthy();
    expect(screen.getByRole("row", { selected: true }).textContent).toContain("Reached level 9");
    expect(await screen.findByText("Fire Shield")).toBeTruthy();
  });

  it("moves with J and K and with the ribbon, asking for the version before as well", async () => {
    const bridge = await rekor();
    await user.keyboard("j");
    await waitFor(() =>
      expect(screen.getByRole("row", { selected: true }).textContent).toContain("Rebuilt at level 7"),
    );
    await waitFor(() =>
      expect(bridge.asked("compare.sheets").at(-1)).toEqual({
        from: { character: "ddb-102", version: "27" },
        to: { character: "ddb-102", version: "28" },
      }),
    );
    const slider = screen.getByRole("slider", { name: "Version" });
    slider.focus();
    await user.keyboard("{Home}");
    expect(slider.getAttribute("aria-valuetext")).toMatch(/^Version 1, First saved at level 4, /);
    await user.keyboard("{Shift>}{ArrowRight}{/Shift}");
    await waitFor(() =>
      expect(screen.getByRole("row", { selected: true }).textContent).toContain("Reached level 5"),
    );
  });

  it("compares with the version before on C and comes back", async () => {
    await rekor();
    await user.keyboard("c");
    expect(await screen.findByRole("table")).toBeTruthy();
    expect(router.route).toMatchObject({ name: "compare", a: { version: 28 }, b: { version: 29 } });
    await user.keyboard("{Alt>}{ArrowLeft}{/Alt}");
    expect(await screen.findByRole("treegrid")).toBeTruthy();
  });
});

describe("keeping", () => {
  async function rekor(options: FakeOptions = {}): Promise<FakeBridge> {
    const bridge = await open(options);
    router.go({ name: "character", id: "ddb-102", version: null });
    await screen.findByRole("treegrid");
    return bridge;
  }
  /** Popups are placed by their size, of which this page has none: they are found by their words. */
  const item = (name: string) => screen.findByText(name, { selector: "[role=menuitem] span" });
  const openMenu = (name: string) => user.click(screen.getByRole("button", { name }));
  const chosen = () => screen.getByRole("row", { selected: true });

  it("stops keeping and keeps with L, and Ctrl Z takes it back", async () => {
    const bridge = await rekor();
    await user.keyboard("l");
    expect(await screen.findByText("Version 29 is kept forever.")).toBeTruthy();
    expect(chosen().textContent).toContain("Kept forever");
    await user.keyboard("{Control>}z{/Control}");
    await waitFor(() => expect(chosen().textContent).not.toContain("Kept forever"));
    expect(bridge.asked("version.pin")).toEqual([
      { character: "ddb-102", version: "29", pinned: true },
      { character: "ddb-102", version: "29", pinned: false },
    ]);
    expect(screen.queryByText("Version 29 is kept forever.")).toBeNull();
  });

  it("puts back what could not be written, and says why", async () => {
    const failure: WireError = {
      code: "storage_full",
      message: "There is no room.",
      hint: null,
      retryable: true,
    };
    await rekor({ failing: { "version.pin": failure } });
    await user.keyboard("l");
    expect((await screen.findByRole("alert")).textContent).toContain("There is no room.");
    expect(chosen().textContent).not.toContain("Kept forever");
  });

  it("names a version on F2 and notes on it, each taken back with Undo", async () => {
    const bridge = await rekor();
    await user.keyboard("{F2}");
    const name = await screen.findByRole<HTMLInputElement>("textbox", { name: /^Name/ });
    await waitFor(() => expect(document.activeElement).toBe(name));
    await user.keyboard("Before the vault, tower{Enter}");
    await waitFor(() => expect(chosen().textContent).toContain("Before the vault"));
    expect(bridge.asked("version.tag").at(-1)).toMatchObject({
      add: ["Before the vault", "tower"],
      remove: [],
    });
    await user.keyboard("{Shift>}{F2}{/Shift}");
    await waitFor(() => expect(document.activeElement?.tagName).toBe("TEXTAREA"));
    await user.keyboard("We nearly died.{Control>}{Enter}{/Control}");
    await waitFor(() => expect(chosen().textContent).toContain("We nearly died."));
    await user.keyboard("{Control>}z{/Control}");
    await waitFor(() => expect(chosen().textContent).not.toContain("We nearly died."));
    expect(chosen().textContent).toContain("tower");
  });

  it("goes back to a version from its menu, and forward again", async () => {
    const bridge = await rekor();
    await user.keyboard("{End}");
    await waitFor(() => expect(chosen().textContent).toContain("First saved"));
    await openMenu("More for this version");
    await user.click(await item("Go back to this version"));
    expect(await screen.findByText(/^Version 1 is the newest again, as version 452/)).toBeTruthy();
    await waitFor(() => expect(screen.getByText("version 452 of 452")).toBeTruthy());
    await user.click(screen.getByRole("button", { name: "Undo" }));
    await waitFor(() => expect(bridge.asked("version.restore")).toHaveLength(2));
    expect(bridge.asked("version.restore").at(-1)).toMatchObject({ version: "30" });
  });

  it("saves a version as a file", async () => {
    const bridge = await rekor();
    await openMenu("More for this version");
    expect(await screen.findByText("Edited")).toBeTruthy();
    await user.click(await item("Save as a file…"));
    expect(await screen.findByText("Version 29 is saved as Rekor, version 29.json.")).toBeTruthy();
    expect(bridge.asked("version.save")).toEqual([{ character: "ddb-102", version: "29" }]);
  });

  it("moves a character to the bin and takes it out again", async () => {
    await rekor();
    await openMenu("More for this character");
    await user.click(await item("Move to the bin"));
    expect(await screen.findByText("Rekor is in the bin, with every version.")).toBeTruthy();
    expect(screen.queryByRole("button", { name: /Rekor.*Wizard/ })).toBeNull();
    await user.click(screen.getByRole("button", { name: "Undo" }));
    expect(await screen.findByRole("button", { name: /Rekor.*Wizard/ })).toBeTruthy();
  });

  it("offers the same in the palette, and says why it cannot", async () => {
    await rekor({ readOnly: "newer" });
    await openMenu("More for this version");
    const keep = await item("Keep forever");
    expect(keep.parentElement?.title).toBe("The library is open for reading only");
    await user.keyboard("{Escape}{Control>}k{/Control}");
    await screen.findByRole("combobox");
    expect(screen.getByRole("option", { name: /Compare with…/ })).toBeTruthy();
    expect(screen.queryByRole("option", { name: /Keep forever/ })).toBeNull();
  });

  it("goes from landmark to landmark", async () => {
    await rekor();
    await user.keyboard("{Shift>}{ArrowLeft}{ArrowLeft}{/Shift}");
    await waitFor(() => expect(chosen().textContent).toContain("Before the dragon"));
    await user.keyboard("{Shift>}{ArrowRight}{/Shift}");
    await waitFor(() => expect(chosen().textContent).toContain("Rebuilt at level 7"));
    await user.keyboard("{Home}");
    await waitFor(() => expect(chosen().textContent).toContain("Reached level 9"));
  });
});

describe("asking a value", () => {
  async function rekor(): Promise<FakeBridge> {
    const bridge = await open();
    router.go({ name: "character", id: "ddb-102", version: null });
    await screen.findByText("Fire Shield");
    return bridge;
  }
  const answer = () => document.querySelector<HTMLElement>(".explain")!;

  it("says what a number is made of, and that a skill follows from its ability", async () => {
    await rekor();
    const arcana = screen.getByText("Arcana").closest(".kv")!;
    const number = within(arcana as HTMLElement).getByText("+11");
    number.focus();
    await user.keyboard("{Enter}");
    expect(await screen.findByText(/^Since version 29, November \d+, 2026$/)).toBeTruthy();
    expect(answer().textContent?.replace(/\s+/g, "")).toContain("Intelligence3Proficiency+8Together+11");
    expect(answer().textContent).toContain("Intelligence 16 to 17");
    expect(screen.queryByText("Go to version 29")).toBeNull();
    await user.keyboard("{Escape}");
    await waitFor(() => expect(document.activeElement).toBe(number));
    expect(router.route.name).toBe("character");
  });

  it("leads from a spell to the version that brought it", async () => {
    await rekor();
    await user.click(screen.getByRole("button", { name: "Fireball" }));
    await user.click(await screen.findByText("Go to version 3"));
    expect(await screen.findByText("version 3 of 451")).toBeTruthy();
  });
});

describe("finding a change", () => {
  it("finds what stands on the sheet, steps through the matches, and clears with Escape", async () => {
    await open();
    router.go({ name: "character", id: "ddb-102", version: null });
    await screen.findByRole("treegrid");
    const chosen = () => screen.getByRole("row", { selected: true });
    await user.keyboard("{Control>}f{/Control}quarterstaff");
    const hit = await screen.findByRole("row", { name: /First saved at level 4/ });
    expect(hit.textContent).toContain("Quarterstaff");
    await user.keyboard("{Enter}");
    await waitFor(() => expect(chosen().textContent).toContain("First saved at level 4"));
    await user.keyboard("{Escape}{Escape}");
    expect(await screen.findByRole("row", { name: /Reached level 9/ })).toBeTruthy();
    await user.keyboard("/reached{Tab}");
    (document.activeElement as HTMLElement).blur();
    await user.keyboard("p");
    await waitFor(() => expect(chosen().textContent).toContain("Reached level 5"));
    await user.keyboard("pp");
    await waitFor(() => expect(chosen().textContent).toContain("Reached level 9"));
  });
});

describe("progress", () => {
  it("draws a lane for what moved, folds the rest, and shares the chosen version", async () => {
    await open();
    router.go({ name: "character", id: "ddb-102", version: null });
    await screen.findByRole("treegrid");
    await user.keyboard("gp");
    const points = await screen.findByRole("slider", {
      name: "Hit points: from 40 to 90 in 3 steps, lowest 40, highest 90",
    });
    expect(router.route).toMatchObject({ name: "progress", version: 29 });
    expect(points.getAttribute("aria-valuetext")).toMatch(/^90, Version 29, Reached level 9, /);
    expect(
      screen.getByText(/^In \d+ days Rekor went from level 4 to 9, gained 50 hit points and/),
    ).toBeTruthy();
    expect(screen.getByText(/Never changed: Coins, in gold 27 gp, Armor Class 11\./)).toBeTruthy();
    points.focus();
    await user.keyboard("{ArrowLeft}");
    await waitFor(() => expect(router.route).toMatchObject({ name: "progress", version: 4 }));
    expect(points.getAttribute("aria-valuenow")).toBe("80");
    await user.click(screen.getByRole("button", { name: "Show as lanes" }));
    expect(await screen.findByRole("slider", { name: "Armor Class: 11, never changed" })).toBeTruthy();
    points.focus();
    await user.keyboard("{Enter}");
    expect(await screen.findByText("version 4 of 451")).toBeTruthy();
  });

  it("says the same numbers in a table", async () => {
    await open();
    router.go({ name: "progress", id: "ddb-102", version: null });
    await user.click(await screen.findByRole("tab", { name: "Table" }));
    const row = await screen.findByRole("row", { name: /^29 / });
    expect(
      within(row)
        .getAllByRole("cell")
        .map((cell) => cell.textContent),
    ).toEqual(["9", "90", "14"]);
    await user.click(within(screen.getByRole("row", { name: /^3 / })).getByRole("button"));
    expect(router.route).toMatchObject({ name: "progress", version: 3 });
  });
});

describe("comparing", () => {
  async function compare(): Promise<FakeBridge> {
    const bridge = await open();
    router.go({
      name: "compare",
      a: { character: "ddb-102", version: 28 },
      b: { character: "ddb-102", version: 29 },
      mode: "sheet",
    });
    await screen.findByRole("table");
    return bridge;
  }

  it("steps through the changes with N and P", async () => {
    await compare();
    await user.keyboard("n");
    expect(await screen.findByText(/^Change 1 of/)).toBeTruthy();
    await user.keyboard("nn");
    expect(await screen.findByText(/^Change 3 of/)).toBeTruthy();
    await user.keyboard("p");
    expect(await screen.findByText(/^Change 2 of/)).toBeTruthy();
    expect(document.querySelectorAll("tr.cur")).toHaveLength(1);
  });

  it("swaps, shows equal rows and what a rest resets", async () => {
    const bridge = await compare();
    await user.keyboard("x");
    await waitFor(() =>
      expect(bridge.asked("compare.sheets").at(-1)).toMatchObject({
        from: { version: "29" },
        to: { version: "28" },
      }),
    );
    expect(screen.queryByRole("rowheader", { name: "Species" })).toBeNull();
    await user.keyboard("o");
    expect(await screen.findByRole("rowheader", { name: "Species" })).toBeTruthy();
    await user.click(screen.getByRole("switch", { name: "Also what a rest resets" }));
    expect(await screen.findByRole("rowheader", { name: "Hit points lost" })).toBeTruthy();
  });

  it("copies what is shown as Markdown", async () => {
    await compare();
    await user.keyboard("m");
    expect(await screen.findByText("Copied as Markdown.")).toBeTruthy();
    const copied = await navigator.clipboard.readText();
    expect(copied).toMatch(/^# Rekor\n\nVersion 28 .* → Version 29 .*\n\n## /);
    expect(copied).toContain("Fire Shield");
  });

  it("asks which version to compare with on Shift C, from the history too", async () => {
    await open();
    router.go({ name: "character", id: "ddb-102", version: null });
    await screen.findByRole("treegrid");
    await user.keyboard("{Shift>}C{/Shift}");
    await user.click(await screen.findByText("Reached level 5", { selector: ".opt .cut" }));
    expect(router.route).toMatchObject({ name: "compare", a: { version: 3 }, b: { version: 29 } });
  });

  it("shows the documents on R", async () => {
    const bridge = await compare();
    await user.keyboard("r");
    expect(await screen.findByRole("table", { name: "JSON, side by side" })).toBeTruthy();
    expect(bridge.asked("compare.lines").at(-1)).toMatchObject({ context: 3 });
  });

  it("says so when both sides are one version", async () => {
    await compare();
    router.replace({
      name: "compare",
      a: { character: "ddb-102", version: 29 },
      b: { character: "ddb-102", version: 29 },
      mode: "sheet",
    });
    expect(await screen.findByRole("heading", { name: "These two versions are the same" })).toBeTruthy();
  });
});

describe("importing", () => {
  it("tells what became of every file", async () => {
    const bridge = await open({ files: someFiles });
    bridge.emit({ event: "dropped", selection: 4, names: someFiles.map((file) => file.path) });
    await waitFor(() => expect(bridge.asked("import.start")).toEqual([{ selection: 4, dry_run: true }]));
    expect(
      await screen.findByText("1 new character, 3 new versions, 1 unchanged, 1 cannot be imported"),
    ).toBeTruthy();
    expect(screen.queryByRole("link", { name: /New version/ })).toBeNull();
    await user.click(screen.getByRole("button", { name: "Import 5 files" }));
    await waitFor(() =>
      expect(bridge.asked("import.start").at(-1)).toEqual({ selection: 4, dry_run: false }),
    );
    const list = await screen.findByRole("list", { name: "Files" });
    await waitFor(() => expect(within(list).getAllByRole("listitem")).toHaveLength(6));
    const [failed, changed, added, quiet, identical] = within(list)
      .getAllByRole("listitem")
      .map((row) => row.textContent ?? "");
    expect(failed).toMatch(
      /Not imported.*What happened.*The file stops in the middle.*What was kept.*What to do/s,
    );
    expect(changed).toMatch(/New version of Rekor.*Reached level 9/s);
    expect(added).toContain("New character, Kaeda");
    expect(quiet).toContain("Nothing a player would notice changed");
    expect(identical).toContain("Same as version 32 of Rekor. Counted as a check, nothing stored.");
    expect(screen.getByText("4 saved, 1 already here, 1 not imported")).toBeTruthy();
  });

  it("shows files held over the window", async () => {
    const bridge = await open();
    bridge.emit({ event: "drop_hover", count: 3 });
    expect(await screen.findByText("Drop to import 3 files")).toBeTruthy();
    bridge.emit({ event: "drop_left" });
    await waitFor(() => expect(screen.queryByText("Drop to import 3 files")).toBeNull());
  });

  it("does not import into the samples", async () => {
    const bridge = await open({ sample: true });
    bridge.emit({ event: "dropped", selection: 1, names: ["rekor.json"] });
    expect(await screen.findByText(/Sample characters are open, so nothing can be imported/)).toBeTruthy();
    expect(bridge.asked("import.start")).toEqual([]);
  });

  it("stops on request and says what was kept", async () => {
    const bridge = await open({ files: someFiles, hangsAfter: 2 });
    await user.keyboard("{Control>}o{/Control}");
    await user.click(await screen.findByRole("button", { name: "Import 5 files" }));
    await user.click(await screen.findByRole("button", { name: "Stop" }));
    expect(bridge.asked("job.cancel")).toEqual([{ job: 7 }]);
    expect(await screen.findByText("Stopped. What was read until then is saved: 2 files.")).toBeTruthy();
  });

  it("leads to the character", async () => {
    await open({ files: someFiles });
    await user.keyboard("{Control>}o{/Control}");
    await user.click(await screen.findByRole("button", { name: "Import 5 files" }));
    await user.click((await screen.findAllByRole("link", { name: "New version of Rekor" }))[0]!);
    expect(await screen.findByRole("heading", { level: 1, name: "Rekor" })).toBeTruthy();
  });
});

describe("exporting", () => {
  it("asks how on Ctrl E, and says what was made", async () => {
    const bridge = await open();
    await user.keyboard("{Control>}e{/Control}");
    const dialog = await screen.findByRole("dialog", { name: "Export everything" });
    await user.click(within(dialog).getByRole("radio", { name: /chronicle/ }));
    await user.click(within(dialog).getByRole("button", { name: "Choose a place…" }));
    expect(await screen.findByText(/Saved Characters.md: 3 characters, 52 versions/)).toBeTruthy();
    expect(bridge.asked("export.start")).toEqual([{ characters: [], form: "markdown", redact: false }]);
    await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
  });

  it("locks one character's file only with a passphrase that was typed twice", async () => {
    const bridge = await open();
    await user.click(await screen.findByRole("button", { name: /Rekor.*Wizard/ }));
    await user.click(await screen.findByRole("button", { name: "More for this character" }));
    // Popups are placed by their size, of which this page has none.
    await user.click(await screen.findByText("Export…", { selector: "[role=menuitem] span" }));
    const dialog = await screen.findByRole("dialog", { name: "Export Rekor" });
    await user.click(within(dialog).getByRole("switch", { name: "Lock it with a passphrase" }));
    await user.type(within(dialog).getByLabelText("Passphrase"), "lantern");
    const start = within(dialog).getByRole("button", { name: "Choose a place…" });
    await user.click(start);
    expect(within(dialog).getByText("Type the same passphrase twice.")).toBeTruthy();
    await user.type(within(dialog).getByLabelText("The same again"), "lamp");
    expect(within(dialog).getByText("The two are not the same.")).toBeTruthy();
    await user.click(start);
    expect(bridge.asked("export.start")).toEqual([]);
    await user.clear(within(dialog).getByLabelText("The same again"));
    await user.type(within(dialog).getByLabelText("The same again"), "lantern");
    await user.click(start);
    await waitFor(() =>
      expect(bridge.asked("export.start")).toMatchObject([{ form: "backstory", passphrase: "lantern" }]),
    );
  });

  it("shows what was agreed to and takes it back", async () => {
    const bridge = await open();
    await bridge
      .call("import.link", { address: "https://www.dndbeyond.com/characters/1", agree: true })
      .catch(() => undefined);
    await user.click(await screen.findByRole("link", { name: "Privacy & data" }));
    expect(await screen.findByText(/You agreed on/)).toBeTruthy();
    await user.click(screen.getByRole("button", { name: "Take it back" }));
    expect(await screen.findByText(/and took it back on/)).toBeTruthy();
    expect(screen.queryByRole("button", { name: "Take it back" })).toBeNull();
  });

  it("deletes everything only when that is typed, and shows a receipt", async () => {
    const bridge = await open();
    await user.click(await screen.findByRole("link", { name: "Privacy & data" }));
    expect(await screen.findByText("/home/ada/.local/share/backstory/library.sqlite")).toBeTruthy();
    await user.click(screen.getByRole("button", { name: "Delete all my data…" }));
    const dialog = await screen.findByRole("dialog", { name: "Delete all your data?" });
    const all = within(dialog).getByRole<HTMLButtonElement>("button", { name: "Delete everything" });
    const field = within(dialog).getByRole("textbox");
    await user.type(field, "delete my dog");
    expect(within(dialog).getByText("That is something else")).toBeTruthy();
    expect(all.disabled).toBe(true);
    expect(bridge.asked("erase.start")).toEqual([]);
    await user.clear(field);
    await user.type(field, "delete my data");
    await user.click(all);
    const [asked] = await waitFor(() => {
      const asked = bridge.asked("erase.start");
      expect(asked.length).toBe(1);
      return asked;
    });
    expect(asked).toMatchObject({
      scope: { what: "everything" },
      token: expect.stringContaining("everything"),
    });
    const receipt = await screen.findByRole("dialog", { name: "Your data is deleted" });
    expect(within(receipt).getByText("BS-20250804-1408-7F3A09C2")).toBeTruthy();
    await user.click(within(receipt).getByRole("button", { name: "Save the receipt…" }));
    await waitFor(() => expect(bridge.asked("receipt.save").length).toBe(1));
    await user.click(within(receipt).getByRole("button", { name: "Start fresh" }));
    expect(await screen.findByText(/Every version of every character/)).toBeTruthy();
  });

  it("deletes one character for good from its page", async () => {
    const bridge = await open();
    await user.click(await screen.findByRole("button", { name: /Rekor.*Wizard/ }));
    await user.click(await screen.findByRole("button", { name: "More for this character" }));
    await user.click(await screen.findByText("Delete for good…", { selector: "[role=menuitem] span" }));
    const dialog = await screen.findByRole("dialog", { name: "Delete Rekor for good?" });
    await user.click(within(dialog).getByRole("button", { name: "Delete for good" }));
    const done = await screen.findByRole("dialog", { name: "The character is deleted" });
    expect(bridge.asked("erase.start")).toMatchObject([{ scope: { what: "character" } }]);
    await user.click(within(done).getByRole("button", { name: "Done" }));
    await waitFor(() => expect(router.route.name).toBe("characters"));
  });

  it("shares a character without what is personal", async () => {
    const bridge = await open();
    await user.click(await screen.findByRole("button", { name: /Rekor.*Wizard/ }));
    await user.click(await screen.findByRole("button", { name: "More for this character" }));
    await user.click(await screen.findByText("Share…", { selector: "[role=menuitem] span" }));
    const dialog = await screen.findByRole("dialog", { name: "Share Rekor" });
    const personal = within(dialog).getByRole("switch", { name: "Leave out what is personal" });
    expect(personal.getAttribute("aria-checked")).toBe("true");
    await user.click(within(dialog).getByRole("button", { name: "Choose a place…" }));
    await waitFor(() => expect(bridge.asked("export.start")).toMatchObject([{ redact: true }]));
  });

  it("opens a locked file where it is looked at", async () => {
    const locked: WireError = {
      code: "passphrase_needed",
      message: "This export is encrypted.",
      hint: "Give the passphrase it was made with.",
      retryable: false,
    };
    const file = { path: "Rekor.backstory.age", outcome: "failed", error: locked } as const;
    const result = { ...file, character: null, version: null, captured_at: null, changes: 0 };
    const bridge = await open({ files: [result] });
    bridge.emit({ event: "dropped", selection: 5, names: ["Rekor.backstory.age"] });
    await user.type(await screen.findByLabelText("Passphrase"), "lantern{Enter}");
    await waitFor(() =>
      expect(bridge.asked("import.start").at(-1)).toEqual({
        selection: 5,
        dry_run: true,
        passphrase: "lantern",
      }),
    );
  });
});

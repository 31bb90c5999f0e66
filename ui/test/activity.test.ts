// The Activity screen: what was done, newest first, by day, and whether the log holds together.
import { render, screen, waitFor, within } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { afterEach, describe, expect, it } from "vitest";
import App from "../src/App.svelte";
import { connect } from "../src/api";
import { byDay } from "../src/screens/activity/rows";
import { activity, AREAS, everything, toFilter } from "../src/state/activity.svelte";
import { app } from "../src/state/app.svelte";
import { router } from "../src/state/router.svelte";
import { toasts } from "../src/state/toasts.svelte";
import { FakeBridge, type FakeOptions } from "./fake";
import { openWindow } from "./open";
import { activityLog, rolledBack } from "./fake/activity";
import { people } from "./fake/people";

const user = userEvent.setup();

async function open(options: FakeOptions = {}): Promise<FakeBridge> {
  activity.verdict = null;
  const bridge = await openWindow(options);
  await user.click(screen.getByRole("link", { name: "Activity" }));
  await screen.findByRole("grid", { name: /What was done, newest first/ });
  return bridge;
}

afterEach(() => {
  toasts.list = [];
  app.overview = null;
});

const lastAsked = (bridge: FakeBridge) => bridge.asked("activity.list").at(-1) as { filter: object };

describe("the activity", () => {
  it("tells what was done, to whom, where and by whom, under its day", async () => {
    await open();
    const grid = screen.getByRole("grid", { name: /40 entries/ });
    expect(within(grid).getAllByRole("rowheader")[0]!.textContent).toMatch(/4.* August|August 4/);
    const first = within(grid).getAllByRole("button", { name: /Saved .*, version 29: Reached level 9/ })[0]!;
    const row = first.closest<HTMLElement>("[role=row]")!;
    expect(row.textContent).toContain("rekor.json");
    expect(row.textContent).toContain("You");
    expect(within(grid).getAllByText("Agreed to fetch characters from D&D Beyond").length).toBeGreaterThan(0);
    expect(within(grid).getAllByText("Watched folder").length).toBeGreaterThan(0);
  });

  it("names nobody whom nothing leads to, and opens no such entry", async () => {
    await open();
    const gone = screen.getAllByText("Deleted a character that is gone for good, 12 versions")[0]!;
    expect(gone.tagName).toBe("SPAN");
  });

  it("opens the character of an entry at its version, with the keys alone", async () => {
    await open();
    screen.getAllByRole("button", { name: /version 29: Reached level 9/ })[0]!.focus();
    await user.keyboard("{ArrowDown}{ArrowDown}");
    await waitFor(() =>
      expect(document.activeElement?.textContent).toMatch(/^Keeps .*, version 12 forever$/),
    );
    await user.keyboard("{Enter}");
    await waitFor(() => expect(router.route).toMatchObject({ name: "character", version: 12 }));
    router.back();
    await waitFor(() => expect(router.route.name).toBe("activity"));
    await user.keyboard("{Escape}");
    await waitFor(() => expect(router.route.name).toBe("characters"));
  });

  it("asks for what is chosen", async () => {
    const bridge = await open();
    await user.click(screen.getByRole("button", { name: "Deleted" }));
    await waitFor(() => expect(lastAsked(bridge).filter).toEqual({ actions: [...AREAS.deleted] }));
    await user.click(screen.getByRole("button", { name: "Who" }));
    await user.click(await screen.findByText("Watched folder", { selector: ".checklist span" }));
    await waitFor(() => expect(lastAsked(bridge).filter).toMatchObject({ origin: "watch" }));
    expect(await screen.findByRole("heading", { name: "Nothing that was done matches" })).toBeTruthy();
    await user.click(screen.getByRole("button", { name: "Show all" }));
    await waitFor(() => expect(lastAsked(bridge).filter).toEqual({}));
    await user.click(screen.getByRole("button", { name: "Character" }));
    await user.type(await screen.findByPlaceholderText("A part of the name"), "Rek");
    await user.click(await screen.findByText("Rekor", { selector: ".checklist span" }));
    const rekor = people.find((one) => one.name === "Rekor")!;
    await waitFor(() => expect(lastAsked(bridge).filter).toEqual({ character: rekor.id }));
    expect(screen.getByRole("button", { name: "Character: Rekor" })).toBeTruthy();
  });

  it("asks for the next page behind the one that is there", async () => {
    await open();
    while (activity.hasMore) await activity.more();
    expect(activity.entries.map((entry) => entry.sequence)).toEqual(
      Array.from({ length: 40 }, (_, i) => 40 - i),
    );
  });

  it("says whether the log holds together once it was checked", async () => {
    const bridge = await open();
    expect(screen.getByText("The log was not checked since it was last written to.")).toBeTruthy();
    await user.click(screen.getByRole("button", { name: "Check the log" }));
    expect(await screen.findByText("Checked now: unbroken, 40 entries")).toBeTruthy();
    expect(bridge.asked("activity.verify")).toHaveLength(1);
  });

  it("says what is wrong, and takes the log as it is only where that was asked for", async () => {
    const bridge = await open({ verdict: rolledBack });
    await user.click(screen.getByRole("button", { name: "Check the log" }));
    const alert = await screen.findByRole("alert");
    expect(alert.textContent).toContain("shorter than when it was last seen on this computer");
    expect(bridge.asked("activity.accept")).toHaveLength(0);
    await user.click(within(alert).getByRole("button", { name: "Accept the log as it is" }));
    expect(await screen.findByText("Checked now: unbroken, 40 entries")).toBeTruthy();
  });

  it("writes what is shown to a file", async () => {
    const bridge = await open();
    await user.click(screen.getByRole("button", { name: "Saved" }));
    await user.click(screen.getByRole("button", { name: "Export the log" }));
    await user.click(await screen.findByText("Export as a table", { selector: "[role=menuitem] span" }));
    await waitFor(() =>
      expect(bridge.asked("activity.save")).toEqual([{ filter: { actions: [...AREAS.saved] }, form: "csv" }]),
    );
    expect(await screen.findByText("Activity.csv is written.")).toBeTruthy();
  });

  it("says what happened when the log cannot be read", async () => {
    const failure = { code: "store_busy", message: "Busy.", hint: "Wait.", retryable: true } as const;
    const bridge = new FakeBridge({ failing: { "activity.list": failure } });
    connect(bridge);
    router.reset({ name: "activity" });
    await app.start();
    render(App);
    const alert = await screen.findByRole("alert");
    expect(alert.textContent).toContain("Busy.");
  });
});

describe("the rows", () => {
  it("stand under each day once, and every entry has its place", () => {
    const log = activityLog(people);
    const rows = byDay(log);
    const entries = rows.filter((row) => row.kind === "entry");
    expect(entries.map((row) => row.index)).toEqual(log.map((_, i) => i));
    const days = rows.filter((row) => row.kind === "day").map((row) => new Date(row.at).toDateString());
    expect(new Set(days).size).toBe(days.length);
    expect(rows[0]!.kind).toBe("day");
  });

  it("are asked for by what is wanted, and by nothing else", () => {
    expect(toFilter(everything)).toEqual({});
    const now = new Date("2025-08-04T12:00:00Z");
    const wanted = {
      area: "upkeep",
      character: { id: "ddb-1", name: "Ada" },
      origin: "rest",
      days: 7,
    } as const;
    expect(toFilter(wanted, now)).toEqual({
      actions: [...AREAS.upkeep],
      character: "ddb-1",
      origin: "rest",
      since: "2025-07-28T12:00:00.000Z",
    });
  });
});

// Storage & health over the bridge's double: what a player sees and does there.
import { screen, waitFor, within } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { tick } from "svelte";
import { afterEach, describe, expect, it } from "vitest";
import { growthLine, roomByCharacter, roomByKind } from "../src/screens/storage/room";
import { app } from "../src/state/app.svelte";
import { health } from "../src/state/health.svelte";
import { router } from "../src/state/router.svelte";
import { toasts } from "../src/state/toasts.svelte";
import { FakeBridge, type FakeOptions } from "./fake";
import { openSettled } from "./open";
import { alert, room } from "./fake/storage";

async function open(options: FakeOptions = {}): Promise<FakeBridge> {
  return openSettled(options, { name: "storage" });
}

const user = userEvent.setup();

afterEach(() => {
  toasts.list = [];
  app.overview = null;
  health.health = health.backups = health.room = health.figures = null;
  health.alerts = [];
  health.jobs = [];
});

describe("storage and health", () => {
  it("is reached from the sidebar and says how everything stands", async () => {
    const bridge = await open();
    router.reset();
    await tick();
    await user.click(screen.getByRole("link", { name: "Storage & health" }));
    expect(await screen.findByRole("heading", { level: 1, name: "Storage & health" })).toBeTruthy();
    await waitFor(() => expect(bridge.waiting).toBe(0));
    expect(screen.getByText("Healthy")).toBeTruthy();
    const checks = screen.getByRole("region", { name: "Checks" });
    expect(within(checks).getByText("The library answers")).toBeTruthy();
    expect(within(checks).getByText("Make a new one now.")).toBeTruthy();
    expect(
      within(checks)
        .getAllByRole("img")
        .map((mark) => mark.getAttribute("aria-label")),
    ).toEqual(["Healthy", "Healthy", "Needs you", "Worth a look"]);
  });

  it("shows what takes room, with numbers", async () => {
    await open();
    const kinds = screen.getByRole("region", { name: "By kind" });
    const rows = within(kinds)
      .getAllByRole("row")
      .map((row) =>
        [...row.children]
          .map((cell) => cell.textContent?.trim())
          .filter(Boolean)
          .join(" "),
      );
    expect(rows).toEqual([
      "40 documents, zstd 9 MB",
      "660 documents, zstd+delta 29 MB",
      "Histories and lists 3.2 MB",
      "Backups 82.4 MB",
    ]);
    const characters = screen.getByRole("region", { name: "By character" });
    expect(within(characters).getByRole("row", { name: /2 others 1.9 MB/ })).toBeTruthy();
    expect(screen.getByText("256 MB of documents, kept in 38 MB")).toBeTruthy();
  });

  it("tells what is not well, also in the strip, until it is closed", async () => {
    await open({ alerts: [alert] });
    expect(screen.getByText("Needs you", { selector: ".badge" })).toBeTruthy();
    const told = screen.getByRole("alert");
    expect(told.textContent).toContain(alert.message);
    expect(told.textContent).toContain(alert.hint);
    const strip = screen.getByRole("status", { name: "Where your data stands" });
    expect(strip.textContent).toContain("Something is not well");
    await user.click(within(told).getByRole("button", { name: /^Close:/ }));
    await waitFor(() => expect(screen.queryByRole("alert")).toBeNull());
    expect(strip.textContent).not.toContain("Something is not well");
  });

  it("hears of what is not well from the program", async () => {
    const bridge = await open();
    expect(health.news).toEqual([]);
    bridge.alerts = [alert];
    bridge.emit({ event: "health" });
    await waitFor(() => expect(screen.getByRole("alert").textContent).toContain(alert.message));
  });

  it("makes a backup and shows it", async () => {
    const bridge = await open();
    const backups = screen.getByRole("region", { name: "Backups" });
    const times = () => within(backups).getAllByRole("listitem").length;
    expect(times()).toBe(3);
    await user.click(within(backups).getByRole("button", { name: "Back up now" }));
    await waitFor(() => expect(times()).toBe(4));
    expect(bridge.asked("backup.make")).toHaveLength(1);
    expect(await screen.findByText(/Backed up: 763 versions, 41.2 MB/)).toBeTruthy();
  });

  it("brings a backup back after it was asked twice, and says where the old library is", async () => {
    const bridge = await open();
    const backups = screen.getByRole("region", { name: "Backups" });
    const bring = within(backups).getAllByRole("button", { name: /^Bring back the backup of/ });
    expect(bring, "one that cannot be read is not offered").toHaveLength(2);
    await user.click(bring[0]!);
    expect(bridge.asked("backup.restore")).toEqual([]);
    await user.click(within(backups).getByRole("button", { name: "Bring back" }));
    await waitFor(() => expect(bridge.asked("backup.restore")).toEqual([{ name: "2026-11-29T030000Z" }]));
    expect(await screen.findByText(/library\.aside-2026-11-30-143000\.sqlite/)).toBeTruthy();
  });

  it("tries the newest backup", async () => {
    const bridge = await open();
    await user.click(screen.getByRole("button", { name: "Try the newest" }));
    expect(await screen.findByText(/opens and holds 763 versions/)).toBeTruthy();
    expect(bridge.asked("backup.drill")).toHaveLength(1);
  });

  it("reads everything back, says how far it is and can be stopped", async () => {
    const bridge = await open({ hangsAfter: 0 });
    await user.click(screen.getByRole("button", { name: "Check now" }));
    const bar = await screen.findByRole("progressbar", { name: "Read every version back …" });
    expect(bar.getAttribute("aria-valuenow")).toBe("39");
    expect(screen.getByText("300 of 763")).toBeTruthy();
    expect(screen.getByRole<HTMLButtonElement>("button", { name: "Check now" }).disabled).toBe(true);
    await user.click(screen.getByRole("button", { name: "Stop" }));
    await waitFor(() => expect(screen.queryByRole("progressbar", { name: /Read every/ })).toBeNull());
    expect(bridge.asked("job.cancel")).toEqual([{ job: 7 }]);
    expect(await screen.findByText(/stopped, everything is whole/)).toBeTruthy();
  });

  it("has work done by itself or not, and more or less often", async () => {
    const bridge = await open();
    const jobs = screen.getByRole("region", { name: "Work in the background" });
    const rows = within(jobs).getAllByRole("listitem");
    expect(rows[1]!.textContent).toContain("Not done yet.");
    await user.selectOptions(within(rows[0]!).getByRole("combobox"), "Weekly");
    expect(bridge.asked("jobs.set")).toEqual([{ name: "backup", every_hours: 168 }]);
    await user.click(within(rows[2]!).getByRole("switch"));
    expect(bridge.asked("jobs.set").at(-1)).toEqual({ name: "retell", off: false });
    await user.click(within(rows[1]!).getByRole("button", { name: "Run now: Read every version back" }));
    await waitFor(() => expect(rows[1]!.textContent).toContain("Last done"));
  });

  it("offers what it does in the palette", async () => {
    const bridge = await open();
    await user.keyboard("{Control>}k{/Control}");
    await user.type(await screen.findByRole("combobox", { name: "Search or run a command" }), "> Back up");
    await user.keyboard("{Enter}");
    await waitFor(() => expect(bridge.asked("backup.make")).toHaveLength(1));
  });

  it("says how long the library takes", async () => {
    await open();
    const speed = screen.getByRole("region", { name: "How long the library takes" });
    const row = within(speed).getByRole("row", { name: /Open a document/ });
    expect(row.textContent?.replace(/\s+/g, " ")).toMatch(/44 ?1 ?18 ms ?40 ms ?1.2 s/);
    expect(within(speed).getByText("4 of 20 connections are open, 0 wait for one.")).toBeTruthy();
  });

  it("shows the backups of a library that does not open", async () => {
    const closed = {
      code: "store_damaged",
      message: "The library is damaged.",
      hint: null,
      retryable: false,
    } as const;
    await open({ failing: { "app.overview": closed, "store.room": closed, "jobs.list": closed } });
    expect(screen.getByRole("region", { name: "Backups" })).toBeTruthy();
    expect(screen.queryByRole("region", { name: "Work in the background" })).toBeNull();
  });
});

describe("what takes room", () => {
  it("names the largest and counts the others", () => {
    expect(roomByCharacter(room).map((row) => row.name)).toEqual([
      "Rekor",
      "Ilarion Veles",
      "Friedrich Ivanson",
      "2 others",
    ]);
    expect(roomByCharacter({ ...room, characters: room.characters.slice(0, 4) }).at(-1)?.name).toBe("Kaeda");
    expect(roomByKind({ ...room, backups: 0 }).map((row) => row.bytes)).toEqual([
      9_000_000, 29_000_000, 3_200_000,
    ]);
  });

  it("is a line when it is of more than a day", () => {
    expect(growthLine([])).toBeNull();
    expect(growthLine(room.growth.slice(0, 1))).toBeNull();
    const line = growthLine(room.growth)!;
    expect(line.points).toBe("0,96 436,49 1000,4");
    expect(line.area).toBe("0,100 0,96 436,49 1000,4 1000,100");
  });
});

// Moving the library to another storage: the four steps, pausing, going on, and what is said when it does not go well.
import { screen, waitFor, within } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { tick } from "svelte";
import { afterEach, describe, expect, it, vi } from "vitest";
import { type WireError } from "../src/api";
import { app } from "../src/state/app.svelte";
import { moving } from "../src/state/moving.svelte";
import { router } from "../src/state/router.svelte";
import { toasts } from "../src/state/toasts.svelte";
import { FakeBridge, type FakeOptions } from "./fake";
import { openSettled } from "./open";

const user = userEvent.setup();

async function open(options: FakeOptions = {}): Promise<FakeBridge> {
  const bridge = await openSettled(options, { name: "storage" });
  await user.click(screen.getByRole("button", { name: "Move to another storage" }));
  await screen.findByRole("dialog", { name: "Move to another storage" });
  return bridge;
}

const dialog = () => within(screen.getByRole("dialog"));
const press = async (name: string | RegExp) => user.click(await dialog().findByRole("button", { name }));
const step = () =>
  dialog().getByRole("list", { name: /^Step/ }).querySelector("[aria-current]")?.textContent?.trim();

async function chooseFolder() {
  await user.click(dialog().getByRole("radio", { name: /A folder/ }));
  await press("Continue");
}

afterEach(() => {
  toasts.list = [];
  app.overview = null;
  moving.open = false;
  moving.step = "choose";
  moving.look = moving.rehearsed = moving.copied = moving.switched = moving.failure = null;
});

describe("moving to another storage", () => {
  it("goes through its steps, and nothing is copied before it was rehearsed", async () => {
    const bridge = await open();
    expect(step()).toBe("1Choose");
    await chooseFolder();
    expect(bridge.asked("move.choose")).toEqual([{ to: "folder" }]);
    expect(await dialog().findByText(/15 characters go along, with 763 versions/)).toBeTruthy();
    expect(dialog().getByText("118 GB are free there")).toBeTruthy();
    expect(dialog().queryByRole("button", { name: "Copy" })).toBeNull();
    await press("Rehearse");
    expect(await dialog().findByText(/^Rehearsal: 763 of 763 versions copied/)).toBeTruthy();
    await press("Copy");
    await waitFor(() => expect(step()).toBe("4Switch"));
    expect(dialog().getByText("763 of 763 versions copied, read back and the same")).toBeTruthy();
    await press("Switch to Folder");
    expect(await dialog().findByText(/The old one stays as it was: .*library\.sqlite/)).toBeTruthy();
    await press("Done");
    await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
    expect(moving.look, "the next move begins anew").toBeNull();
  });

  it("says with whom it is and how far, and pauses when it is closed", async () => {
    const bridge = await open();
    bridge.moving.waits = true;
    await chooseFolder();
    await press("Rehearse");
    await press("Copy");
    expect(await dialog().findByText("Copying Ilarion Veles")).toBeTruthy();
    expect(dialog().getByText("488 of 763 versions")).toBeTruthy();
    expect(dialog().getByRole("progressbar").getAttribute("aria-valuenow")).toBe("64");
    expect(dialog().getByRole("button", { name: "Switch to Folder" })).toHaveProperty("disabled", true);
    await user.keyboard("{Escape}");
    await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
    expect(bridge.asked("job.cancel")).toEqual([{ job: 9 }]);
    await waitFor(() => expect(moving.work).toBeNull());
    await user.click(screen.getByRole("button", { name: "Move to another storage" }));
    expect(await dialog().findByText(/^Paused\. What was copied is kept/)).toBeTruthy();
    bridge.moving.waits = false;
    await press("Go on copying");
    await waitFor(() => expect(step()).toBe("4Switch"));
  });

  it("says how long it takes once that can be said", async () => {
    const now = vi.spyOn(performance, "now");
    const bridge = await open();
    bridge.moving.waits = true;
    await chooseFolder();
    await press("Rehearse");
    const answers = bridge.moving;
    await press("Copy");
    await dialog().findByText("488 of 763 versions");
    expect(moving.left).toBeNull();
    now.mockReturnValue(performance.now() + 10_000);
    moving.hear({ event: "advanced", done: 688, total: 1526 });
    // 200 in ten seconds, 838 to go.
    expect(moving.left).toBeGreaterThan(40);
    expect(moving.left).toBeLessThan(43);
    now.mockRestore();
    answers.end();
    await waitFor(() => expect(step()).toBe("4Switch"));
  });

  it("stops and removes the copy, and begins anew", async () => {
    const bridge = await open();
    bridge.moving.waits = true;
    await chooseFolder();
    await press("Rehearse");
    await press("Copy");
    await press("Stop and remove the copy");
    await waitFor(() => expect(bridge.asked("move.remove")).toHaveLength(1));
    expect(bridge.calls.map(({ command }) => command)).toContain("job.cancel");
    await waitFor(() => expect(step()).toBe("1Choose"));
    expect(await screen.findByText("The copy is removed. Your library is as it was.")).toBeTruthy();
  });

  it("goes on with a move that an earlier window paused", async () => {
    const bridge = await open();
    bridge.moving.look = { ...bridge.moving.look, begun: true, there: 4, skipped: 300, versions: 463 };
    await chooseFolder();
    expect(step()).toBe("3Copy");
    expect(await dialog().findByText(/^Paused/)).toBeTruthy();
    expect(dialog().getByRole("button", { name: "Stop and remove the copy" })).toBeTruthy();
  });

  it("offers nothing to be removed where a library was before", async () => {
    const bridge = await open();
    const stays = [{ name: "Rekor", code: "differs", message: "" }];
    bridge.moving.look = { ...bridge.moving.look, there: 6, left_alone: 2, stays };
    bridge.moving.waits = true;
    await chooseFolder();
    expect(await dialog().findByText(/A library with 6 characters is there already/)).toBeTruthy();
    expect(dialog().getByText("Rekor: both libraries have something the other lacks")).toBeTruthy();
    await press("Rehearse");
    await press("Copy");
    expect(await dialog().findByRole("button", { name: "Pause" })).toBeTruthy();
    expect(dialog().queryByRole("button", { name: "Stop and remove the copy" })).toBeNull();
    await press("Pause");
    expect(await dialog().findByRole("button", { name: "Another place" })).toBeTruthy();
  });

  it("copies an encrypted library plainly only where the player says so", async () => {
    const bridge = await open();
    bridge.moving.look = { ...bridge.moving.look, sealing: "lost", rehearses_whole: false };
    await chooseFolder();
    expect(await dialog().findByText(/Your library is encrypted, and the copy will not be/)).toBeTruthy();
    expect(dialog().getByRole("button", { name: "Rehearse" })).toHaveProperty("disabled", true);
    await user.click(dialog().getByRole("switch", { name: "Copy without encryption" }));
    await press("Rehearse");
    await waitFor(() => expect(bridge.asked("move.rehearse")).toEqual([{ plain: true }]));
  });

  it("takes the address of a server and never shows it again", async () => {
    const bridge = await open();
    await user.click(dialog().getByRole("radio", { name: /PostgreSQL/ }));
    await user.type(dialog().getByLabelText("Address of the database"), "postgresql://ada:s3cret@nas/lib");
    await press("Continue");
    expect(bridge.asked("move.choose")).toEqual([
      { to: "server", address: "postgresql://ada:s3cret@nas/lib" },
    ]);
    await waitFor(() => expect(step()).toBe("2Rehearse"));
    await user.keyboard("{Escape}");
    await waitFor(() => expect(step()).toBe("1Choose"));
    expect(document.body.innerHTML).not.toContain("s3cret");
    await user.keyboard("{Escape}");
    await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
  });

  it("says what happened and what was kept where the disk is full, and tries again", async () => {
    const full: WireError = {
      code: "storage_full",
      message: "There is no room left.",
      kept: "What was copied until then stays.",
      hint: "Free some room.",
      retryable: false,
    };
    const failing: FakeOptions["failing"] = { "move.start": full };
    await open({ failing });
    await chooseFolder();
    await press("Rehearse");
    await press("Copy");
    const told = await dialog().findByRole("alert");
    for (const part of [full.message, full.kept, full.hint]) expect(told.textContent).toContain(part);
    expect(dialog().getByRole("button", { name: "Stop and remove the copy" })).toBeTruthy();
    delete failing["move.start"];
    await press("Try again");
    await waitFor(() => expect(step()).toBe("4Switch"));
  });

  it("is in the palette wherever the player is", async () => {
    await open();
    await user.keyboard("{Escape}");
    router.reset();
    await tick();
    await user.keyboard("{Control>}k{/Control}");
    await user.type(await screen.findByRole("combobox"), "> Move to another");
    await user.keyboard("{Enter}");
    expect(await screen.findByRole("dialog", { name: "Move to another storage" })).toBeTruthy();
  });
});

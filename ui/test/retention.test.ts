// How long versions are kept: what is set, what is shown, and that nothing goes without a deliberate yes.
import { screen, waitFor, within } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { afterEach, describe, expect, it } from "vitest";
import { app } from "../src/state/app.svelte";
import { noFilter } from "../src/state/filter";
import { retention } from "../src/state/retention.svelte";
import { router } from "../src/state/router.svelte";
import { toasts } from "../src/state/toasts.svelte";
import { FakeBridge, type FakeOptions } from "./fake";
import { openWindow } from "./open";

const user = userEvent.setup();

async function settings(options: FakeOptions = {}): Promise<FakeBridge> {
  const bridge = await openWindow(options);
  router.go({ name: "storage" });
  await screen.findByRole("heading", { name: "How long versions are kept" });
  return bridge;
}

afterEach(() => {
  toasts.list = [];
  app.overview = null;
  retention.view = retention.preview = null;
  retention.place = 0;
  retention.asking = false;
});

describe("how long versions are kept", () => {
  it("keeps everything until somebody says otherwise, and takes that back with one key", async () => {
    const bridge = await settings();
    const everything = await screen.findByRole("radio", { name: "Keep everything" });
    expect(everything.getAttribute("aria-checked")).toBe("true");
    expect(screen.queryByRole("button", { name: "Let them go now…" })).toBeNull();
    await user.click(screen.getByRole("radio", { name: "Thin out" }));
    await waitFor(() =>
      expect(bridge.asked("retention.set").at(-1)).toMatchObject({
        policy: { keep_all_days: 30, daily_until_days: 90, weekly_until_days: 365, monthly_forever: true },
      }),
    );
    expect(await screen.findByText("25 versions stay, 4 go.")).toBeTruthy();
    await user.click(await screen.findByRole("button", { name: "Undo" }));
    await waitFor(() => expect(bridge.asked("retention.set").at(-1)).toEqual({}));
    expect(await screen.findByText("29 versions stay, 0 go.")).toBeTruthy();
  });

  it("changes one rule, and empties it", async () => {
    const bridge = await settings();
    await user.click(await screen.findByText("Every rule"));
    const days = screen.getByLabelText(/Keep every version for/);
    await user.type(days, "14");
    await user.tab();
    await waitFor(() =>
      expect(bridge.asked("retention.set").at(-1)).toMatchObject({ policy: { keep_all_days: 14 } }),
    );
    await waitFor(() => expect(screen.getByRole("radio", { name: "Your own" })).toBeTruthy());
    await user.clear(screen.getByLabelText(/Keep every version for/));
    await user.tab();
    await waitFor(() =>
      expect(bridge.asked("retention.set").at(-1)).toMatchObject({ policy: { keep_all_days: null } }),
    );
    const count = bridge.asked("retention.set").length;
    await user.type(screen.getByLabelText(/At most so many of one character/), "1");
    await user.tab();
    expect(bridge.asked("retention.set").length).toBe(count);
  });

  it("shows a day to come and lets nothing go there", async () => {
    const bridge = await settings();
    await user.click(await screen.findByRole("radio", { name: "Thin out" }));
    await screen.findByText("25 versions stay, 4 go.");
    await retention.lookAt(3);
    expect(await screen.findByText("20 versions stay, 9 go.")).toBeTruthy();
    expect(bridge.asked("retention.preview").at(-1)).toHaveProperty("at");
    expect(screen.getByText("Only shown: nothing goes before its time has come.")).toBeTruthy();
    expect(screen.queryByRole("button", { name: "Let them go now…" })).toBeNull();
  });

  it("says why, warns, and asks once before anything goes", async () => {
    const bridge = await settings();
    await user.click(await screen.findByRole("radio", { name: "Thin out" }));
    expect(await screen.findByText("4: a later one of the same day stays")).toBeTruthy();
    expect(screen.getByText(/Rekor: the greatest number takes 2 versions/)).toBeTruthy();
    await user.click(screen.getByText("Rekor: 4 go"));
    expect(screen.getByText(/Version 7, .*A later one of the same day stays\./s)).toBeTruthy();
    await user.click(screen.getByRole("button", { name: "Let them go now…" }));
    const dialog = await screen.findByRole("dialog");
    expect(within(dialog).getByText(/This cannot be undone/)).toBeTruthy();
    expect(bridge.asked("retention.apply")).toEqual([]);
    await user.click(within(dialog).getByRole("button", { name: "Let them go" }));
    await waitFor(() =>
      expect(bridge.asked("retention.apply")).toEqual([
        { at: "2026-11-30T12:00:00Z", token: "token 4", clock_is_right: false },
      ]),
    );
    expect(await screen.findByText("4 versions went.")).toBeTruthy();
  });

  it("does not believe a clock that jumped unless the player does", async () => {
    const bridge = await settings();
    bridge.retention.held = true;
    await user.click(await screen.findByRole("radio", { name: "Thin out" }));
    expect(await screen.findByText(/Nothing goes until you say that the clock is right/)).toBeTruthy();
    await user.click(screen.getByRole("button", { name: "Let them go now…" }));
    await user.click(await screen.findByRole("button", { name: "The clock is right: let them go" }));
    await waitFor(() =>
      expect(bridge.asked("retention.apply").at(-1)).toMatchObject({ clock_is_right: true }),
    );
  });

  it("keeps everything of one character, and lets go of that again", async () => {
    const bridge = await settings();
    await user.click(await screen.findByRole("radio", { name: "Thin out" }));
    await user.click(await screen.findByText("Rekor: 4 go"));
    await user.click(screen.getByRole("button", { name: "Keep everything of Rekor" }));
    expect(await screen.findByText("Has a policy of its own: Keep everything.")).toBeTruthy();
    await user.click(screen.getByRole("button", { name: "As the library" }));
    await waitFor(() =>
      expect(bridge.asked("retention.set").at(-1)).toEqual({ character: expect.any(String) as string }),
    );
  });
});

describe("a character", () => {
  it("shows in its history what the policy will take", async () => {
    await settings();
    router.go({ name: "characters", filter: noFilter });
    await user.click(await screen.findByRole("button", { name: /Rekor.*Wizard/ }));
    expect(await screen.findByText(/^Goes after .*, by the policy$/)).toBeTruthy();
  });

  it("is anonymised at one deliberate yes", async () => {
    const bridge = await settings();
    router.go({ name: "characters", filter: noFilter });
    await user.click(await screen.findByRole("button", { name: /Rekor.*Wizard/ }));
    await user.click(await screen.findByRole("button", { name: "More for this character" }));
    await user.click(await screen.findByText("Anonymise…", { selector: "[role=menuitem] span" }));
    const dialog = await screen.findByRole("dialog", { name: "Anonymise Rekor?" });
    expect(bridge.asked("anonymise.start")).toEqual([]);
    await user.click(within(dialog).getByRole("button", { name: "Anonymise" }));
    await waitFor(() => expect(bridge.asked("anonymise.start")).toHaveLength(1));
    expect(await screen.findByText("It is Anonymous 3f2a from now on.")).toBeTruthy();
  });
});

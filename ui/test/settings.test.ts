// Settings over the bridge's double: what a player sees and changes there.
import { screen, waitFor, within } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import axe from "axe-core";
import { afterEach, describe, expect, it } from "vitest";
import { app } from "../src/state/app.svelte";
import { configuration } from "../src/state/configuration.svelte";
import { toasts } from "../src/state/toasts.svelte";
import { FakeBridge, type FakeOptions } from "./fake";
import { openSettled } from "./open";
import { configured, silent } from "./fake/configuration";

async function open(options: FakeOptions = {}): Promise<FakeBridge> {
  return openSettled(options, { name: "settings" });
}

const user = userEvent.setup();
const group = (name: string) => screen.getByRole("region", { name });
const asked = (bridge: FakeBridge) => bridge.asked("app.configure").at(-1);

afterEach(() => {
  toasts.list = [];
  app.overview = null;
  configuration.now = null;
  configuration.failure = null;
});

describe("settings", () => {
  it("writes a number into the configuration, and undo takes it out again", async () => {
    const bridge = await open();
    const slow = within(group("Alerts")).getByRole("spinbutton", { name: "Slow, in milliseconds" });
    await user.clear(slow);
    await user.type(slow, "500{Enter}");
    await user.tab();
    expect(asked(bridge)).toEqual({ key: "alerts.slow_ms", value: "500" });
    await user.click(await screen.findByRole("button", { name: "Undo" }));
    await waitFor(() => expect(asked(bridge)).toEqual({ key: "alerts.slow_ms", value: null }));
    expect(
      await screen.findByRole<HTMLInputElement>("spinbutton", { name: "Slow, in milliseconds" }),
    ).toHaveProperty("value", "1000");
  });

  it("says what is wrong with a value and goes back to what holds", async () => {
    await open();
    const daily = within(group("Backups")).getByRole("spinbutton", { name: "Daily backups" });
    await user.clear(daily);
    await user.type(daily, "999");
    await user.tab();
    expect(await screen.findByText(/must be a whole number from 0 to 366/)).toBeTruthy();
    await waitFor(() =>
      expect(screen.getByRole<HTMLInputElement>("spinbutton", { name: "Daily backups" }).value).toBe("7"),
    );
  });

  it("takes a value of the file out, so that the default holds", async () => {
    const bridge = await open({ configuration: configured(silent, "cache.backend", "none") });
    const cache = group("Cache");
    expect(within(cache).getByRole("radio", { name: "None" }).getAttribute("aria-checked")).toBe("true");
    await user.click(within(cache).getByRole("button", { name: /Back to the default/ }));
    expect(asked(bridge)).toEqual({ key: "cache.backend", value: null });
    await waitFor(() =>
      expect(within(cache).getByRole("radio", { name: "Memory" }).getAttribute("aria-checked")).toBe("true"),
    );
    expect(within(cache).queryByRole("button", { name: /Back to the default/ })).toBeNull();
  });

  it("leaves alone what a variable says, and tells who says it", async () => {
    const values = silent.values.map((value) =>
      value.key === "privacy.minimise"
        ? { ...value, layer: "environment" as const, origin: "BACKSTORY_PRIVACY__MINIMISE" }
        : value,
    );
    const bridge = await open({ configuration: { file: null, values } });
    const privacy = group("Privacy");
    expect(within(privacy).getByText(/Said by BACKSTORY_PRIVACY__MINIMISE/)).toBeTruthy();
    await user.click(within(privacy).getByRole("switch", { name: "Cut out" }));
    expect(asked(bridge)).toBeUndefined();
  });

  it("never shows a password, and typing replaces what is there", async () => {
    const there = configured(silent, "cache.redis.redis_url", "redis://:hush@here:6379");
    const bridge = await open({ configuration: there });
    const address = screen.getByRole<HTMLInputElement>("textbox", { name: "Address of the Redis" });
    expect([address.value, address.placeholder]).toEqual(["", "redis://:…@here:6379"]);
    await user.click(address);
    await user.tab();
    expect(asked(bridge)).toBeUndefined();
    await user.type(screen.getByRole("textbox", { name: "Address of the Redis" }), "redis://there:6379");
    await user.tab();
    expect(asked(bridge)).toEqual({ key: "cache.redis.redis_url", value: "redis://there:6379" });
    expect(screen.queryByRole("button", { name: "Undo" })).toBeNull();
  });

  it("finds a setting with a word, by the keyboard alone", async () => {
    await open();
    await user.keyboard("/");
    await user.keyboard("megabytes limit");
    const page = screen.getByRole("region", { name: "Settings" });
    const names = () =>
      within(page)
        .queryAllByRole("heading")
        .map((heading) => heading.textContent);
    await waitFor(() => expect(names()).toEqual(["Alerts"]));
    await user.keyboard("xyz");
    expect(await screen.findByText("No setting is called that.")).toBeTruthy();
    await user.keyboard("{Escape}");
    await waitFor(() => expect(names().length).toBeGreaterThan(8));
  });

  it("leads to a group from the left", async () => {
    await open();
    await user.click(screen.getByRole("link", { name: "Cache" }));
    await waitFor(() => expect(document.activeElement?.id).toBe("set-cache"));
    expect(screen.getByRole("link", { name: "Cache" }).getAttribute("aria-current")).toBe("true");
  });

  it("lists every group, and each leads to where it is", async () => {
    await open();
    const links = within(screen.getByRole("navigation", { name: "Groups of settings" })).getAllByRole("link");
    expect(links.map((link) => link.textContent?.trim())).toEqual([
      "Appearance",
      "History",
      "Sources",
      "Storage",
      "Backups",
      "Cache",
      "Alerts",
      "Privacy",
      "Keyboard",
      "About",
    ]);
    for (const link of links) expect(document.querySelector(link.getAttribute("href")!)).toBeTruthy();
  });

  it("has nothing that a tool for accessibility finds", async () => {
    await open({ configuration: configured(silent, "cache.redis.redis_url", "redis://here") });
    const { violations } = await axe.run(document.body, { rules: { "color-contrast": { enabled: false } } });
    expect(violations.map(({ id, nodes }) => [id, nodes.map((node) => node.html)])).toEqual([]);
  });
});

// Encrypting the library in the window: what is asked, and that nothing is encrypted before the phrase is on paper.
import { screen, waitFor } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { tick } from "svelte";
import { afterEach, expect, it } from "vitest";
import { app } from "../src/state/app.svelte";
import { type Route } from "../src/state/router.svelte";
import { toasts } from "../src/state/toasts.svelte";
import { FakeBridge, type FakeOptions } from "./fake";
import { openWindow } from "./open";

const user = userEvent.setup();

async function open(route?: Route, options: FakeOptions = {}): Promise<FakeBridge> {
  return openWindow(options, route);
}

afterEach(() => {
  toasts.list = [];
  app.overview = app.failure = null;
});

it("asks for words of the phrase before anything is encrypted", async () => {
  const bridge = await open({ name: "privacy" });
  await user.click(await screen.findByRole("button", { name: "Encrypt…" }));
  await user.click(await screen.findByRole("radio", { name: /A passphrase/ }));
  await user.type(screen.getByLabelText("Passphrase"), "short");
  await user.click(screen.getByRole("button", { name: "Show the recovery phrase" }));
  expect(await screen.findByText(/At least 8 letters/)).toBeTruthy();
  await user.type(screen.getByLabelText("Passphrase"), " lantern copper");
  await user.type(screen.getByLabelText("The same again"), "short lantern copper");
  await user.click(screen.getByRole("button", { name: "Show the recovery phrase" }));
  expect((await screen.findByRole("list", { name: "Recovery phrase" })).children).toHaveLength(24);
  await user.click(screen.getByRole("button", { name: "I have written it down" }));
  expect(screen.queryByRole("list", { name: "Recovery phrase" })).toBeNull();
  for (const [place, word] of [
    [3, "cword"],
    [11, "another"],
    [20, "tword"],
  ] as const)
    await user.type(screen.getByLabelText(`Word ${place}`), word);
  await user.click(screen.getByRole("button", { name: "Encrypt" }));
  expect(await screen.findByText("Word 11 is another one.")).toBeTruthy();
  expect(bridge.asked("encryption.start")).toHaveLength(0);
  await user.clear(screen.getByLabelText("Word 11"));
  await user.type(screen.getByLabelText("Word 11"), "kword");
  await user.click(screen.getByRole("button", { name: "Encrypt" }));
  await waitFor(() => expect(bridge.asked("encryption.start")).toHaveLength(1));
  expect(bridge.asked("encryption.start")[0]).toMatchObject({
    lock: "passphrase",
    passphrase: "short lantern copper",
    typed: { 3: "cword", 11: "kword", 20: "tword" },
  });
  expect(await screen.findByText("Encrypted")).toBeTruthy();
  expect(screen.getByText(/Your passphrase opens it/)).toBeTruthy();
});

it("offers encryption at the first run, quietly, and only where there can be some", async () => {
  const bridge = await open(undefined, { characters: [] });
  const offer = await screen.findByRole("button", { name: "Encrypt your library…" });
  const primary = screen.getAllByRole("button").filter((button) => button.classList.contains("primary"));
  expect(primary).toEqual([screen.getByRole("button", { name: /^Choose files/ })]);
  await user.click(offer);
  expect(await screen.findByRole("dialog", { name: "Encrypt your library" })).toBeTruthy();
  await user.click(screen.getByRole("button", { name: "Show the recovery phrase" }));
  await user.click(screen.getByRole("button", { name: "I have written it down" }));
  for (const [place, word] of [
    [3, "cword"],
    [11, "kword"],
    [20, "tword"],
  ] as const)
    await user.type(screen.getByLabelText(`Word ${place}`), word);
  await user.click(screen.getByRole("button", { name: "Encrypt" }));
  await waitFor(() => expect(bridge.asked("encryption.start")).toMatchObject([{ lock: "keychain" }]));
  await waitFor(() => expect(screen.queryByRole("button", { name: "Encrypt your library…" })).toBeNull());
});

it.each<[string, FakeOptions]>([
  ["of another kind", { cannotEncrypt: true }],
  ["that is only read", { readOnly: "asked" }],
])("offers no encryption at the first run of a library %s", async (_, options) => {
  const bridge = await open(undefined, { characters: [], ...options });
  expect(await screen.findByText("Drop character files here")).toBeTruthy();
  await waitFor(() => expect(bridge.asked("encryption.get")).not.toHaveLength(0));
  await tick();
  expect(screen.queryByRole("button", { name: "Encrypt your library…" })).toBeNull();
});

it("opens a locked library with what is typed", async () => {
  const locked = {
    code: "library_locked" as const,
    message: "The library is encrypted.",
    hint: null,
    retryable: false,
  };
  const bridge = await open(undefined, { failing: { "app.overview": locked } });
  expect(await screen.findByRole("heading", { name: "Your library is locked" })).toBeTruthy();
  await user.type(screen.getByLabelText(/^Passphrase, or the 24 words/), "lantern copper");
  await user.click(screen.getAllByRole("button", { name: "Open" })[0]!);
  await waitFor(() => expect(bridge.asked("library.unlock")).toEqual([{ words: "lantern copper" }]));
});

// The whole window over the bridge's double, as at a start of the program.
import { render, waitFor } from "@testing-library/svelte";
import { tick } from "svelte";
import { expect } from "vitest";
import App from "../src/App.svelte";
import { connect } from "../src/api";
import { app } from "../src/state/app.svelte";
import { router, type Route } from "../src/state/router.svelte";
import { FakeBridge, type FakeOptions } from "./fake";

/** Opens the window at a screen, the library where none is named. */
export async function openWindow(options: FakeOptions = {}, route?: Route): Promise<FakeBridge> {
  const bridge = new FakeBridge(options);
  connect(bridge);
  router.reset(route);
  app.epoch += 1;
  await app.start();
  render(App);
  await tick();
  return bridge;
}

/** The same, once every question has its answer. */
export async function openSettled(options: FakeOptions = {}, route?: Route): Promise<FakeBridge> {
  const bridge = await openWindow(options, route);
  await waitFor(() => expect(bridge.waiting).toBe(0));
  await tick();
  return bridge;
}

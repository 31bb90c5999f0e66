// Brings the window up: theme and library first, then the first paint, then the program may show the window.
import { mount } from "svelte";
import App from "./App.svelte";
import { app } from "./state/app.svelte";
import { t } from "./text";

export async function start(): Promise<void> {
  document.documentElement.lang = t.locale;
  await app.start();
  mount(App, { target: document.body });
  await painted();
  await app.ready();
}

/** After two frames something is on the screen. Hidden windows may not paint at all, so it does not wait for ever. */
function painted(): Promise<void> {
  const twoFrames = new Promise<void>((done) =>
    requestAnimationFrame(() => requestAnimationFrame(() => done())),
  );
  const soonEnough = new Promise<void>((done) => setTimeout(done, 250));
  return Promise.race([Promise.all([document.fonts.ready, twoFrames]).then(() => undefined), soonEnough]);
}

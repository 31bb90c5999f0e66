// Brings the window up: theme and library first, then the first screen, then the program may show the window.
import { mount, tick } from "svelte";
import App from "./App.svelte";
import { app } from "./state/app.svelte";
import { library } from "./state/library.svelte";

/** Milliseconds after which a window with a skeleton in it is better than none. */
const LONGEST_WAIT = 1500;

export async function start(): Promise<void> {
  await app.start();
  mount(App, { target: document.body });
  await firstScreen();
  await app.ready();
  fetchFonts();
}

/** All faces are fetched once there is time for it: one that comes with the first name that needs it has the whole page laid out anew, in the middle of scrolling. Without one the system's own letters stand there. */
function fetchFonts(): void {
  for (const face of document.fonts) void face.load().catch(() => {});
}

/** A hidden window paints no frames, so what counts is that the first page of characters stands in the document. */
async function firstScreen(): Promise<void> {
  const listed = app.overview?.facets.characters ? library.answered : Promise.resolve();
  const soonEnough = new Promise<void>((done) => setTimeout(done, LONGEST_WAIT));
  await Promise.race([listed, soonEnough]);
  await tick();
}

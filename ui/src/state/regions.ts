// F6 goes around the parts of the window. Each keeps where the focus was in it.

/** The parts, in the order of the window. */
const REGIONS = ".side, .main > header, .main .body:not(.cols), .tl, .sheet, .toc, .dif";
const CONTROLS = "a[href], button:not(:disabled), input:not(:disabled), textarea, [tabindex='0']";
const left = new WeakMap<Element, HTMLElement>();

/** Moves the focus to the next part of the window, or to the one before. */
export function toRegion(step: 1 | -1): void {
  const regions = [...document.querySelectorAll<HTMLElement>(REGIONS)].filter(isShown);
  const now = document.activeElement;
  const here = regions.findIndex((region) => region.contains(now));
  if (here >= 0 && now instanceof HTMLElement) left.set(regions[here]!, now);
  const next =
    regions[here < 0 && step < 0 ? regions.length - 1 : (here + step + regions.length) % regions.length];
  if (next) enter(next);
}

function enter(region: HTMLElement): void {
  const before = left.get(region);
  const controls = [...region.querySelectorAll<HTMLElement>(CONTROLS)].filter(isShown);
  const to = before?.isConnected ? before : controls[0];
  if (to) to.focus();
  else {
    region.tabIndex = -1;
    region.focus();
  }
}

function isShown(element: HTMLElement): boolean {
  return element.getClientRects().length > 0;
}

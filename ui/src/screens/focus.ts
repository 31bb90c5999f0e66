import type { Attachment } from "svelte/attachments";

/** Puts the focus on the heading of a screen that was just entered, unless the screen focused something itself. */
export const entered: Attachment<HTMLElement> = (heading) => {
  const inChrome = document.activeElement === document.body || document.activeElement === null;
  const frame = requestAnimationFrame(() => {
    const lost = !document.activeElement || document.activeElement === document.body;
    if (inChrome || lost) heading.focus({ preventScroll: true });
  });
  return () => cancelAnimationFrame(frame);
};

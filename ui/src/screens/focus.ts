import type { Attachment } from "svelte/attachments";

/** Puts the focus on the heading of a screen that was just entered, unless something else took it meanwhile. */
export const entered: Attachment<HTMLElement> = (heading) => {
  const before = document.activeElement;
  const frame = requestAnimationFrame(() => {
    const now = document.activeElement;
    if (now === before || now === null || now === document.body) heading.focus({ preventScroll: true });
  });
  return () => cancelAnimationFrame(frame);
};

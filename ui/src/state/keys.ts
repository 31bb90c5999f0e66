// When a key is a command and when it is text.

/** Single keys never fire while typing, nor while a dialog is open. */
export function isTyping(event: KeyboardEvent): boolean {
  if (event.defaultPrevented || document.querySelector("[role=dialog][aria-modal=true]")) return true;
  const target = event.target;
  if (!(target instanceof HTMLElement)) return false;
  if (target.closest("[role=dialog],[role=menu]")) return true;
  return target.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(target.tagName);
}

/** The plain key in lower case, or nothing where a modifier makes it another command. */
export function plainKey(event: KeyboardEvent): string {
  return event.ctrlKey || event.metaKey || event.altKey
    ? ""
    : event.key.length === 1
      ? event.key.toLowerCase()
      : event.key;
}

/** Ctrl, or ⌘ on a Mac. */
export function hasCommand(event: KeyboardEvent): boolean {
  return (event.ctrlKey || event.metaKey) && !event.altKey;
}

// Debug builds only: keeps what goes wrong in the page from its first line on, for the tests in the real window.
const faults = [];
Object.defineProperty(window, "__faults", { value: faults });
// The engine's word for "the rest of the layout follows in the next frame", said when a window is resized.
const harmless = (message) => message.startsWith("ResizeObserver loop completed");
addEventListener("error", (event) => {
  if (!harmless(event.message)) faults.push(`error: ${event.message} (${event.filename}:${event.lineno})`);
});
addEventListener("unhandledrejection", (event) => {
  const reason = event.reason;
  faults.push(`rejection: ${reason?.stack ?? JSON.stringify(reason)}`);
});
document.addEventListener("securitypolicyviolation", (event) => {
  faults.push(`policy: ${event.violatedDirective} ${event.blockedURI} ${event.sample} (${event.sourceFile}:${event.lineNumber})`);
});
for (const level of ["error", "warn"]) {
  const original = console[level];
  console[level] = (...words) => {
    faults.push(`console.${level}: ${words.map((word) => word?.stack ?? String(word)).join(" ")}`);
    original.apply(console, words);
  };
}

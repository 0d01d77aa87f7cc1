/** Keys that do what the buttons do. */

/** @param {Record<string, () => unknown>} does  by letter, or by the name of the key */
export function listen(does) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    const at = event.target;
    const marks = at instanceof HTMLInputElement && ["radio", "checkbox"].includes(at.type);
    const typing = at instanceof HTMLInputElement || at instanceof HTMLSelectElement;
    if (typing && !marks) return;
    // Korean keyboards write another letter with the same key.
    const letter = /^Key([A-Z])$/.exec(event.code)?.[1].toLowerCase();
    (does[event.key] ?? does[letter ?? ""])?.();
  });
}

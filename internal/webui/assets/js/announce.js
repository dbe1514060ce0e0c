// Facts that are read aloud, from two regions that are never swapped. A page or a
// part of one says something by an element with data-announce, or data-alert for what
// must interrupt.

/** Says a short fact once. */
export function announce(text, urgent = false) {
  const region = document.getElementById(urgent ? "alert" : "status");
  if (!region || !text) return;
  region.textContent = "";
  // A screen reader notices a change, not a beginning.
  setTimeout(() => (region.textContent = text), 50);
}

function collect(root) {
  for (const e of root.querySelectorAll("[data-announce],[data-alert]")) {
    if (e.dataset.announced === e.textContent) continue;
    e.dataset.announced = e.textContent;
    announce(e.textContent.trim(), "alert" in e.dataset);
  }
  const target = root.querySelector("[data-focus]");
  if (target && target.dataset.focused !== target.textContent) {
    target.dataset.focused = target.textContent;
    target.focus();
  }
}

collect(document);
document.addEventListener("htmx:after:settle", () => collect(document));

// "Saved." is said once: coming back to the page, or sharing its address, does not
// say it again.
const sayings = ["done", "saved", "connected", "next"];
if (sayings.some((s) => new URLSearchParams(location.search).has(s))) {
  const clean = new URL(location.href);
  for (const s of sayings) clean.searchParams.delete(s);
  history.replaceState(history.state, "", clean);
}

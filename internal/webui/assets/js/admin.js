// The administration by keys: in the queue j and k move between cases and Enter opens
// one, in a case they go to the next and the one before; Ctrl+S reviews the policy.
import { announce } from "./announce.js";

addEventListener("keydown", (e) => {
  const review = document.querySelector("form[data-review]");
  if (e.key === "s" && (e.ctrlKey || e.metaKey) && review?.querySelector("button")) {
    e.preventDefault();
    review.requestSubmit();
    return;
  }
  if ((e.key !== "j" && e.key !== "k") || e.ctrlKey || e.metaKey || e.altKey) return;
  if (e.target.closest?.("input,textarea,select") || document.querySelector("dialog[open]")) return;
  const next = document.querySelector(`a[data-case="${e.key}"]`);
  if (next) return location.assign(next.href);
  const cases = [...document.querySelectorAll("[data-cases] a")];
  if (!cases.length) return;
  const at = cases.indexOf(document.activeElement) + (e.key === "j" ? 1 : -1);
  cases[Math.min(Math.max(at, 0), cases.length - 1)].focus();
});

// A link that is shown once can be copied with one press.
for (const button of document.querySelectorAll("[data-copy-text]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const text = document.getElementById(button.dataset.copyText);
    try {
      await navigator.clipboard.writeText(text.textContent);
      button.querySelector("span").textContent = button.dataset.copied;
      announce(button.dataset.copied);
    } catch {
      getSelection().selectAllChildren(text); // not allowed: selected, to be copied by hand
    }
  });
}

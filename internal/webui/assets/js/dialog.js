// Links with data-dialog show their page's main part in the one dialog of the shell.
// Without script they are pages. Closing gives the focus back to what opened it, or
// to the message that belonged to.
import { announce } from "./announce.js";

const dialog = document.getElementById("dialog");
let opener = null;

/** Fetches a page's main part into the dialog and shows it. What the dialog itself
    leads to comes back to what opened it first. */
export async function openDialog(address, from) {
  if (!dialog.contains(from)) opener = from;
  await htmx.ajax("GET", address, { target: "#dialog", swap: "innerHTML", select: "#main > *" });
  if (!dialog.firstElementChild) {
    announce(document.body.dataset.failed, true); // there was no answer
    return focusBack(opener);
  }
  nameDialog();
  if (!dialog.open) dialog.showModal();
  // The beginning is read first; what can be answered is always in sight.
  (dialog.querySelector("[data-first]") ?? dialog.querySelector("h1,h2"))?.focus({ preventScroll: true });
  dialog.scrollTop = 0;
}

// Its name is its heading, also after what it shows was changed.
function nameDialog() {
  dialog.ariaLabel = dialog.querySelector("h1")?.textContent.trim() ?? null;
}

/** Gives the focus to what opened something, or to the message that it belonged to. */
export function focusBack(to) {
  let next = to?.isConnected ? to : null;
  if (next?.closest("[popover]") && !next.closest("[popover]").matches(":popover-open")) {
    next = document.querySelector(`[popovertarget="${next.closest("[popover]").id}"]`);
  }
  next ??= document.getElementById(to?.dataset.message ?? "");
  (next ?? document.getElementById("main"))?.focus();
}

document.addEventListener("click", (e) => {
  const link = e.target.closest?.("a[data-dialog]");
  if (link && !e.metaKey && !e.ctrlKey && !e.shiftKey && e.button === 0) {
    e.preventDefault();
    link.closest("[popover]")?.hidePopover();
    openDialog(link.href, link);
  } else if (e.target.closest?.("[data-close]") && dialog.open) {
    e.preventDefault();
    dialog.close();
  } else if (e.target === dialog) {
    dialog.close(); // the backdrop
  }
});

document.addEventListener("htmx:after:settle", () => dialog?.open && nameDialog());

dialog?.addEventListener("close", () => {
  dialog.replaceChildren();
  focusBack(opener);
  opener = null;
});

// Links with data-panel show their page's main part beside the conversation, where there
// is room for a third column. It is not modal: the conversation stays as it is.
import { announce } from "./announce.js";
import { focusBack } from "./dialog.js";

const room = matchMedia("(min-width: 80rem)");
const panel = () => document.getElementById("panel");
let opener = null;

async function open(link) {
  const body = document.getElementById("panel-body");
  if (!panel().contains(link)) opener = link;
  body.replaceChildren();
  await htmx.ajax("GET", link.href, { target: "#panel-body", swap: "innerHTML", select: "#main > *" });
  if (!body.firstElementChild) {
    announce(document.body.dataset.failed, true); // there was no answer
    return close(true);
  }
  panel().hidden = false;
  named();
  body.scrollTop = 0;
  body.querySelector("h1").focus();
}

function close(returns) {
  panel().hidden = true;
  document.getElementById("panel-body").replaceChildren();
  if (returns) focusBack(opener);
  opener = null;
}

// Its name is its heading, also after what it shows was changed.
function named() {
  const p = panel();
  if (p && !p.hidden) p.ariaLabel = p.querySelector("h1")?.textContent.trim() ?? null;
}
document.addEventListener("htmx:after:settle", named);

document.addEventListener("click", (e) => {
  const link = e.target.closest?.("a[data-panel]");
  if (link && panel() && room.matches && !e.metaKey && !e.ctrlKey && !e.shiftKey && e.button === 0) {
    e.preventDefault();
    link.closest("[popover]")?.hidePopover();
    open(link);
  } else if (e.target.closest?.("#panel [data-close]")) {
    e.preventDefault();
    close(true);
  }
});

document.addEventListener("keydown", (e) => {
  if (e.isComposing || e.defaultPrevented || document.querySelector("dialog[open],:popover-open")) return;
  if (e.key === "Escape" && panel()?.hidden === false) {
    // Whoever is elsewhere stays there.
    close(panel().contains(document.activeElement) || document.activeElement === document.body);
  } else if (/^[1-5]$/.test(e.key) && document.body.dataset.keys !== "off" && !e.ctrlKey && !e.metaKey && !e.altKey && !e.target.closest?.("input,textarea,select")) {
    document.querySelectorAll(".alternatives > li")[e.key - 1]?.querySelector("a")?.focus();
  }
});

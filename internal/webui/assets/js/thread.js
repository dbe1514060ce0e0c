// A thread: where it is scrolled to, what the arrow keys do, and what happens while
// somebody looks at it.
import { announce } from "./announce.js";
import { openDialog } from "./dialog.js";
import { stale } from "./live.js";

const list = () => document.getElementById("messages");

// What scrolls is the list on a wide screen and the page on a narrow one.
const scroller = () => {
  const l = list();
  return l && getComputedStyle(l).overflowY === "auto" ? l : document.scrollingElement;
};
const atEnd = () => {
  const s = scroller();
  return s.scrollHeight - s.scrollTop - s.clientHeight < 60;
};
const toEnd = () => {
  const s = scroller();
  s.scrollTop = s.scrollHeight;
};

if (list() && !location.hash) toEnd();
else if (location.hash.startsWith("#m-")) document.getElementById(location.hash.slice(1))?.scrollIntoView({ block: "center" });

// New messages do not move what somebody is reading.
let before = null;
document.addEventListener("htmx:before:swap", () => {
  if (!list()) return;
  before = { end: atEnd(), ids: new Set([...list().children].map((e) => e.id)), top: scroller().scrollTop };
});
document.addEventListener("htmx:after:swap", () => {
  const l = list();
  if (!l || !before) return;
  const fresh = [...l.children].filter((e) => e.id && !before.ids.has(e.id));
  const jump = document.querySelector(".jump");
  if (before.end) toEnd();
  else if (fresh.length && jump) jump.hidden = false;
  const theirs = fresh.filter((e) => e.classList.contains("theirs"));
  if (theirs.length) announce(l.dataset.arrived.replace("{name}", theirs.at(-1).dataset.name));
  before = null;
  fit();
});
document.addEventListener("click", (e) => {
  if (!e.target.closest?.("[data-jump]")) return;
  toEnd();
  e.target.closest(".jump").hidden = true;
});

// Messages are a list with one stop for the Tab key; arrows move in it.
document.addEventListener("keydown", (e) => {
  const here = e.target.closest?.("li[data-message]");
  if (!here || e.target !== here || e.ctrlKey || e.metaKey || e.altKey) return;
  const all = [...document.querySelectorAll("#messages > [data-message]")];
  const at = all.indexOf(here);
  const to = { ArrowDown: all[at + 1], ArrowUp: all[at - 1], Home: all[0], End: all.at(-1) }[e.key];
  if (to) {
    e.preventDefault();
    to.focus();
    to.scrollIntoView({ block: "nearest" });
  } else if (e.key === "Enter" || (e.shiftKey && e.key === "F10")) {
    e.preventDefault();
    (here.querySelector("[data-dots]") ?? here.querySelector("button,a"))?.click();
  } else if (e.key === "Delete") {
    const recall = here.querySelector("a.recall-item[data-recall]");
    if (recall && recall.ariaDisabled !== "true") openDialog(recall.href, here);
  } else if (e.key === "r") {
    here.querySelector('a[href*="reply="]')?.click();
  }
});
document.addEventListener("focusin", (e) => {
  const here = e.target.closest?.("li[data-message]");
  if (!here) return;
  for (const other of document.querySelectorAll("#messages > [data-message]")) other.tabIndex = other === here ? 0 : -1;
});
function firstStop() {
  const all = document.querySelectorAll("#messages > [data-message]");
  if (all.length && ![...all].some((e) => e.tabIndex === 0)) all[all.length - 1].tabIndex = 0;
}
firstStop();
document.addEventListener("htmx:after:settle", firstStop);

// Copying and selecting.
document.addEventListener("click", async (e) => {
  const button = e.target.closest?.("[data-copy],[data-select]");
  if (!button) return;
  const body = document.querySelector(`#${CSS.escape(button.dataset.copy ?? button.dataset.select)} .body`);
  button.closest("[popover]")?.hidePopover();
  if (button.dataset.copy) await navigator.clipboard.writeText(body.textContent).catch(() => {});
  else getSelection().selectAllChildren(body);
});

// While the page may be out of date nobody should act on what it shows.
document.addEventListener("click", (e) => {
  const recall = e.target.closest?.("[data-recall]");
  if (recall && stale()) {
    e.preventDefault();
    e.stopImmediatePropagation();
    announce(document.querySelector("net-status").textContent, true);
  }
}, true);

// The composer: it grows with its text, keeps the focus after sending, and is empty
// then. A failure gives the text back with the reason.
function fit() {
  const field = document.querySelector(".composer textarea");
  if (!field || CSS.supports("field-sizing: content")) return;
  field.style.setProperty("block-size", "auto");
  field.style.setProperty("block-size", field.scrollHeight + 2 + "px");
}
document.addEventListener("input", (e) => e.target.closest?.(".composer") && fit());
fit();
let sent = "";
document.addEventListener("htmx:before:request", (e) => {
  const form = e.target.closest?.("[data-composer]");
  if (form) sent = form.elements.body.value;
});
document.addEventListener("htmx:after:settle", () => {
  const form = document.querySelector("[data-composer]");
  if (!sent || !form) return;
  const failed = form.querySelector(".trouble");
  if (!failed && form.elements.body.value === sent) form.elements.body.value = form.elements.body.defaultValue;
  sent = "";
  if (!failed) form.elements.body.focus();
  toEnd();
});
// A draft that came back is in the composer, and so is the focus.
document.addEventListener("htmx:after:settle", () => {
  const field = document.querySelector(".composer textarea[autofocus]");
  if (field && field.dataset.was !== field.defaultValue) {
    field.dataset.was = field.defaultValue;
    field.value = field.defaultValue;
    field.focus();
  }
});
// Ctrl+Z outside of a field undoes the message that waits.
addEventListener("keydown", (e) => {
  if (!(e.ctrlKey || e.metaKey) || e.key !== "z" || (e.target.closest?.("input,textarea") && e.target.value)) return;
  const undo = [...document.querySelectorAll("form[data-undo]")].at(-1);
  if (undo) {
    e.preventDefault();
    undo.requestSubmit();
  }
});

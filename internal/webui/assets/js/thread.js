// A thread: where it is scrolled to, what the arrow keys do, and what happens while
// somebody looks at it.
import { announce } from "./announce.js";
import { refill, settle } from "./compose.js";
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

if (list() && ["", "#newest"].includes(location.hash)) toEnd();
else if (location.hash.startsWith("#m-")) document.getElementById(location.hash.slice(1))?.scrollIntoView({ block: "center" });

// Where no keyboard pops up, writing begins at once. Who is led to the newest message
// by the address comes to write, too; who is led to an older one comes to read it.
function begin() {
  const here = document.activeElement;
  if (here !== document.body && !here.matches("#messages > :target:last-child")) return;
  if (matchMedia("(min-width: 48rem) and (not (pointer: coarse))").matches) {
    document.querySelector("[data-composer] textarea")?.focus({ preventScroll: true });
  }
}
begin();
addEventListener("load", begin); // the browser goes to what the address names meanwhile

// A press on a button does not take the focus from the text: the keyboard and the bars of
// a phone would move the button away before it is let go.
document.addEventListener("mousedown", (e) => {
  if (e.target.closest(".composer button")) e.preventDefault();
});

// New messages do not move what somebody is reading.
const sealed = () => [...list().querySelectorAll("form[data-open]")];
let before = null;
document.addEventListener("htmx:before:swap", () => {
  if (!list()) return;
  const opened = new Map([...list().children].map((e) => [e.id, e.dataset.opened]));
  before = { end: atEnd(), opened, sealed: sealed().length };
});
document.addEventListener("htmx:after:swap", () => {
  const l = list();
  if (!l || !before) return;
  const was = before;
  before = null;
  const fresh = [...l.children].filter((e) => e.id && !was.opened.has(e.id));
  const jump = document.querySelector(".jump");
  if (was.end) toEnd();
  else if (fresh.length && jump) jump.hidden = false;
  const theirs = fresh.filter((e) => e.classList.contains("theirs"));
  if (theirs.length) announce(l.dataset.arrived.replace("{name}", theirs.at(-1).dataset.name));
  if (inFront()) {
    for (const e of l.children) {
      if (e.dataset.opened && was.opened.get(e.id) === "") announce(e.dataset.opened);
    }
  }
  fit();
  openArrived(was, theirs);
});

// What arrives while somebody is in the conversation and active opens at once, by the
// same form as the button's, if they want that. What was left sealed before stays so,
// because an opening opens everything up to its message.
const activeFor = 60_000;
let lastInput = 0;
for (const kind of ["keydown", "pointerdown", "wheel", "touchstart"]) {
  addEventListener(kind, (e) => e.isTrusted && (lastInput = Date.now()), { passive: true, capture: true });
}
const inFront = () => document.visibilityState === "visible" && document.hasFocus();
function openArrived(was, theirs) {
  const form = theirs.at(-1)?.querySelector("form[data-open]");
  if (!form || !list().hasAttribute("data-opens") || was.sealed || !was.end || !inFront() || Date.now() - lastInput > activeFor) return;
  form.dataset.quietly = "";
  setTimeout(() => form.isConnected && form.requestSubmit());
}

// Opening: the button says so, and afterwards the message has the focus.
const opening = new WeakMap();
document.addEventListener("htmx:before:request", (e) => {
  const form = e.detail.ctx.sourceElement;
  if (!form?.matches?.("form[data-open]")) return;
  const button = form.querySelector("button");
  const { open: message, done: words } = form.dataset;
  opening.set(e.detail.ctx, { message, words, button, was: button.lastChild.textContent, quietly: "quietly" in form.dataset });
  button.ariaBusy = "true";
  button.lastChild.textContent = form.dataset.busy;
});
document.addEventListener("htmx:finally:request", (e) => {
  const { button, was } = opening.get(e.detail.ctx) ?? {};
  if (!button?.isConnected) return;
  button.ariaBusy = null;
  button.lastChild.textContent = was;
});
document.addEventListener("htmx:after:swap", (e) => {
  const done = opening.get(e.detail.ctx);
  const message = done && document.getElementById(done.message);
  if (!message || done.quietly || message.querySelector("form[data-open]")) return;
  message.focus({ preventScroll: true });
  message.scrollIntoView({ block: "nearest" });
  announce(done.words);
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
    if (!recall) return;
    if (stale()) announce(recall.querySelector("small").textContent, true);
    else openDialog(recall.href, here);
  } else if (e.key === "r") {
    here.querySelector('a[href*="reply="]')?.click();
  }
});
// The buttons of the menus are stops with their messages: not every one comes before
// the composer.
function stopAt(here) {
  for (const other of document.querySelectorAll("#messages > [data-message]")) {
    other.tabIndex = other === here ? 0 : -1;
    const dots = other.querySelector("[data-dots]");
    if (dots) dots.tabIndex = other.tabIndex;
  }
}
document.addEventListener("focusin", (e) => {
  const here = e.target.closest?.("li[data-message]");
  if (here) stopAt(here);
});
function firstStop() {
  const all = [...document.querySelectorAll("#messages > [data-message]")];
  stopAt(all.find((e) => e.contains(document.activeElement)) ?? all.find((e) => e.tabIndex === 0) ?? all.at(-1));
}
firstStop();
document.addEventListener("htmx:after:settle", firstStop);

// The composer is not swapped, so that what is typed in it stays: what can be done
// after sending, which may have changed, comes with the snack.
document.addEventListener("htmx:after:settle", () => {
  const line = document.getElementById("terms");
  if (line) line.textContent = document.getElementById("snack").dataset.terms;
});

// Copying and selecting.
document.addEventListener("click", async (e) => {
  const button = e.target.closest?.("[data-copy],[data-select]");
  if (!button) return;
  const body = document.querySelector(`#${CSS.escape(button.dataset.copy ?? button.dataset.select)} .body`);
  button.closest("[popover]")?.hidePopover();
  if (button.dataset.copy) await navigator.clipboard.writeText(body.textContent).catch(() => {});
  else getSelection().selectAllChildren(body);
});

// While the page may be out of date nobody should act on what it shows: a recall says
// why it waits.
function suspend() {
  for (const item of document.querySelectorAll("a[data-recall]")) {
    if (stale()) item.setAttribute("aria-disabled", "true");
    else item.removeAttribute("aria-disabled");
  }
}
document.addEventListener("sealpost:stale", suspend);
document.addEventListener("htmx:after:settle", suspend);
document.addEventListener("click", (e) => {
  const item = e.target.closest?.('.menu [aria-disabled="true"]');
  if (!item) return;
  e.preventDefault();
  e.stopImmediatePropagation();
  announce(item.querySelector("small")?.textContent ?? "", true);
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
// What a form was sent with, by its request: other parts of the page are swapped meanwhile.
const sent = new WeakMap();
document.addEventListener("htmx:before:request", (e) => {
  const { ctx } = e.detail;
  const form = ctx.sourceElement;
  if (form?.matches?.("[data-composer]")) sent.set(ctx, { sends: true, text: form.elements.body.value });
  else if (form?.matches?.("[data-returns]")) sent.set(ctx, { words: form.dataset.say });
});
// What is typed while a form is under way is taken from just before the swap. A form
// about something else leaves what is being written alone.
document.addEventListener("htmx:before:swap", (e) => {
  const was = sent.get(e.detail.ctx);
  const form = document.querySelector("[data-composer]");
  form?.toggleAttribute("data-keep", !was);
  if (was) Object.assign(was, { typed: form?.elements.body.value ?? "", draft: form?.elements.draft?.value });
});
document.addEventListener("htmx:after:swap", (e) => {
  const was = sent.get(e.detail.ctx);
  const form = document.querySelector("[data-composer]");
  if (!was || !form) return;
  if (was.sends) afterSending(form, was);
  else afterReturn(form, was);
  fit();
});
function afterSending(form, { text, typed }) {
  const field = form.elements.body;
  if (form.querySelector(".trouble")) return void (field.value = typed);
  field.value = typed === text ? "" : typed;
  settle();
  field.focus();
  toEnd();
}
// A draft that came back is in the composer, before what was typed meanwhile, and so is
// the focus.
function afterReturn(form, { words, typed, draft }) {
  const field = form.elements.body;
  if (form.querySelector(".trouble")) return void (field.value = typed); // too late: it is delivered
  field.value = field.defaultValue + (typed.trim() ? "\n\n" + typed : "");
  refill(draft);
  field.focus();
  field.setSelectionRange(field.value.length, field.value.length);
  announce(words);
}
// Ctrl+Z outside of a field undoes the message that waits.
addEventListener("keydown", (e) => {
  if (!(e.ctrlKey || e.metaKey) || e.key !== "z" || (e.target.closest?.("input,textarea") && e.target.value)) return;
  const undo = [...document.querySelectorAll("form[data-undo]")].at(-1);
  if (undo) {
    e.preventDefault();
    undo.requestSubmit();
  }
});

// Choosing recipients while typing (APG: combobox with a list, list autocomplete).
// Without script the same field is a search with a button. What is chosen stands in
// the form as the server renders it.
import { announce } from "./announce.js";
import { edit } from "./compose.js";

const pause = 150;
let due = 0;
let asking = false;
let pressed = false;

const field = () => document.getElementById("people");
const list = () => document.getElementById("people-options");
const options = () => [...list().querySelectorAll("[role=option]:not([hidden])")];
const active = () => list().querySelector("[aria-selected=true]");

/** Makes the search field a combobox. */
function dress() {
  const input = field();
  if (!input || input.getAttribute("role") === "combobox") return;
  const on = { role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": "people-options" };
  for (const name in on) input.setAttribute(name, on[name]);
  input.closest("recipient-combobox").toggleAttribute("data-dressed", true);
}

function show(open) {
  list().hidden = !open;
  field().setAttribute("aria-expanded", open);
  if (!open) point(null);
}

/** Moves to an option; the focus stays in the field. */
function point(option) {
  active()?.setAttribute("aria-selected", "false");
  if (!option) return field().removeAttribute("aria-activedescendant");
  option.setAttribute("aria-selected", "true");
  field().setAttribute("aria-activedescendant", option.id);
  option.scrollIntoView({ block: "nearest" });
}

async function ask() {
  const query = field()?.value.trim();
  if (asking || query === undefined) return;
  if (!query) return show(false);
  asking = true;
  const address = "/compose/people?" + new URLSearchParams({ q: query });
  await htmx.ajax("GET", address, { target: "#people-options", swap: "outerHTML" }).catch(() => {});
  asking = false;
  if (!field()) return;
  if (field().value.trim() !== query) return ask(); // typed on meanwhile
  if (list().dataset.for !== query) return;
  for (const o of options()) o.hidden = Boolean(document.getElementById("chosen-" + o.dataset.id));
  const some = options();
  show(some.length > 0 && document.activeElement === field());
  const none = document.getElementById("people-none");
  none.hidden = some.length > 0;
  announce(some.length ? list().dataset.said : none.textContent);
}

async function pick(option) {
  const id = option.dataset.id;
  clearTimeout(due);
  field().value = "";
  show(false);
  await edit("add:" + id);
  field()?.focus();
}

const keys = {
  ArrowDown: (all, at) => all[at + 1] ?? all[0],
  ArrowUp: (all, at) => all[at - 1] ?? all.at(-1),
  Home: (all, at) => (at < 0 ? null : all[0]),
  End: (all, at) => (at < 0 ? null : all.at(-1)),
};

document.addEventListener("keydown", async (e) => {
  if (e.target.id !== "people" || e.isComposing || e.ctrlKey || e.metaKey) return;
  const all = options();
  const open = !list().hidden;
  const at = all.indexOf(active());
  if (e.key === "Enter") {
    e.preventDefault(); // it never sends
    if (open && list().dataset.for === e.target.value.trim()) pick(active() ?? all[0]); // not what an earlier word found
    else ask();
  } else if (e.key === "Escape" && open) {
    e.preventDefault();
    e.stopImmediatePropagation(); // this closes the list and leaves nothing
    show(false);
  } else if (e.key === "Tab" && open && active()) {
    e.preventDefault();
    pick(active());
  } else if (e.key === "Backspace" && !e.target.value) {
    const last = [...document.querySelectorAll(".chosen button")].at(-1);
    if (!last) return;
    e.preventDefault();
    await edit(last.value);
    field()?.focus();
  } else if (keys[e.key] && (open || e.key.startsWith("Arrow"))) {
    if (!open) {
      if (!all.length) return;
      show(true);
    }
    const next = keys[e.key](all, at);
    if (!next) return;
    e.preventDefault();
    point(next);
  }
}, true);

document.addEventListener("keypress", (e) => e.target.id === "people" && e.key === "Enter" && e.preventDefault());

document.addEventListener("input", (e) => {
  if (e.target.id !== "people") return;
  point(null);
  document.getElementById("people-none").hidden = true;
  clearTimeout(due);
  due = setTimeout(ask, pause);
});

document.addEventListener("focusin", (e) => e.target.id === "people" && dress());
document.addEventListener("focusout", (e) => e.target.id === "people" && !pressed && show(false));
document.addEventListener("pointerdown", (e) => {
  pressed = Boolean(e.target.closest?.("#people-options"));
  if (pressed) e.preventDefault(); // the focus stays in the field
});
document.addEventListener("click", (e) => {
  const option = e.target.closest?.("#people-options [role=option]");
  pressed = false;
  if (option) pick(option);
});
document.addEventListener("htmx:after:settle", dress);
dress();

// Settings save themselves when they are changed; without script there are buttons.
import { announce } from "./announce.js";

document.documentElement.dataset.saves = ""; // hides the buttons

document.addEventListener("change", (e) => {
  const form = e.target.form;
  if (!form?.hasAttribute("data-saves")) return;
  if (form.hasAttribute("data-theme-choice")) document.documentElement.dataset.theme = e.target.value;
  if (form.hasAttribute("data-keys-choice")) document.body.dataset.keys = e.target.checked ? "on" : "off";
  form.requestSubmit();
});

// What could not be saved is back at its old value: the one that the server rendered.
function back(form) {
  form.reset();
  if (form.hasAttribute("data-theme-choice")) document.documentElement.dataset.theme = form.elements.theme.value;
  if (form.hasAttribute("data-keys-choice")) document.body.dataset.keys = form.elements.keys.checked ? "on" : "off";
}

function notSaved(form) {
  back(form);
  const why = document.querySelector("[data-unsaved]")?.dataset.unsaved;
  let line = form.parentElement.querySelector(".trouble");
  if (!line) {
    line = document.createElement("p");
    line.className = "trouble";
    form.before(line); // it goes when the section is saved
  }
  line.textContent = why;
  announce(why, true);
}

document.addEventListener("htmx:error", (e) => {
  const form = e.target.closest?.("form[data-saves]");
  if (form) notSaved(form);
});

// An answer that lacks the section comes from something in between.
document.addEventListener("htmx:after:request", (e) => {
  const form = e.target.closest?.("form[data-saves]");
  const { select, text } = e.detail.ctx;
  if (!form || !select || text.includes(`id="${select.slice(1)}"`)) return;
  e.preventDefault();
  notSaved(form);
});

// The browser's time zone is a good first guess.
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;

function offerZone(field) {
  const offered = zone && [...field.options].some((o) => o.value === zone);
  if (!offered || field.value === zone || field.parentElement.querySelector(".offer")) return;
  const offer = document.createElement("p");
  offer.className = "offer cluster quiet";
  const use = document.createElement("button");
  use.type = "button";
  use.className = "button small";
  use.textContent = field.dataset.zoneUse;
  use.addEventListener("click", () => {
    field.value = zone;
    field.focus();
    field.dispatchEvent(new Event("change", { bubbles: true }));
  });
  offer.append(field.dataset.zoneHint.replace("{zone}", zone.replaceAll("_", " ")), use);
  field.after(offer);
}

// A password can be looked at while it is typed; it is sent as one, so that the
// browser keeps it.
function showable(box) {
  if (box.querySelector("button")) return;
  const input = box.querySelector("input");
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button plain small";
  button.textContent = box.dataset.show;
  button.setAttribute("aria-label", box.dataset.named);
  const set = (shown) => {
    input.type = shown ? "text" : "password";
    button.setAttribute("aria-pressed", shown);
  };
  set(false);
  button.addEventListener("click", () => set(input.type === "password"));
  input.form?.addEventListener("submit", () => set(false));
  box.append(button);
}

function dress() {
  for (const form of document.querySelectorAll(".setting form[data-saves]")) form.reset();
  for (const field of document.querySelectorAll("select[data-zone]")) {
    if (!field.value && [...field.options].some((o) => o.value === zone)) field.value = zone;
  }
  document.querySelectorAll("select[data-zone-hint]").forEach(offerZone);
  document.querySelectorAll(".secret").forEach(showable);
}

dress();
document.addEventListener("htmx:after:settle", dress);

// What is written is kept: at once on this device, and on the server after a pause.
// Nothing is ever sent by itself.
import { announce } from "./announce.js";

const form = document.querySelector("form[data-compose]");
const local = "sealpost-compose";
let due = 0;
let lastSaid = 0;
let saving = false;
let again = false;

function keep() {
  sessionStorage.setItem(local, JSON.stringify({ at: location.search, body: form.elements.body.value }));
}

async function save() {
  if (!form.elements.body.value.trim()) return;
  if (!navigator.onLine) return announce(form.dataset.offline);
  if (saving) return void (again = true);
  saving = true;
  await htmx.ajax("POST", "/compose", {
    source: form, values: { act: "save" }, target: "#draft-state", select: "#draft-state", swap: "outerHTML",
  }).catch(() => {});
  saving = false;
  if (again) {
    again = false;
    save();
  }
  const saved = form.querySelector("[data-saved]");
  if (saved && Date.now() - lastSaid > 30_000) {
    lastSaid = Date.now();
    announce(saved.textContent);
  }
}

if (form) {
  const kept = JSON.parse(sessionStorage.getItem(local) ?? "null");
  if (kept && kept.at === location.search && !form.elements.body.value && kept.body) form.elements.body.value = kept.body;
  form.addEventListener("input", (e) => {
    if (e.target.id === "find") return;
    keep();
    clearTimeout(due);
    due = setTimeout(save, 800);
  });
  form.addEventListener("submit", (e) => {
    clearTimeout(due);
    if (!navigator.onLine) {
      e.preventDefault();
      announce(form.dataset.offline, true);
    } else if (e.submitter?.value !== "find") sessionStorage.removeItem(local);
  });
  addEventListener("online", save);
  form.addEventListener("keydown", (e) => {
    if ((e.ctrlKey || e.metaKey) && e.shiftKey && e.key === "Enter") {
      e.preventDefault();
      form.querySelector('[name=when][value="later"]').click();
      form.querySelector("#date")?.focus();
    }
  });
  if (form.querySelector(".trouble")) document.getElementById(form.querySelector(".trouble a")?.hash.slice(1) ?? "")?.focus();
}
document.querySelector('form[action="/sign-out"]')?.addEventListener("submit", () => sessionStorage.clear());

// Writing, in Compose and below a conversation: keeps what is written, on this device
// at once and on the server after a pause, and changes the form without leaving it.
// Everything here is a button of the form that somebody without script presses.
import { announce } from "./announce.js";
import { stale } from "./live.js";

const pause = 800;
const again = 15_000; // after a saving that did not get through
const quiet = 30_000; // between two times that a saving is read aloud
const store = "sealpost-draft:";

const box = () => document.querySelector("draft-box");
const form = () => box()?.querySelector("form");
const body = () => form()?.elements.body;
const quick = () => form().hasAttribute("data-composer"); // below a conversation
const draft = () => form().elements.draft?.value;

// --- On this device. Text that the server has not yet; gone once it has it.

/** Which text this page is about: a conversation's, a draft, or what the address asks to begin. */
function slot() {
  const about = quick() ? location.pathname : draft() ? "draft=" + draft() : location.search.replace(/[?&]done=[^&]*/, "");
  return store + box().dataset.user + ":" + about;
}

function local(f) {
  try {
    return f(localStorage);
  } catch {} // full or forbidden: the server's copy is what there is
}

function forget(match) {
  local((s) => {
    for (const key of Object.keys(s)) if (key.startsWith(store) && match(key, s[key])) s.removeItem(key);
  });
}

const forgetThis = () => forget((key) => key === slot());
const forgetSent = () => forget((_, value) => value.includes('"sending":true'));

function fields() {
  const out = [...new FormData(form())];
  return out.filter(([name]) => !["key", "group", "draft", "version", "other", "q"].includes(name));
}

function keepHere(sending = false) {
  const text = JSON.stringify({ fields: fields(), sending, draft: draft(), version: form().elements.version?.value });
  local((s) => s.setItem(slot(), text));
}

/** Puts back what this device has and the server does not. */
async function restore() {
  if (document.querySelector(".trouble,#people-trouble")) return draft() && forgetSent(); // the server has it
  if (location.pathname === "/compose/edit") { // the answer to a button has what was sent
    forgetSent();
    return changed();
  }
  const kept = local((s) => JSON.parse(s.getItem(slot()) ?? "null"));
  if (!kept || form().querySelector(".conflict")) return;
  const values = new Map(kept.fields);
  const text = values.get("body") ?? "";
  const is = body().value;
  if (quick()) {
    // What was under way and whose draft is gone was sent.
    if (kept.sending && kept.draft && kept.draft !== draft()) return forgetThis();
    if (is.includes(text)) return forgetThis();
  } else if (JSON.stringify(kept.fields) === JSON.stringify(fields())) return forgetThis();
  // It may be older than what another device made of the draft: the server will tell.
  if (draft() && kept.draft === draft()) form().elements.version.value = kept.version;
  else if (is && quick() && !text.startsWith(is)) values.set("body", is + "\n\n" + text);
  body().value = values.get("body") ?? "";
  for (const name of ["date", "time", "time_zone"]) {
    if (form().elements[name] && values.has(name)) form().elements[name].value = values.get(name);
  }
  const when = form().querySelector(`[name=when][value="${values.get("when") === "later" ? "later" : "now"}"]`);
  if (when) when.checked = true;
  say(box().dataset.restored + " " + box().dataset.local);
  if (quick()) return changed();
  const people = kept.fields.filter(([name]) => name === "recipient").map(([, id]) => id);
  for (const [name, value] of [...people.map((id) => ["recipient", id]), ["title", values.get("title") ?? ""]]) {
    const input = Object.assign(document.createElement("input"), { type: "hidden", name, value });
    document.getElementById("compose-after").prepend(input);
  }
  if (people.length) await edit("choose");
  else changed();
}

// --- On the server.

let turn = Promise.resolve();
let busy = 0;

/** Asks one thing of the server after the other: each answer changes the form. */
function inTurn(step) {
  busy++;
  turn = turn.then(step).finally(() => busy--);
  return turn;
}

let due = 0;
let unsaved = false;
let answered = 0; // the status of the last answer; 0: there was none

// An answer that lacks the part, from something in between, must not take it away.
document.addEventListener("htmx:after:request", (e) => {
  const { request, response, select, text } = e.detail.ctx;
  if (!request.action.startsWith("/compose/") || !select) return;
  answered = response.status;
  if (!text.includes(`id="${select.slice(1)}"`)) e.preventDefault();
});
let saidAt = 0;

function say(text) {
  const line = document.getElementById("saved");
  if (line) line.textContent = text;
}

function worthKeeping() {
  return Boolean(form().elements.draft || body().value.trim() || form().elements.recipient);
}

/** Notes that something was typed or chosen. */
function changed() {
  unsaved = true;
  if (!worthKeeping()) return forgetThis();
  keepHere();
  if (stale()) say(box().dataset.local);
  clearTimeout(due);
  due = setTimeout(save, pause);
}

/** Keeps the text on the server, unless nothing changed; reports whether it is there. */
function save() {
  clearTimeout(due);
  return inTurn(async () => {
    if (!form() || form().querySelector(".conflict")) return false;
    return !unsaved || !worthKeeping() || keepThere();
  });
}

async function keepThere() {
  unsaved = false;
  const before = slot();
  answered = 0;
  await htmx
    .ajax("POST", "/compose/draft", { source: "#draft-state", target: "#draft-state", swap: "outerMorph", select: "#draft-state" })
    .catch(() => {});
  if (!box()) return false;
  if (answered !== 200) {
    unsaved = true;
    if (!form().querySelector(".conflict")) say(answered === 401 ? box().dataset.ended : box().dataset.local);
    if (!answered || answered >= 500) due = setTimeout(save, again);
    return false;
  }
  if (!quick() && new URLSearchParams(location.search).get("draft") !== draft()) history.replaceState(history.state, "", "/compose?draft=" + draft());
  forget((key) => key === before || key === slot());
  if (unsaved) keepHere(); // typed on meanwhile
  if (Date.now() - saidAt > quiet) {
    saidAt = Date.now();
    announce(document.getElementById("saved").textContent.trim());
  }
  return true;
}

/** Keeps what is being written on this device; reports whether there is anything. */
export function keep() {
  if (!body()?.value.trim()) return false;
  keepHere();
  return true;
}

/** Notes that the form below a conversation was sent, and holds what came after. */
export function settle() {
  unsaved = false;
  forgetThis();
  if (body().value) changed();
}

/** Notes that the form below a conversation was filled anew; another draft that its
    text was in goes once the text is in this one. */
export async function refill(other) {
  saidAt = Date.now(); // that the text is back is what is read aloud
  changed();
  const key = crypto.randomUUID();
  if ((await save()) && other && other !== draft()) fetch(`/drafts/${other}/delete`, { method: "POST", body: new URLSearchParams({ key }) });
}

// --- The form.

/** Presses a button of the form that only changes it: add:ID, remove:ID, at:… */
export function edit(what) {
  return inTurn(async () => {
    await htmx
      .ajax("POST", "/compose/edit", { source: form(), values: { do: what }, target: "#compose-after", swap: "outerMorph", select: "#compose-after" })
      .catch(() => {});
    if (form()) changed();
  });
}

function left() {
  const line = document.getElementById("body-left");
  const text = body();
  if (!line || !text) return;
  const rest = text.maxLength - [...text.value].length;
  line.hidden = rest > text.maxLength / 5;
  line.textContent = line.dataset.left + " " + rest;
}

document.addEventListener("input", (e) => {
  if (!e.target.closest?.("draft-box") || e.target.id === "people") return;
  if (e.target === body()) left();
  changed();
});

document.addEventListener("click", (e) => {
  const button = e.target.closest?.('draft-box [formaction="/compose/edit"]');
  if (form() && e.target.closest?.("[data-drop]")) forgetThis();
  if (!button || !button.value.match(/^(remove|at):/)) return;
  e.preventDefault();
  const next = button.closest("li")?.nextElementSibling?.id;
  edit(button.value).then(() => {
    const to = document.querySelector(`#${CSS.escape(next ?? "none")} button`) ?? document.getElementById("people");
    if (button.value.startsWith("remove")) to?.focus();
  });
});

// Send waits for a saving that is under way, so that it names the draft's version.
// That is settled before htmx hears of it.
document.addEventListener("submit", async (e) => {
  if (e.target.getAttribute("action") === "/sign-out") return forget(() => true);
  if (e.target !== form()) return;
  clearTimeout(due);
  if (busy) {
    e.preventDefault();
    e.stopImmediatePropagation();
    while (busy) await turn;
    form()?.requestSubmit(e.submitter?.isConnected ? e.submitter : null);
    return;
  }
  keepHere(true);
  if (e.submitter?.hasAttribute("formaction")) e.stopImmediatePropagation(); // htmx sends a form to one address
}, true);
document.addEventListener("sealpost:failed", (e) => e.target === form() && changed());

document.addEventListener("keydown", async (e) => {
  const inside = form() && (form().contains(e.target) || e.target === document.body);
  if (!inside || quick() || e.isComposing || document.querySelector("dialog[open]")) return;
  if ((e.ctrlKey || e.metaKey) && e.key === "Enter") {
    e.preventDefault();
    const later = document.getElementById("when-later");
    if (e.shiftKey && later && !(later.checked && form().elements.date.value && form().elements.time.value)) {
      later.checked = true;
      form().elements.date.focus();
      changed();
    } else {
      form().requestSubmit(document.getElementById("send"));
    }
  } else if (e.key === "Escape" && !document.querySelector(":popover-open")) {
    e.preventDefault();
    if (!worthKeeping() || (await save())) location.assign(worthKeeping() ? "/messages?done=draft-saved" : "/messages");
  }
});

// --- When a page begins.

const done = document.querySelector(".done")?.dataset.done;
if (/^(sent|held|scheduled|draft)/.test(done ?? "")) forgetSent();

if (form()) {
  const own = store + box().dataset.user + ":";
  forget((key) => !key.startsWith(own)); // somebody else's, who used this browser before
  const zones = document.getElementById("zones");
  zones?.replaceChildren(...Intl.supportedValuesOf("timeZone").map((z) => Object.assign(document.createElement("option"), { value: z })));
  left();
  // Who goes on writing begins at the end of what is there.
  body().setSelectionRange(body().value.length, body().value.length);
  restore();
  addEventListener("online", () => unsaved && save());
}

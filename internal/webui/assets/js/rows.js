// The list of conversations: arrows move between its rows, and the list is one stop of
// the Tab key. u marks unread, e takes that mark away again.
import { announce } from "./announce.js";

const rows = () => [...document.querySelectorAll("[data-rows] .row-main")];

function only(row) {
  for (const other of rows()) other.tabIndex = other === row ? 0 : -1;
}

async function mark(row, on) {
  const list = row.closest("[data-rows]");
  const { conversation } = row.closest("[data-conversation]").dataset;
  const answer = await fetch(`/messages/${conversation}/unread`, {
    method: "POST", body: new URLSearchParams({ on }), redirect: "manual",
  }).catch(() => null);
  if (answer?.type !== "opaqueredirect") return announce(document.body.dataset.failed, true);
  announce(on ? list.dataset.unread : list.dataset.read);
  document.getElementById("inbox")?.dispatchEvent(new CustomEvent("sealpost:changed"));
}

document.addEventListener("keydown", (e) => {
  const row = e.target.closest?.("[data-rows] .row-main");
  if (!row || e.ctrlKey || e.metaKey || e.altKey) return;
  const all = rows();
  const at = all.indexOf(row);
  const to = { ArrowDown: all[at + 1], ArrowUp: all[at - 1], Home: all[0], End: all.at(-1) }[e.key];
  if (to) {
    e.preventDefault();
    to.focus();
  } else if ((e.key === "u" || e.key === "e") && row.closest("[data-conversation]")) {
    mark(row, e.key === "u");
  }
});
document.addEventListener("focusin", (e) => {
  const row = e.target.closest?.("[data-rows] .row-main");
  if (row) only(row);
});

function stops() {
  const all = rows();
  const focused = all.find((r) => r === document.activeElement);
  if (all.length) only(focused ?? all.find((r) => r.ariaCurrent) ?? all[0]);
}
stops();
document.addEventListener("htmx:after:settle", stops);

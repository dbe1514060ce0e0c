// A recall in the dialog. It is never optimistic: "Recalling…" until the server has
// said what happened. Without an answer it goes on asking, with the same key, so that
// the answer is the true one (an unknown outcome is allowed, a false success is not).
import { announce } from "./announce.js";
import { changed } from "./live.js";

const doubtAfter = 8_000;

let asking = false;

document.addEventListener("submit", (e) => {
  const form = e.target.closest?.("dialog form[data-recall-form]");
  if (!form) return;
  e.preventDefault();
  const button = form.querySelector("button.recall");
  if (button.ariaBusy === "true") return;
  button.ariaBusy = "true";
  asking = true;
  button.textContent = form.dataset.busy;
  const doubt = setTimeout(() => tellDoubt(form), doubtAfter);
  htmx.ajax("POST", form.getAttribute("action"), {
    source: form, target: "#dialog", select: "#main > *", swap: "innerHTML",
    fetch: (address, options) => insist(form, address, options).finally(() => clearTimeout(doubt)),
  });
});

function tellDoubt(form) {
  const line = form.querySelector(".unknown");
  line.hidden = false;
  line.textContent = form.dataset.unknown;
}

// Asks until there is an answer: one that was lost is no answer.
async function insist(form, address, { body, headers, method }) {
  for (let wait = 500; ; wait = Math.min(wait * 2, 5_000)) {
    try {
      const answer = await fetch(address, { body, headers, method, signal: AbortSignal.timeout(doubtAfter) });
      if (answer.status !== 502 && answer.status !== 504) {
        asking = false;
        return answer;
      }
    } catch {}
    tellDoubt(form);
    await new Promise((done) => setTimeout(done, wait));
  }
}

// While the server is asked, only its answer changes what the dialog shows: not what it
// looks for by itself, nor what it was looking for before.
const busy = () => asking && document.querySelector('dialog form[data-recall-form] [aria-busy="true"]');
const inDialog = (e) => e?.closest?.("dialog");
document.addEventListener("sealpost:changed", (e) => inDialog(e.target) && busy() && e.stopImmediatePropagation(), true);
document.addEventListener("htmx:before:swap", (e) => inDialog(e.detail.ctx.target) && busy() && e.preventDefault());

// It is done: the dialog closes, the thread shows the marker, and has the focus.
document.addEventListener("htmx:after:settle", () => {
  const done = document.querySelector("dialog [data-recalled]");
  if (!done) return;
  const { recalled, message, report } = done.dataset;
  const words = done.querySelector("h1").textContent;
  done.remove(); // it would fetch itself, and say another time what is done
  document.getElementById("dialog").close();
  changed(recalled);
  changed("inbox");
  // Its report is where it stands: in its own marker, in one of several messages, or
  // below a message that somebody keeps.
  const find = (tries) => {
    const there = document.querySelector(`#messages a[href="${CSS.escape(report)}"]:not([data-dialog])`);
    if (!there && tries > 0) return setTimeout(() => find(tries - 1), 50);
    (there?.closest("[data-message]") ?? document.getElementById(message))?.focus();
    announce(words);
  };
  find(40);
});

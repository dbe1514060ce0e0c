// When a form of a part of the page gets no answer, or one without that part: the page
// stays as it is, with what was typed, and says so. Without an answer nobody knows
// whether it was done; the form keeps its key, so trying again does it once.
import { announce } from "./announce.js";

function tell(form, known) {
  if (!form?.matches?.("form")) return;
  const words = known ? (form.dataset.failed ?? document.body.dataset.failed) : (form.dataset.doubt ?? document.body.dataset.doubt);
  let line = form.querySelector(":scope > .failed");
  if (!line) {
    line = Object.assign(document.createElement("p"), { className: "failed" });
    form.prepend(line);
  }
  line.textContent = words;
  form.querySelector("[aria-busy]")?.removeAttribute("aria-busy");
  announce(words, true);
  form.dispatchEvent(new CustomEvent("sealpost:failed", { bubbles: true }));
}

// What was wrong with a field is not said any longer once it is changed. A page says
// one thing that is wrong, of one field or of all that make one value.
document.addEventListener("input", ({ target }) => {
  if (!target.ariaInvalid) return;
  for (const e of document.querySelectorAll("[aria-invalid]")) e.ariaInvalid = null;
  for (const e of document.querySelectorAll(".trouble,#people-trouble")) e.remove();
});

document.addEventListener("htmx:before:request", (e) => {
  e.detail.ctx.sourceElement?.querySelector?.(":scope > .failed")?.remove();
});
document.addEventListener("htmx:before:swap", (e) => {
  const { ctx, tasks } = e.detail;
  const main = tasks.find((t) => t.type === "main");
  if (!ctx.select || !(ctx.response?.status >= 400) || main?.fragment.childElementCount) return;
  e.preventDefault();
  e.stopImmediatePropagation();
  tell(ctx.sourceElement, ctx.response.status < 500);
}, true);
document.addEventListener("htmx:error", (e) => e.detail.ctx && tell(e.detail.ctx.sourceElement, false));
// A part that fetches itself meanwhile keeps what its forms said, and the keys of them.
document.addEventListener("htmx:before:swap", (e) => {
  const fragment = e.detail.tasks.find((t) => t.type === "main")?.fragment;
  for (const line of fragment ? document.querySelectorAll("form > .failed") : []) {
    const form = line.parentElement;
    const id = form.closest("[id]")?.id;
    const same = (f) => f.getAttribute("action") === form.getAttribute("action") && f.closest("[id]")?.id === id;
    const next = [...fragment.querySelectorAll("form")].find(same);
    next?.prepend(line.cloneNode(true));
    next?.elements.key?.setAttribute("value", form.elements.key?.value);
  }
});

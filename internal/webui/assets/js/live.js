// Live events. The stream says that something changed and never what: the parts of
// the page that show it fetch themselves anew. One tab of a browser holds the stream
// and tells the others.
import { announce } from "./announce.js";

const address = document.body.dataset.events;
const channel = new BroadcastChannel("sealpost-live");
const staleAfter = 30_000; // two heartbeats of the server, which come each 15 s

let lastSign = Date.now();
let lastEvent = document.body.dataset.since ?? "";

/** Reports whether what the page shows can be out of date. */
export function stale() {
  return Boolean(address) && (!navigator.onLine || Date.now() - lastSign > staleAfter);
}

const waiting = new Set();
let due = 0;

/** Has the parts that show a topic fetch themselves, several events at once. */
export function changed(topic) {
  waiting.add(topic);
  due ||= setTimeout(() => {
    due = 0;
    const topics = new Set(waiting);
    waiting.clear();
    for (const part of document.querySelectorAll("[data-live]")) {
      if (topics.has("*") || part.dataset.live.split(" ").some((t) => topics.has(t))) {
        part.dispatchEvent(new CustomEvent("sealpost:changed"));
      }
    }
  }, 40);
}

function receive({ event, data }) {
  if (event === "conversation") {
    changed("conversation:" + data.conversation_id);
    changed("inbox");
  } else if (event === "resync") {
    changed("*");
  } else if (event) {
    changed(event);
  }
}

// A part whose page is gone, or that cannot be had now, stays as it is. A conversation
// that is not there any more for this person was never there: back to the list.
document.addEventListener("htmx:after:request", (e) => {
  const status = e.detail.ctx?.response?.status;
  if (!e.target.matches?.("[data-live]") || status < 400) return;
  e.preventDefault();
  if (status === 404 && e.target.id === "messages") location.replace("/messages");
});

// Server-sent events by hand: the comments that keep the stream alive are what tells
// that it is, and EventSource hides them.
async function stream(signal) {
  const headers = lastEvent ? { "Last-Event-ID": lastEvent } : {};
  const answer = await fetch(address, { headers, signal, cache: "no-store" });
  if (answer.status === 401) channel.postMessage({ ended: true }), document.dispatchEvent(new Event("sealpost:ended"));
  if (!answer.ok) throw new Error("no stream");
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    alive();
    text += value;
    let end;
    while ((end = text.indexOf("\n\n")) >= 0) {
      parse(text.slice(0, end));
      text = text.slice(end + 2);
    }
  }
}

function parse(block) {
  const message = { event: "", data: {} };
  for (const line of block.split("\n")) {
    const at = line.indexOf(": ");
    const value = line.slice(at + 2);
    if (line.startsWith("id: ")) lastEvent = value;
    else if (line.startsWith("event: ")) message.event = value;
    else if (line.startsWith("data: ")) message.data = JSON.parse(value);
  }
  receive(message);
  channel.postMessage({ message, lastEvent });
}

function alive() {
  lastSign = Date.now();
  channel.postMessage({ alive: lastSign });
  show();
}

channel.onmessage = ({ data }) => {
  if (data.ended) {
    document.dispatchEvent(new Event("sealpost:ended"));
  } else if (data.alive) {
    lastSign = Math.max(lastSign, data.alive);
    show();
  } else {
    lastEvent = data.lastEvent;
    receive(data.message);
  }
};

async function hold() {
  const stop = new AbortController();
  addEventListener("pagehide", () => stop.abort(), { once: true });
  for (let wait = 500; !stop.signal.aborted; wait = Math.min(wait * 2, 15_000)) {
    const began = Date.now();
    try {
      await stream(stop.signal);
    } catch {}
    if (Date.now() - began > 20_000) wait = 500;
    show();
    await new Promise((done) => setTimeout(done, wait * (0.7 + Math.random() * 0.6)));
  }
}

// The bar that says whether the page can be believed.
const bar = document.querySelector("net-status");
let shown = "";
function show() {
  if (!bar || !address) return;
  const state = !navigator.onLine ? "offline" : Date.now() - lastSign > staleAfter ? "waiting" : "";
  if (state === shown) return;
  if (!state && shown) announce(bar.dataset.back);
  shown = state;
  bar.hidden = !state;
  bar.textContent = state ? bar.dataset[state] : "";
  if (state) announce(bar.textContent);
  document.documentElement.toggleAttribute("data-stale", Boolean(state));
  document.dispatchEvent(new CustomEvent("sealpost:stale", { detail: Boolean(state) }));
}

if (address) {
  navigator.locks.request("sealpost-live", hold);
  setInterval(show, 2000);
  addEventListener("online", show);
  addEventListener("offline", show);
  // What a page showed when it was left may have been recalled since.
  addEventListener("pageshow", (e) => e.persisted && location.reload());
}

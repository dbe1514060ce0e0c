// When the session has ended: who is writing signs in again in a dialog, and the text
// stays. Everybody else is led to the same page by asking for this one again.
import { keep } from "./compose.js";
import { openDialog } from "./dialog.js";

let told = false;

function ended(asked) {
  if (!keep()) return location.reload();
  if (document.querySelector("dialog[open]") || (told && !asked)) return;
  told = true;
  const to = location.pathname + location.search;
  openDialog("/sign-in?" + new URLSearchParams({ to, done: "ended" }), document.activeElement);
}

// The stream says it once, a saving too; what somebody presses says it again.
document.addEventListener("sealpost:ended", () => ended(false));
document.addEventListener("htmx:after:request", (e) => {
  const { request, response } = e.detail.ctx;
  if (response.status !== 401) return;
  e.preventDefault();
  ended(request.method === "POST" && request.action !== "/compose/draft");
});

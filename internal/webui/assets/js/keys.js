// Keys for everywhere: / searches, c composes, g m and g n go places, ? lists the keys.
// Only outside of text fields and of menus, and never with a modifier.
import { openDialog } from "./dialog.js";

let after = "";

addEventListener("keydown", (e) => {
  const field = e.target.closest?.("input,textarea,select,[contenteditable]");
  if ((e.ctrlKey || e.metaKey) && e.key === "Enter" && field?.form?.hasAttribute("data-quick")) {
    e.preventDefault();
    field.form.requestSubmit();
    return;
  }
  const { keys, events } = document.body.dataset; // no events: nobody is signed in
  if (keys === "off" || !events || e.target.closest?.('[role="menu"]')) return;
  if (field || e.ctrlKey || e.metaKey || e.altKey || document.querySelector("dialog[open]")) return;
  const pair = after + e.key;
  after = e.key === "g" ? "g" : "";
  const to = { c: "/compose", gm: "/messages", gn: "/network/people" }[pair];
  if (to) location.assign(to);
  else if (e.key === "/") {
    e.preventDefault();
    document.getElementById("q")?.focus();
  } else if (e.key === "?") openDialog("/help", e.target);
});

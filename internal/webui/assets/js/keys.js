// Keys for everywhere: / searches, c composes, g m and g n go places. Only outside of
// text fields, and never with a modifier.
let after = "";

addEventListener("keydown", (e) => {
  const field = e.target.closest?.("input,textarea,select,[contenteditable]");
  if ((e.ctrlKey || e.metaKey) && e.key === "Enter" && field?.form?.hasAttribute("data-quick")) {
    e.preventDefault();
    field.form.requestSubmit();
    return;
  }
  if (document.body.dataset.keys === "off") return;
  if (field || e.ctrlKey || e.metaKey || e.altKey || document.querySelector("dialog[open]")) return;
  const pair = after + e.key;
  after = e.key === "g" ? "g" : "";
  const to = { c: "/compose", gm: "/messages", gn: "/network/people" }[pair];
  if (to) location.assign(to);
  else if (e.key === "/") {
    e.preventDefault();
    document.getElementById("q")?.focus();
  }
});

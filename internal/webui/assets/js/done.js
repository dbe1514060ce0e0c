// What was done is told for a while beside a conversation or the list; whoever points at
// it reads on. Without script it stays, and so it does where its going would move what
// somebody is about to touch.
const shownFor = 6_000;
const wide = matchMedia("(min-width: 48rem)");

function watch() {
  for (const line of document.querySelectorAll(".panes .done:not([data-leaves])")) {
    if (!wide.matches && line.parentElement.id === "main") continue;
    line.dataset.leaves = "";
    const leave = () => (line.matches(":hover,:focus-within") ? setTimeout(leave, 1_000) : line.remove());
    setTimeout(leave, shownFor);
  }
}
watch();
document.addEventListener("htmx:after:settle", watch);

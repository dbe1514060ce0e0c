// The numbers in the bars. The bars are not swapped; what the numbers are now stands
// in an element that fetches itself anew.
function show() {
  for (const count of document.querySelectorAll("#counts [data-count]")) {
    const { count: of, text = "", words = "" } = count.dataset;
    for (const badge of document.querySelectorAll(`[data-badge="${of}"]`)) {
      badge.textContent = text;
      badge.hidden = !text;
    }
    for (const said of document.querySelectorAll(`[data-badge-words="${of}"]`)) said.textContent = words;
  }
}
document.addEventListener("htmx:after:settle", show);

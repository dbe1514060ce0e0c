// The list of conversations: arrows move between its rows.
document.addEventListener("keydown", (e) => {
  const row = e.target.closest?.("[data-rows] .row-main");
  if (!row || !["ArrowDown", "ArrowUp", "Home", "End"].includes(e.key)) return;
  const all = [...row.closest("[data-rows]").querySelectorAll(".row-main")];
  const at = all.indexOf(row);
  const to = { ArrowDown: all[at + 1], ArrowUp: all[at - 1], Home: all[0], End: all.at(-1) }[e.key];
  if (to) {
    e.preventDefault();
    to.focus();
  }
});

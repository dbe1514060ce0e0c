// The moderators' queue by keys: j and k move between cases, Enter opens one.
addEventListener("keydown", (e) => {
  if ((e.key !== "j" && e.key !== "k") || e.ctrlKey || e.metaKey || e.altKey || e.target.closest?.("input,textarea,select")) return;
  const cases = [...document.querySelectorAll("[data-cases] a")];
  if (!cases.length) return;
  const at = cases.indexOf(document.activeElement) + (e.key === "j" ? 1 : -1);
  cases[Math.min(Math.max(at, 0), cases.length - 1)].focus();
});

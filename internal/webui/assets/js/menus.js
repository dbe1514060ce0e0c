// A menu has the focus as soon as it is open; closing gives it back by itself.
document.addEventListener(
  "toggle",
  (e) => e.newState === "open" && e.target.matches?.('[role="menu"]') && e.target.querySelector('[role="menuitem"]')?.focus(),
  true,
);

// Menus of links are popovers that need no script. This adds the arrow keys.
document.addEventListener("keydown", (e) => {
  if (!["ArrowDown", "ArrowUp", "Home", "End"].includes(e.key)) return;
  const opener = e.target.closest?.("[popovertarget]");
  const menu = e.target.closest?.(".menu") ?? (opener && document.getElementById(opener.getAttribute("popovertarget")));
  if (!menu?.matches(":popover-open")) return;
  const items = [...menu.querySelectorAll("a,button")].filter((i) => i.offsetParent);
  const at = items.indexOf(document.activeElement);
  const next = { ArrowDown: at + 1, ArrowUp: at < 0 ? items.length - 1 : at - 1, Home: 0, End: items.length - 1 }[e.key];
  e.preventDefault();
  items[(next + items.length) % items.length]?.focus();
});

// Tab leaves a menu, as menus do.
document.addEventListener("keydown", (e) => {
  if (e.key === "Tab") e.target.closest?.('[role="menu"]:popover-open')?.hidePopover();
});

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

// In a menu of actions a letter goes to the next one that begins with it.
document.addEventListener("keydown", (e) => {
  const menu = e.target.closest?.('[role="menu"]');
  if (!menu || e.key.length !== 1 || e.key === " " || e.ctrlKey || e.metaKey || e.altKey) return;
  const items = [...menu.querySelectorAll('[role="menuitem"]')].filter((i) => i.offsetParent);
  const at = items.indexOf(document.activeElement) + 1;
  const letter = e.key.toLocaleLowerCase();
  const next = [...items.slice(at), ...items.slice(0, at)].find((i) => i.innerText.trim().toLocaleLowerCase().startsWith(letter));
  e.preventDefault();
  next?.focus();
});

// Tab leaves a menu, as menus do.
document.addEventListener("keydown", (e) => {
  if (e.key === "Tab") e.target.closest?.('[role="menu"]:popover-open')?.hidePopover();
});

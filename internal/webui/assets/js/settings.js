// Settings save themselves when they are changed; without script there are buttons.
for (const form of document.querySelectorAll("form[data-saves]")) {
  form.classList.add("live");
  form.addEventListener("change", () => form.requestSubmit());
}

// The browser's time zone is a good first guess.
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
for (const field of document.querySelectorAll("[data-zone]")) field.value ||= zone;
for (const field of document.querySelectorAll("[data-zone-hint]")) {
  if (field.value === zone || !zone) continue;
  const hint = document.createElement("p");
  hint.className = "help";
  hint.textContent = field.dataset.zoneHint.replace("{zone}", zone);
  field.after(hint);
}

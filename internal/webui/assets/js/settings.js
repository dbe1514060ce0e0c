// Settings save themselves when they are changed; without script there are buttons.
document.documentElement.dataset.saves = ""; // hides the buttons

document.addEventListener("change", (e) => {
  const form = e.target.form;
  if (!form?.hasAttribute("data-saves")) return;
  if (form.hasAttribute("data-theme-choice")) document.documentElement.dataset.theme = e.target.value;
  if (form.hasAttribute("data-keys-choice")) document.body.dataset.keys = e.target.checked ? "on" : "off";
  form.requestSubmit();
});

// What could not be saved is back at its old value: the one that the server rendered.
function back(form) {
  form.reset();
  if (form.hasAttribute("data-theme-choice")) document.documentElement.dataset.theme = form.elements.theme.value;
  if (form.hasAttribute("data-keys-choice")) document.body.dataset.keys = form.elements.keys.checked ? "on" : "off";
}

document.addEventListener("sealpost:failed", (e) => e.target.matches("form[data-saves]") && back(e.target));

// The browser's time zone is a good first guess.
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;

function offerZone(field) {
  const offered = zone && [...field.options].some((o) => o.value === zone);
  if (!offered || field.value === zone || field.parentElement.querySelector(".offer")) return;
  const offer = document.createElement("p");
  offer.className = "offer cluster quiet";
  const use = document.createElement("button");
  use.type = "button";
  use.className = "button small";
  use.textContent = field.dataset.zoneUse;
  use.addEventListener("click", () => {
    field.value = zone;
    field.focus();
    field.dispatchEvent(new Event("change", { bubbles: true }));
  });
  offer.append(field.dataset.zoneHint.replace("{zone}", zone.replaceAll("_", " ")), use);
  field.after(offer);
}

// A password can be looked at while it is typed; it is sent as one, so that the
// browser keeps it.
function showable(box) {
  if (box.querySelector("button")) return;
  const input = box.querySelector("input");
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button plain small";
  button.textContent = box.dataset.show;
  button.setAttribute("aria-label", box.dataset.named);
  const set = (shown) => {
    input.type = shown ? "text" : "password";
    button.setAttribute("aria-pressed", shown);
  };
  set(false);
  button.addEventListener("click", () => set(input.type === "password"));
  input.form?.addEventListener("submit", () => set(false));
  box.append(button);
}

function dress() {
  for (const form of document.querySelectorAll(".setting form[data-saves]")) form.reset();
  for (const field of document.querySelectorAll("select[data-zone]")) {
    if (!field.value && [...field.options].some((o) => o.value === zone)) field.value = zone;
  }
  document.querySelectorAll("select[data-zone-hint]").forEach(offerZone);
  document.querySelectorAll(".secret").forEach(showable);
}

dress();
document.addEventListener("htmx:after:settle", dress);

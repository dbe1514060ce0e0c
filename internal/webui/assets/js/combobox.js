// Recipients: a text field that finds people (the combobox pattern of the ARIA
// authoring guide), and a chip for each of who is chosen. Without it the form has a
// button that finds.
import { announce } from "./announce.js";

class RecipientCombobox extends HTMLElement {
  connectedCallback() {
    if (this.classList.contains("live")) return;
    this.classList.add("live");
    this.input = this.querySelector("#find");
    this.chosen = this.querySelector(".chosen");
    this.list = Object.assign(document.createElement("ul"), { className: "options", id: "find-options", hidden: true });
    this.list.setAttribute("role", "listbox");
    this.list.setAttribute("aria-label", this.input.labels[0].textContent);
    this.append(this.list);
    for (const [k, v] of [["role", "combobox"], ["aria-autocomplete", "list"], ["aria-expanded", "false"], ["aria-controls", "find-options"]]) {
      this.input.setAttribute(k, v);
    }
    for (const chip of this.chosen.querySelectorAll(".chip")) this.dress(chip);
    this.input.addEventListener("input", () => this.ask());
    this.input.addEventListener("keydown", (e) => this.key(e));
    this.input.addEventListener("blur", () => setTimeout(() => this.close(), 150));
    this.list.addEventListener("pointerdown", (e) => {
      const option = e.target.closest("li");
      if (!option) return;
      e.preventDefault();
      this.add(option.person);
    });
  }

  ask() {
    clearTimeout(this.due);
    const text = this.input.value.trim();
    if (!text) return this.close();
    this.due = setTimeout(async () => {
      const answer = await fetch("/compose/people?q=" + encodeURIComponent(text)).catch(() => null);
      if (!answer?.ok || this.input.value.trim() !== text) return;
      this.show((await answer.json()).filter((p) => !this.has(p.id)));
    }, 120);
  }

  show(people) {
    this.list.replaceChildren(...people.map((p, i) => this.option(p, i)));
    this.list.hidden = people.length === 0;
    this.input.setAttribute("aria-expanded", String(people.length > 0));
    this.move(people.length ? 0 : -1);
    announce(people.length ? this.dataset.count.replace("{n}", people.length) : this.dataset.none);
  }

  option(person, i) {
    const option = document.createElement("li");
    option.id = "find-option-" + i;
    option.setAttribute("role", "option");
    option.person = person;
    const avatar = Object.assign(document.createElement("span"), { className: "avatar", textContent: person.initials });
    avatar.setAttribute("aria-hidden", "true");
    const text = document.createElement("span");
    const name = Object.assign(document.createElement("bdi"), { textContent: person.name });
    const headline = Object.assign(document.createElement("bdi"), { className: "quiet", textContent: person.headline });
    text.append(name, document.createElement("br"), headline);
    option.append(avatar, text);
    return option;
  }

  move(to) {
    const options = [...this.list.children];
    this.at = options.length ? (to + options.length) % options.length : -1;
    options.forEach((o, i) => o.setAttribute("aria-selected", String(i === this.at)));
    if (this.at >= 0 && to >= 0) {
      this.input.setAttribute("aria-activedescendant", options[this.at].id);
      options[this.at].scrollIntoView({ block: "nearest" });
    } else this.input.removeAttribute("aria-activedescendant");
  }

  key(e) {
    const open = !this.list.hidden;
    if (open && (e.key === "ArrowDown" || e.key === "ArrowUp")) {
      e.preventDefault();
      this.move(this.at + (e.key === "ArrowDown" ? 1 : -1));
    } else if (e.key === "Enter") {
      e.preventDefault(); // a field of names sends nothing
      if (open && this.at >= 0) this.add(this.list.children[this.at].person);
    } else if (e.key === "Escape" && open) {
      e.stopPropagation();
      this.close();
    } else if (e.key === "Backspace" && !this.input.value) {
      const last = this.chosen.querySelector("li:last-child");
      if (last) this.remove(last);
    }
  }

  close() {
    this.list.hidden = true;
    this.input.setAttribute("aria-expanded", "false");
    this.input.removeAttribute("aria-activedescendant");
  }

  has(id) {
    return [...this.chosen.querySelectorAll("[name=to]")].some((i) => i.value === id);
  }

  add(person) {
    const chip = Object.assign(document.createElement("span"), { className: "chip picked" });
    const hidden = Object.assign(document.createElement("input"), { type: "hidden", name: "to", value: person.id });
    chip.append(hidden, Object.assign(document.createElement("bdi"), { textContent: person.name }));
    const item = document.createElement("li");
    item.append(chip);
    this.chosen.append(item);
    this.dress(chip);
    this.input.value = "";
    this.close();
    this.input.focus();
    announce(this.dataset.added.replace("{name}", person.name));
    this.dispatchEvent(new Event("input", { bubbles: true }));
  }

  // A chip of the server is a checkbox; with script it has a button that removes it.
  dress(chip) {
    const box = chip.querySelector("input");
    box.type = "hidden";
    const name = chip.querySelector("bdi").textContent;
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: "×" });
    button.setAttribute("aria-label", this.dataset.removed.replace("{name}", name));
    button.addEventListener("click", (e) => {
      e.preventDefault();
      this.remove(chip.closest("li"));
    });
    chip.append(button);
  }

  remove(item) {
    const name = item.querySelector("bdi").textContent;
    item.remove();
    this.input.focus();
    announce(this.dataset.removed.replace("{name}", name));
    this.dispatchEvent(new Event("input", { bubbles: true }));
  }
}
customElements.define("recipient-combobox", RecipientCombobox);

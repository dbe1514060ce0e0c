// A button that copies a text; without script the style sheet hides it.
import { announce } from "./announce.js";

class CopyText extends HTMLElement {
  connectedCallback() {
    this.addEventListener("click", async () => {
      const said = await navigator.clipboard.writeText(this.dataset.text).then(
        () => this.dataset.done,
        () => this.dataset.failed,
      );
      announce(said);
      this.querySelector("button").lastChild.textContent = said;
    });
  }
}
customElements.define("copy-text", CopyText);

// A ring shows how much of a time is left; when it is over, the part of the page that
// it is in fetches itself anew. The time is the server's: the page knows how far its
// own clock is off.
import { announce } from "./announce.js";

class SealRing extends HTMLElement {
  connectedCallback() {
    this.timer = setInterval(() => this.step(), 1000);
    this.step();
  }
  disconnectedCallback() {
    clearInterval(this.timer);
  }
  step() {
    const { begin, end, now } = this.dataset;
    if (this.made !== now) {
      this.made = now;
      this.off = Number(now) - Date.now();
      this.over = false;
    }
    const left = Math.max(0, Number(end) - Date.now() - this.off);
    this.querySelector(".left")?.setAttribute("stroke-dasharray", `${Math.round((100 * left) / (end - begin))} 100`);
    if (left === 0 && !this.over) {
      this.over = true;
      if (this.closest(".recallable")?.contains(document.activeElement)) announce(document.getElementById("messages")?.dataset.closed);
      // A little later, so that the server is sure of it too.
      setTimeout(() => this.closest("[data-live]")?.dispatchEvent(new CustomEvent("sealpost:changed")), 700);
    }
  }
}
customElements.define("seal-ring", SealRing);

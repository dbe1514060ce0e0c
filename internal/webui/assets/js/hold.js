// Tap and hold on a message: armed after 500 ms, and its menu opens once the finger
// is lifted. A menu that opened earlier would close as the finger lifts. A quick tap
// chooses the message and shows its button, for people who cannot hold.
const holdFor = 500;
const slack = 10; // how far a finger may move, in pixels

let press = null;
let picked = ""; // the message that was chosen, also after the list has fetched itself anew

const show = () => document.getElementById(picked)?.classList.add("picked");
document.addEventListener("htmx:after:settle", show);

function end() {
  if (!press) return;
  clearTimeout(press.timer);
  press.message.classList.remove("pressed");
  press = null;
}

document.addEventListener("pointerdown", (e) => {
  end();
  if (e.pointerType === "mouse" || !e.isPrimary) return;
  const message = e.target.closest?.(".message");
  if (!message?.querySelector("[data-dots]") || e.target.closest("a,button,[popover]")) return;
  press = { message, x: e.clientX, y: e.clientY, armed: false };
  press.timer = setTimeout(() => {
    press.armed = true;
    press.message.classList.add("pressed");
    if (navigator.userActivation?.hasBeenActive) navigator.vibrate?.(10);
  }, holdFor);
});

document.addEventListener("pointermove", (e) => {
  if (press && Math.hypot(e.clientX - press.x, e.clientY - press.y) > slack) end();
});
document.addEventListener("pointercancel", (e) => {
  // Android takes the pointer over for its own menu, which is prevented below.
  if (!press?.armed) end();
});

function lift(open) {
  if (!press) return;
  const { message, armed } = press;
  end();
  if (open && armed) {
    setTimeout(() => {
      const menu = message.querySelector(":scope .message-menu");
      menu?.showPopover();
      menu?.querySelector('[role="menuitem"]')?.focus();
    });
  } else if (open) {
    document.getElementById(picked)?.classList.remove("picked");
    picked = message.id;
    show();
  }
}
document.addEventListener("pointerup", () => lift(true));
document.addEventListener("touchend", () => press?.armed && lift(true));
document.addEventListener("contextmenu", (e) => press && e.preventDefault());

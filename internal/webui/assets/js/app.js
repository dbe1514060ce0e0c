// Everything that pages run. Each module works on what the server has rendered and
// does nothing where that is missing; without any of them the pages work too.
import "../vendor/htmx.esm.js";
import "../vendor/hx-csp.js";
import "./announce.js";
import "./done.js";
import "./dialog.js";
import "./failed.js";
import "./live.js";
import "./counts.js";
import "./keys.js";
import "./menus.js";
import "./rows.js";
import "./ring.js";
import "./thread.js";
import "./hold.js";
import "./recall.js";
import "./panel.js";
import "./copy.js";
import "./combobox.js";
import "./compose.js";
import "./session.js";
import "./settings.js";
import "./join.js";
import "./admin.js";

// The style sheet hides what works by script alone until there is one.
document.documentElement.dataset.script = "";

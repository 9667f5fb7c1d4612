// What the panel does beyond links and forms: keeps times fresh, follows a job's text and log, keeps
// the two ways of filling in a payload in step. Every page works without it.
"use strict";

const $ = (selector, root = document) => root.querySelector(selector);
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];

// Times. The server's clock may be a driven one: what passes is added to what the page was made with.
const lengths = (seconds) =>
  seconds < 60 ? `${seconds} s`
    : seconds < 3600 ? `${Math.floor(seconds / 60)} min`
      : seconds < 172800 ? `${Math.floor(seconds / 3600)} h`
        : `${Math.floor(seconds / 86400)} d`;
const longLengths = (seconds) =>
  seconds < 60 ? `${seconds} s`
    : seconds < 3600 ? `${Math.floor(seconds / 60)} min ${seconds % 60} s`
      : seconds < 172800 ? `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`
        : `${Math.floor(seconds / 86400)} d ${Math.floor((seconds % 86400) / 3600)} h`;
let skew = Date.parse(document.body.dataset.now) - Date.now() || 0;

function freshen() {
  const now = Date.now() + skew;
  for (const time of $$("time[datetime]")) {
    const away = Math.round((now - Date.parse(time.dateTime)) / 1000);
    if (Number.isNaN(away)) continue;
    const text = "elapsed" in time.dataset ? longLengths(Math.max(away, 0))
      : away < -1 ? `in ${lengths(-away)}`
        : away < 2 ? "just now"
          : `${lengths(away)} ago`;
    if (time.textContent !== text) time.textContent = text;
    if (!time.dataset.local) {
      time.dataset.local = "";
      time.title = `${new Date(time.dateTime).toLocaleString()} (${time.title})`;
    }
  }
}
setInterval(freshen, 1000);
freshen();

// A fragment says what time it is for the host: a driven clock jumps.
document.addEventListener("htmx:after:request", (event) => {
  const headers = event.detail?.ctx?.response?.headers ?? event.detail?.ctx?.response?.raw?.headers;
  const now = Date.parse(headers?.get?.("anvil-now") ?? "");
  if (!Number.isNaN(now)) skew = now - Date.now();
});
document.addEventListener("htmx:after:swap", freshen);

// The theme: the system's, or the other one, kept.
const toggle = $("[data-theme-toggle]");
if (toggle) {
  toggle.hidden = false;
  toggle.addEventListener("click", () => {
    const root = document.documentElement;
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    try {
      localStorage.setItem("anvil-theme", root.dataset.theme);
    } catch {
      // It holds for this page.
    }
  });
}

// Forms that come back to the page they are on.
function hereAgain() {
  for (const input of $$("[data-here]")) input.value = location.pathname + location.search;
}
hereAgain();
document.addEventListener("htmx:after:swap", hereAgain);
for (const form of $$("[data-autosubmit]")) form.addEventListener("change", () => form.requestSubmit());
$("[data-focus]")?.focus();

// The connection. Short interruptions are not worth a word.
const offline = $("#offline");
let lost;
document.addEventListener("htmx:sse:error", () => {
  lost ??= setTimeout(() => { if (offline) offline.hidden = false; }, 3000);
});
document.addEventListener("htmx:sse:after:connection", () => {
  clearTimeout(lost);
  lost = undefined;
  if (offline) offline.hidden = true;
});

// The text that Claude writes now. It is set as text, never as HTML.
const live = $("[data-live-text]");
if (live) {
  const [text, state] = [$("pre", live), $("[data-live-state]", live)];
  let idle;
  document.body.addEventListener("anvil-text", (event) => {
    const piece = JSON.parse(event.detail.data);
    const follow = text.scrollTop + text.clientHeight >= text.scrollHeight - 24;
    live.hidden = false;
    if (piece.start) text.textContent = piece.text;
    else text.append(piece.text);
    if (follow) text.scrollTop = text.scrollHeight;
    state.textContent = "now";
    clearTimeout(idle);
    idle = setTimeout(() => { state.textContent = "the last text that came"; }, 4000);
  });
}

// The log: new lines are fetched from where the last ended, and only so many are kept.
const log = $("[data-log]");
if (log) {
  const KEEP = 5000;
  const follow = $("[data-follow]");
  $("[data-follow-label]").hidden = false;
  let last = Number(log.lastElementChild?.dataset.seq ?? 0);
  let busy = false;
  let again = false;
  const scroll = () => { if (follow.checked) log.scrollTop = log.scrollHeight; };
  const fetchLines = async () => {
    if (busy) {
      again = true;
      return;
    }
    busy = true;
    try {
      do {
        again = false;
        const answer = await fetch(`${log.dataset.log}?after=${last}`);
        if (!answer.ok) break;
        const newest = Number(answer.headers.get("anvil-log-last"));
        log.insertAdjacentHTML("beforeend", await answer.text());
        // A full page means that there may be more.
        if (newest - last >= 1000) again = true;
        if (newest > last) last = newest;
        while (log.childElementCount > KEEP) log.firstElementChild.remove();
        scroll();
      } while (again);
    } catch {
      // The next event asks again.
    } finally {
      busy = false;
    }
  };
  follow.addEventListener("change", scroll);
  log.addEventListener("wheel", () => {
    requestAnimationFrame(() => {
      follow.checked = log.scrollTop + log.clientHeight >= log.scrollHeight - 24;
    });
  }, { passive: true });
  document.body.addEventListener("anvil-log", fetchLines);
  scroll();
  if (log.childElementCount >= 1000) fetchLines();
}

// The form for a job: what is filled in on one side shows on the other.
const job = $("[data-job-form]");
if (job && $("[name=mode][value=fields]", job)) {
  const raw = $("[name=raw]", job);
  const error = $("[data-raw-error]", job);
  const controls = () => $$("[data-name]", job).map((box) => ({ name: box.dataset.name, input: $("[data-kind]", box) }));

  // The members of an object as they are written: JSON.parse would round what has more than 53 bits.
  const membersOf = (text) => {
    const whole = JSON.parse(text);
    if (!whole || typeof whole !== "object" || Array.isArray(whole)) throw new Error("the form fills in an object");
    const found = new Map();
    let at = text.indexOf("{") + 1;
    const blanks = () => { while (" \t\n\r".includes(text[at])) at += 1; };
    const string = () => {
      const from = at;
      for (at += 1; text[at] !== '"'; at += 1) if (text[at] === "\\") at += 1;
      at += 1;
      return text.slice(from, at);
    };
    for (;;) {
      blanks();
      if (text[at] === "}") return found;
      const name = JSON.parse(string());
      blanks();
      at += 1;
      blanks();
      const from = at;
      for (let depth = 0; depth > 0 || (text[at] !== "," && text[at] !== "}");) {
        if (text[at] === '"') {
          string();
          continue;
        }
        if (text[at] === "{" || text[at] === "[") depth += 1;
        if (text[at] === "}" || text[at] === "]") depth -= 1;
        at += 1;
      }
      if (found.has(name)) throw new Error(`“${name}” is there twice`);
      found.set(name, text.slice(from, at).trim());
      if (text[at] === ",") at += 1;
    }
  };
  const blankText = (json) => json !== undefined && json.startsWith('"') && JSON.parse(json).trim() === "";

  // A control's value as JSON; undefined where it says nothing.
  const written = (input, before) => {
    const kind = input.dataset.kind;
    // What was never said stays unsaid, unless that would mean yes.
    if (kind === "tick") return input.checked ? "true" : before !== undefined || "explicit" in input.dataset ? "false" : undefined;
    if (input.value.trim() === "") return blankText(before) ? before : undefined;
    if (kind === "text") return JSON.stringify(input.value);
    try {
      JSON.parse(input.value);
      return input.value.trim();
    } catch {
      return JSON.stringify(input.value);
    }
  };

  const toRaw = () => {
    // What the form does not know stays as it is.
    let payload = new Map();
    try {
      payload = membersOf(raw.value);
    } catch {
      // Something half-written: the form's side counts.
    }
    for (const { name, input } of controls()) {
      const value = written(input, payload.get(name));
      if (value === undefined) payload.delete(name);
      else payload.set(name, value);
    }
    const lines = [...payload].map(([name, value]) => `  ${JSON.stringify(name)}: ${value}`);
    raw.value = lines.length ? `{\n${lines.join(",\n")}\n}` : "{}";
  };

  const sameJson = (one, other) => JSON.stringify(JSON.parse(one)) === JSON.stringify(JSON.parse(other));

  // Puts a value into its control, or says why it cannot stand there as it is.
  const show = (name, input, text) => {
    const kind = input.dataset.kind;
    if (text === undefined) {
      if (kind === "tick") input.checked = input.dataset.explicit === "on";
      else input.value = "";
      return;
    }
    const value = JSON.parse(text);
    let wrong = "";
    if (kind === "tick") {
      input.checked = value === true;
      if (typeof value !== "boolean") wrong = "is neither true nor false";
    } else if (input.tagName === "SELECT") {
      const option = [...input.options].find((option) => option.value && sameJson(option.value, text));
      if (option) input.value = option.value;
      else wrong = "is none of its values";
    } else if (kind === "json") {
      input.value = text;
    } else if (kind === "number") {
      input.value = text;
      if (typeof value !== "number" || input.value !== text) wrong = "is no number that fits";
    } else if (typeof value !== "string") {
      wrong = "is no text";
    } else {
      input.value = value;
      if (input.value !== value) wrong = "has line ends that would be lost";
    }
    if (wrong) throw new Error(`“${name}” ${wrong}`);
  };

  const toFields = () => {
    const payload = membersOf(raw.value);
    for (const { name, input } of controls()) show(name, input, payload.get(name));
  };

  job.addEventListener("change", (event) => {
    if (event.target.name !== "mode") return;
    error.textContent = "";
    if (event.target.value === "raw") {
      toRaw();
      return;
    }
    try {
      toFields();
    } catch (problem) {
      error.textContent = `This cannot be shown as a form: ${problem.message}`;
      $("[name=mode][value=raw]", job).checked = true;
    }
  });
}

// Files can be dropped on the form for a job; those that are chosen are listed. Without this the field itself takes them.
const drop = $("[data-drop]");
if (drop) {
  const form = drop.closest("form");
  const field = $("input[type=file]", drop);
  const list = $("[data-dropped]", drop);
  const hasFiles = (event) => event.dataTransfer && [...event.dataTransfer.types].includes("Files");
  const over = (on) => drop.classList.toggle("over", on);
  const show = () => {
    list.replaceChildren(...[...field.files].map((file) => {
      const line = document.createElement("li");
      line.textContent = `${file.name} · ${file.size.toLocaleString("en")} bytes`;
      return line;
    }));
    list.hidden = field.files.length < 2;
  };
  for (const kind of ["dragenter", "dragover"]) {
    form.addEventListener(kind, (event) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      over(true);
    });
  }
  form.addEventListener("dragleave", (event) => { if (!form.contains(event.relatedTarget)) over(false); });
  form.addEventListener("drop", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    over(false);
    // A file of the same name takes the place of the one before.
    const all = new Map([...field.files, ...event.dataTransfer.files].map((file) => [file.name, file]));
    const chosen = new DataTransfer();
    for (const file of all.values()) chosen.items.add(file);
    field.files = chosen.files;
    show();
  });
  field.addEventListener("change", show);
}

//! What the pages do, in plain JavaScript.

use super::page::Page;
use super::topic::Topic;

/// The script of the page for this subject.
pub(super) fn app(topic: &Topic) -> String {
    match Page::of(topic) {
        Page::Login => format!("{FORM}\n{LOGIN}"),
        Page::Form => format!("{FORM}\n{SEND}"),
        Page::List => LIST.to_owned(),
        Page::Counter => COUNTER.to_owned(),
    }
}

const FORM: &str = r##"const form = document.querySelector("#form");
const note = document.querySelector("#status");

// Shows beside each field what is wrong with it; true when nothing is.
function check() {
  let ok = true;
  for (const field of form.querySelectorAll("[name]")) {
    form.querySelector(`[data-for="${field.name}"]`).textContent = field.validationMessage;
    field.setAttribute("aria-invalid", String(!field.validity.valid));
    ok = ok && field.validity.valid;
  }
  return ok;
}

form.addEventListener("input", () => { if (form.dataset.tried) check(); });
"##;

const LOGIN: &str = r##"document.querySelector("#show").addEventListener("change", (event) => {
  form.elements.password.type = event.target.checked ? "text" : "password";
});

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  form.dataset.tried = "yes";
  if (!check()) return;
  const button = form.querySelector("button");
  button.disabled = true;
  note.textContent = "Signing in…";
  try {
    const answer = await fetch("/login", { method: "POST", body: new FormData(form) });
    note.textContent = answer.ok ? "Welcome back." : "Email or password is wrong.";
  } catch {
    note.textContent = "The server can't be reached. Try again in a moment.";
  } finally {
    button.disabled = false;
  }
});
"##;

const SEND: &str = r#"form.addEventListener("submit", (event) => {
  event.preventDefault();
  form.dataset.tried = "yes";
  if (!check()) return;
  note.textContent = `Thank you, ${form.elements.name.value}.`;
  form.reset();
  delete form.dataset.tried;
});
"#;

const LIST: &str = r##"const list = document.querySelector("#list");
const text = document.querySelector("#text");
const note = document.querySelector("#status");
let entries = JSON.parse(localStorage.getItem("entries") ?? "[]");

function show() {
  list.replaceChildren(...entries.map((entry, i) => {
    const item = document.createElement("li");
    const label = document.createElement("label");
    const box = Object.assign(document.createElement("input"), { type: "checkbox", checked: entry.done });
    box.addEventListener("change", () => { entries[i].done = box.checked; save(); });
    label.append(box, ` ${entry.text}`);
    label.className = entry.done ? "done" : "";
    item.append(label);
    return item;
  }));
  note.textContent = `${entries.filter((entry) => !entry.done).length} left`;
}

function save() {
  localStorage.setItem("entries", JSON.stringify(entries));
  show();
}

document.querySelector("#form").addEventListener("submit", (event) => {
  event.preventDefault();
  if (!text.value.trim()) return;
  entries.push({ text: text.value.trim(), done: false });
  text.value = "";
  save();
});

show();
"##;

const COUNTER: &str = r##"const note = document.querySelector("#status");
let count = 0;

function set(value) {
  count = value;
  note.textContent = String(count);
}

document.querySelector("#less").addEventListener("click", () => set(count - 1));
document.querySelector("#more").addEventListener("click", () => set(count + 1));
document.querySelector("#zero").addEventListener("click", () => set(0));
"##;

//! Web pages: HTML and its style sheet. What they do stands in `script_js`.

use super::topic::Topic;

/// What a page shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Page {
    Login,
    Form,
    List,
    Counter,
}

impl Page {
    pub(super) fn of(topic: &Topic) -> Self {
        if topic.has(&["login", "signin", "sign-in", "log-in", "authentication"]) {
            Self::Login
        } else if topic.has(&["counter", "timer", "clicker"]) {
            Self::Counter
        } else if topic.has(&["todo", "list", "tasks", "notes", "board", "tracker", "shopping", "cart"]) {
            Self::List
        } else {
            Self::Form
        }
    }
}

/// A page with its links; without a style sheet or script of its own it has none.
pub(super) fn html(topic: &Topic, css: Option<&str>, js: Option<&str>) -> String {
    let title = escaped(&topic.title());
    let style = css.map_or_else(String::new, |path| format!("  <link rel=\"stylesheet\" href=\"{path}\">\n"));
    let script = js.map_or_else(String::new, |path| format!("  <script src=\"{path}\" defer></script>\n"));
    let body = match Page::of(topic) {
        Page::Login => LOGIN.to_owned(),
        Page::List => LIST.to_owned(),
        Page::Counter => COUNTER.to_owned(),
        Page::Form => FORM.to_owned(),
    };
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n  <meta charset=\"utf-8\">\n  \
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n  <title>{title}</title>\n\
         {style}{script}</head>\n<body>\n  <main class=\"card\">\n    <h1>{title}</h1>\n{body}  </main>\n</body>\n</html>\n"
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

const LOGIN: &str = r#"    <form id="form" novalidate>
      <label for="email">Email</label>
      <input id="email" name="email" type="email" autocomplete="username" required>
      <p class="error" data-for="email"></p>
      <label for="password">Password</label>
      <input id="password" name="password" type="password" autocomplete="current-password" minlength="8" required>
      <p class="error" data-for="password"></p>
      <label class="row"><input id="show" type="checkbox"> Show password</label>
      <button>Sign in</button>
      <p id="status" role="status"></p>
    </form>
"#;

const FORM: &str = r#"    <form id="form" novalidate>
      <label for="name">Name</label>
      <input id="name" name="name" autocomplete="name" required>
      <p class="error" data-for="name"></p>
      <label for="email">Email</label>
      <input id="email" name="email" type="email" autocomplete="email" required>
      <p class="error" data-for="email"></p>
      <label for="message">Details</label>
      <textarea id="message" name="message" rows="4" required></textarea>
      <p class="error" data-for="message"></p>
      <button>Send</button>
      <p id="status" role="status"></p>
    </form>
"#;

const LIST: &str = r#"    <form id="form" class="row">
      <input id="text" aria-label="New entry" placeholder="What needs doing?" required>
      <button>Add</button>
    </form>
    <ul id="list"></ul>
    <p id="status" role="status"></p>
"#;

const COUNTER: &str = r#"    <p id="status" class="big" role="status">0</p>
    <div class="row">
      <button id="less">Less</button>
      <button id="more">More</button>
      <button id="zero">Reset</button>
    </div>
"#;

/// One style sheet for every page.
pub(super) const CSS: &str = ":root { color-scheme: light dark; font-family: system-ui, sans-serif; }
body { display: grid; place-items: center; min-height: 100vh; margin: 0; background: light-dark(#f3f4f6, #111827); }
.card { width: min(22rem, 90vw); padding: 2rem; border-radius: 1rem; background: light-dark(#fff, #1f2937); }
h1 { margin-top: 0; font-size: 1.4rem; }
label { display: block; margin-top: 1rem; font-weight: 600; }
input:not([type=checkbox]), textarea { width: 100%; box-sizing: border-box; padding: .6rem; font: inherit; }
button { margin-top: 1rem; padding: .6rem 1.2rem; border: 0; border-radius: .5rem; background: #2563eb; color: #fff; }
.row { display: flex; gap: .5rem; align-items: center; }
.error { min-height: 1.2em; margin: .2rem 0 0; color: light-dark(#b91c1c, #fca5a5); font-size: .85rem; }
.big { font-size: 3rem; text-align: center; }
.done { text-decoration: line-through; opacity: .6; }
:focus-visible { outline: 3px solid #93c5fd; }
";

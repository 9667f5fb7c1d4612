//! The panel in a real browser.

use crate::harness::{Browser, Host, Setup, until};
use fantoccini::elements::Element;
use fantoccini::{Client, Locator};
use serde_json::json;
use std::time::Duration;
use tokio::task::LocalSet;

/// How long a page may take to show what it should.
const PAGE: Duration = Duration::from_secs(20);
/// How long the job may take.
const JOB: Duration = Duration::from_mins(1);

/// The element, once it is there and can be seen.
async fn seen(page: &Client, what: &str, within: Duration) -> Element {
    let place = Locator::XPath(what);
    until(&format!("the page shows {what}"), within, async || {
        let element = page.find(place).await.ok()?;
        element.is_displayed().await.unwrap_or(false).then_some(element)
    })
    .await
}

async fn click(page: &Client, what: &str) {
    seen(page, what, PAGE)
        .await
        .click()
        .await
        .unwrap_or_else(|error| panic!("{what} cannot be clicked: {error}"));
}

async fn write(page: &Client, what: &str, text: &str) {
    seen(page, what, PAGE).await.send_keys(text).await.unwrap_or_else(|error| panic!("{what}: {error}"));
}

async fn path(page: &Client) -> String {
    page.current_url().await.expect("the page has an address").path().to_owned()
}

#[tokio::test]
async fn a_person_logs_in_submits_the_form_watches_the_job_reads_its_file_and_uses_the_brake() {
    let Some(browser) = Browser::start("browser").await else { return };
    let host = Setup::new().agent("code-generator").set("ANVIL_SIMULATOR_LATENCY_MS", 1_500).start().await;
    let page = browser.client().clone();
    // A task of its own, so that the browser is closed also where this fails.
    let visit = async move {
        log_in(&page, &host).await;
        let job = submit(&page).await;
        watch(&page).await;
        read(&page, &host, &job).await;
        brake(&page, &host).await;
        // The page still listens to it: it runs until the console has been read.
        host
    };
    let outcome = LocalSet::new().run_until(async { tokio::task::spawn_local(visit).await }).await;
    let console = browser.console().await;
    browser.close().await;
    let _host = outcome.unwrap_or_else(|failed| {
        eprintln!("the console: {console:#?}");
        std::panic::resume_unwind(failed.into_panic())
    });
    let bad: Vec<_> = console.iter().filter(|(level, _)| level == "SEVERE" || level == "WARNING").collect();
    assert!(bad.is_empty(), "the pages wrote errors to the console: {bad:#?}");
}

#[tokio::test]
async fn what_was_typed_into_a_form_is_there_still_when_one_goes_back_from_its_refusal() {
    let Some(browser) = Browser::start("browser").await else { return };
    let host = Setup::new().agent("code-generator").start().await;
    let page = browser.client().clone();
    let visit = async move {
        log_in(&page, &host).await;
        go_back_from_a_refusal(&page).await;
        host
    };
    let outcome = LocalSet::new().run_until(async { tokio::task::spawn_local(visit).await }).await;
    browser.close().await;
    let _host = outcome.unwrap_or_else(|failed| std::panic::resume_unwind(failed.into_panic()));
}

#[tokio::test]
async fn no_page_is_wider_than_its_window_whatever_people_write() {
    let Some(browser) = Browser::start("browser").await else { return };
    let host = Setup::new().agent("code-generator").start().await;
    let word = "Donaudampfschifffahrtsgesellschaftskapitänsmütze".repeat(8);
    host.rest().put("/api/v1/brake", &json!({"engaged": true, "reason": word})).await;
    let page = browser.client().clone();
    let visit = async move {
        log_in(&page, &host).await;
        for width in [500, 780, 1230, 1280, 1360, 1900] {
            page.set_window_size(width, 900).await.expect("the window takes a size");
            for path in ["/", "/brake", "/spend", "/jobs", "/submit", "/limits"] {
                page.goto(&format!("{}{path}", host.rest().url())).await.expect("the panel answers");
                seen(&page, "//main", PAGE).await;
                let over = "return document.documentElement.scrollWidth - window.innerWidth;";
                let over = page.execute(over, Vec::new()).await.expect("the page is measured");
                assert!(over.as_i64().is_some_and(|over| over <= 0), "{path} at {width}: {over} too wide");
            }
        }
        host
    };
    let outcome = LocalSet::new().run_until(async { tokio::task::spawn_local(visit).await }).await;
    browser.close().await;
    let _host = outcome.unwrap_or_else(|failed| std::panic::resume_unwind(failed.into_panic()));
}

/// Sends the form for a job with a cost that is none, and goes back from the page that says so.
async fn go_back_from_a_refusal(page: &Client) {
    let (requirements, tags) = ("//textarea[@name='p.requirements']", "//input[@name='tags']");
    click(page, "//nav//a[@href='/agents']").await;
    click(page, "//article[.//h2='code-generator']//a[contains(@href, 'action=generate')]").await;
    for (field, text) in
        [(requirements, "A clock"), (tags, "sprint-12"), ("//input[@name='max_cost']", "a lot")]
    {
        write(page, field, text).await;
    }
    click(page, "//form[@data-job-form]//button[@type='submit']").await;
    seen(page, "//input[@name='max_cost'][@aria-invalid='true']", PAGE).await;
    page.back().await.expect("the browser goes back");
    seen(page, "//input[@name='max_cost'][not(@aria-invalid)]", PAGE).await;
    for (field, text) in [(requirements, "A clock"), (tags, "sprint-12")] {
        let value = seen(page, field, PAGE).await.prop("value").await.expect("the browser answers");
        assert_eq!(value.as_deref(), Some(text), "{field}");
    }
}

async fn log_in(page: &Client, host: &Host) {
    let rest = host.rest();
    page.goto(&format!("{}/jobs", rest.url())).await.expect("the panel answers");
    assert!(seen(page, "//input[@name='token']", PAGE).await.is_enabled().await.expect("a field"));
    page.goto(&format!("{}/login?token={}", rest.url(), rest.token())).await.expect("the printed link works");
    assert_eq!(path(page).await, "/", "the link leads to the overview");
    let mark = seen(page, "//header//*[contains(@class, 'simulated')]", PAGE).await;
    let mark = mark.text().await.expect("a text");
    assert_eq!(mark.to_uppercase(), "SIMULATED");
}

/// Fills in the form that is made from the agent's schema. The id of the job.
async fn submit(page: &Client) -> String {
    click(page, "//nav//a[@href='/agents']").await;
    click(page, "//article[.//h2='code-generator']//a[contains(@href, 'action=generate')]").await;
    write(page, "//textarea[@name='p.requirements']", "Build a login form").await;
    click(page, "//form[@data-job-form]//button[@type='submit']").await;
    seen(page, "//div[@id='job-head']", PAGE).await;
    let path = path(page).await;
    path.strip_prefix("/jobs/").unwrap_or_else(|| panic!("{path} is no job's page")).to_owned()
}

/// Watches the job to its end on a page that is loaded once.
async fn watch(page: &Client) {
    let head =
        seen(page, "//div[@id='job-head']//h1", PAGE).await.text().await.expect("a text").to_lowercase();
    assert!(!head.contains("succeeded"), "it takes seconds, so the page was there before the end: {head}");
    page.execute("window.loadedOnce = true;", Vec::new()).await.expect("the page is marked");
    let done = "//div[@id='job-head']//h1[contains(translate(., 'SUCED', 'suced'), 'succeeded')]";
    seen(page, done, JOB).await;
    let marked =
        page.execute("return window.loadedOnce === true;", Vec::new()).await.expect("the mark is read");
    assert_eq!(marked, true, "the page showed the end without being loaded again");
}

/// Opens the first file and reads in it what the API says is in it.
async fn read(page: &Client, host: &Host, job: &str) {
    click(page, "//ul[contains(@class, 'files')]/li[1]/a[1]").await;
    let name = seen(page, "//main//h1/code", PAGE).await.text().await.expect("a name");
    let shown = seen(page, "//pre[contains(@class, 'text')]", PAGE).await.prop("textContent").await;
    let shown = shown.expect("the browser answers").expect("a text");
    let files = host.rest().artifacts(job).await;
    let file = files.get(&name).unwrap_or_else(|| panic!("{name} is none of {:?}", files.keys()));
    assert_eq!(shown.trim_end(), String::from_utf8_lossy(file).trim_end());
    assert!(!shown.trim().is_empty(), "{name} has something in it");
}

async fn brake(page: &Client, host: &Host) {
    let (button, reason) = ("//div[@id='brake']/button", "//div[@id='brake-pop']//input[@name='reason']");
    let submit = "//div[@id='brake-pop']//button[@type='submit']";
    for (engaged, why, then) in
        [(true, "What I saw frightened me", "Brake on"), (false, "All is well", "Brake")]
    {
        click(page, button).await;
        write(page, reason, why).await;
        click(page, submit).await;
        seen(page, &format!("{button}[normalize-space(.)='{then}']"), PAGE).await;
        let brake = host.rest().get("/api/v1/brake").await;
        assert_eq!(brake["engaged"], engaged, "{brake:#}");
        if engaged {
            assert!(brake.to_string().contains(why), "the reason is kept: {brake:#}");
        }
    }
}

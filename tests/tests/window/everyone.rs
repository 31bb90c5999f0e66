//! The window is for everyone: no finding of axe on any screen in either theme, nothing that runs off the page with large
//! text or from right to left, and names that mean harm are names.

use std::{env, fs, path::Path};

use fantoccini::Locator;
use serde_json::{Value, json};

use crate::{
    driver::{THEMES, Window},
    home::Home,
    journey::{SIZES, photograph},
};

/// Brings axe into the page.
pub(crate) async fn bring_axe(window: &Window) {
    let axe = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ui/node_modules/axe-core/axe.min.js");
    window.run(&fs::read_to_string(axe).expect("axe-core is among the page's packages")).await;
}

/// What axe finds on the screen as it is, in both themes.
pub(crate) async fn findings(window: &Window, screen: &str) -> Vec<String> {
    let mut found = Vec::new();
    for theme in THEMES {
        window.set_theme(&json!(theme)).await;
        let result = window
            .run_async(
                "const done = arguments[0]; \
                 axe.run(document, { resultTypes: ['violations'], rules: { region: { enabled: false } } }) \
                   .then((result) => done(result.violations.flatMap((rule) => rule.nodes.map((node) => \
                     `${rule.id}: ${node.html.slice(0, 160)} ${node.any.concat(node.all, node.none).map((check) => check.message).join('; ').slice(0, 300)}`))), \
                   (error) => done([String(error)]));",
            )
            .await;
        let lines: Vec<String> = serde_json::from_value(result).unwrap();
        found.extend(lines.into_iter().map(|line| format!("{screen}, {theme}: {line}")));
    }
    found
}

/// What is wider than its place, with large text and from right to left.
async fn runs_off(window: &Window, screen: &str) -> Vec<String> {
    const WIDE: &str = "return [...document.querySelectorAll('html, body, .app, .main, .side, .top, .body, .set, .panel, \
        .drop, .batch-head, .filters, .chead, .tl, .sheet, .dif, .toc, .lanes, .dlg')] \
        .filter((box) => box.clientWidth > 0 && box.scrollWidth > box.clientWidth + 1) \
        .map((box) => `${box.className || box.tagName}: ${box.scrollWidth} in ${box.clientWidth}`)";
    let mut found = Vec::new();
    for (name, set) in [
        ("200 %", "document.documentElement.style.fontSize = '32px'"),
        ("right to left", "document.documentElement.dir = 'rtl'"),
    ] {
        window.run(set).await;
        window.run("dispatchEvent(new Event('resize'))").await;
        let lines: Vec<String> = serde_json::from_value(window.run(WIDE).await).unwrap();
        found.extend(lines.into_iter().map(|line| format!("{screen}, {name}: {line}")));
        window.photograph(&format!("{screen}.{}", name.replace([' ', '%'], ""))).await;
        window
            .run(
                "document.documentElement.style.fontSize = ''; document.documentElement.dir = 'ltr'; \
                 dispatchEvent(new Event('resize'))",
            )
            .await;
    }
    found
}

#[tokio::test]
async fn every_screen_is_for_everyone() {
    let home = Home::new();
    let (folder, captures) = home.with_samples();
    fs::write(folder.join("shopping.json"), "{\"milk\": 2}").unwrap();
    let elsewhere = home.path().join("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    let home = home.with("BACKSTORY_PICK_FOLDER", elsewhere);
    let window = Window::open(&home, &[], &[folder]).await;
    window.says("Every version of every character").await;
    bring_axe(&window).await;

    let mut found = findings(&window, "first run").await;
    window.press("Choose files").await;
    window.says("nothing saved yet").await;
    found.extend(findings(&window, "preview").await);
    window.press(&format!("Import {} files", captures.len())).await;
    window.says("1 not imported").await;
    found.extend(findings(&window, "import").await);
    for (tab, says) in [("Paste", "Paste a character"), ("Link", "Link to a character")] {
        window.press(tab).await;
        window.says(says).await;
        found.extend(findings(&window, tab).await);
    }
    window.press("Watched folders").await;
    window.press("Add a folder").await;
    window.says("Last look at").await;
    found.extend(findings(&window, "folders").await);

    let name = captures[0].expected.name.clone();
    window.press("Characters").await;
    window.control(&name).await;
    window.run("document.querySelector('[data-index=\"0\"]').focus()").await;
    window.keys("p").await;
    window.says("pinned").await;
    found.extend(findings(&window, "library").await);
    photograph(&window, "13-library-pinned").await;
    window.press("List").await;
    window.says("Last change").await;
    found.extend(findings(&window, "list").await);
    window.press("Activity").await;
    window.says("Check the log").await;
    window.press("Check the log").await;
    window.says("Checked now: unbroken").await;
    found.extend(findings(&window, "activity").await);
    photograph(&window, "22-activity").await;
    window.press("Storage & health").await;
    window.says("How long versions are kept").await;
    photograph(&window, "23-storage").await;
    window.press("Back up now").await;
    window.says("read back and equal").await;
    found.extend(findings(&window, "storage").await);
    window.press("Settings").await;
    window.says("Where your library is kept").await;
    window.press("Every value of the configuration").await;
    window.says("Backstory itself").await;
    window.press("Free software in it").await;
    window.says("serde_json").await;
    found.extend(findings(&window, "settings").await);
    photograph(&window, "14-settings").await;
    window.press("Privacy & data").await;
    window.says("What Backstory cannot delete").await;
    found.extend(findings(&window, "privacy").await);
    window.press("Delete all my data").await;
    window.says("14 characters to go").await;
    found.extend(findings(&window, "delete all").await);
    window.keys("\u{e00c}").await;
    window.press("Help").await;
    window.says("Bring a character in").await;
    found.extend(findings(&window, "help").await);
    photograph(&window, "15-help").await;
    window.control_and('k').await;
    window.says("commands only").await;
    found.extend(findings(&window, "palette").await);
    window.keys("\u{e00c}").await;
    window.press("Shortcuts and about").await;
    window.says("This list").await;
    found.extend(findings(&window, "shortcuts").await);
    window.keys("\u{e00c}").await;
    window.control_and('1').await;
    window.says("First saved").await;
    found.extend(findings(&window, "history").await);
    window.press("Compare").await;
    window.says("Only changes").await;
    found.extend(findings(&window, "compare").await);
    window.press("Raw JSON").await;
    window.find(Locator::Css("[role=tabpanel][aria-label='Raw JSON']")).await;
    found.extend(findings(&window, "raw").await);
    assert!(found.is_empty(), "{} findings:\n{}", found.len(), found.join("\n"));

    window.resize(SIZES[1]).await;
    let mut wide = Vec::new();
    for (link, says) in [
        ("Import", "Ways"),
        ("Settings", "Where your library"),
        ("Privacy & data", "What Backstory cannot delete"),
        ("Help", "Compare"),
        ("Characters", "Thornwick"),
    ] {
        window.press(link).await;
        if link != "Import" {
            window.says(says).await;
        }
        wide.extend(runs_off(&window, &format!("16-{}", link.to_lowercase().replace(" & ", "-"))).await);
    }
    window.control_and('1').await;
    window.says("First saved").await;
    wide.extend(runs_off(&window, "16-history").await);
    for (view, says) in [("Compare", "Only changes"), ("Progress", "Level")] {
        window.press(view).await;
        window.says(says).await;
        wide.extend(runs_off(&window, &format!("16-{}", view.to_lowercase())).await);
    }
    assert!(wide.is_empty(), "{}", wide.join("\n"));

    // The language is changed at once, and holds at the next start.
    window.resize(SIZES[0]).await;
    window.press("Settings").await;
    window.press("Deutsch").await;
    window.says("Wo deine Bibliothek liegt").await;
    photograph(&window, "17-german-settings").await;
    window.press("Figuren").await;
    window.says("Zuletzt geändert").await;
    photograph(&window, "18-german-library").await;
    window.close().await;
    let window = Window::open(&home, &[], &[]).await;
    window.says("Einstellungen").await;
    assert_eq!(window.run("return document.documentElement.lang").await, "de");
    window.close().await;
}

#[tokio::test]
async fn who_wants_no_motion_gets_none() {
    let home = Home::new();
    let settings = home.path().join("config/gtk-3.0");
    fs::create_dir_all(&settings).unwrap();
    fs::write(settings.join("settings.ini"), "[Settings]\ngtk-enable-animations=false\n").unwrap();
    let window = Window::open(&home, &["--demo"], &[]).await;
    window.says("sample characters").await;
    assert_eq!(
        window.run("return matchMedia('(prefers-reduced-motion: reduce)').matches").await,
        json!(true)
    );
    const MOVING: &str = "return [...document.querySelectorAll('*')].flatMap((one) => { \
        const style = getComputedStyle(one); \
        const times = `${style.transitionDuration}, ${style.animationDuration}`.split(', '); \
        return times.some((time) => parseFloat(time) > 0.02) ? [`${one.tagName}.${one.className}: ${times}`] : [] })";
    window.run("document.querySelector('[data-index=\"0\"]').focus()").await;
    assert_eq!(window.run(MOVING).await, json!([]));
    window.keys("\u{e007}").await;
    window.says("First saved").await;
    assert_eq!(window.run(MOVING).await, json!([]));
    window.control_and('k').await;
    window.says("commands only").await;
    assert_eq!(window.run(MOVING).await, json!([]));
    window.close().await;
}

#[tokio::test]
async fn f6_goes_around_the_window() {
    const NEXT: &str = "\u{e036}";
    const BEFORE: &str = "\u{e008}\u{e036}\u{e000}";
    const WHERE: &str = "const at = document.activeElement.closest('.side, .main > header, .tl, .sheet'); \
        return at ? at.className.split(' ')[0] : 'nowhere'";
    let home = Home::new();
    let window = Window::open(&home, &["--demo"], &[]).await;
    window.says("sample characters").await;
    window.run("document.querySelector('[data-index=\"0\"]').focus()").await;
    window.keys("\u{e007}").await;
    window.says("First saved").await;
    window.run("document.querySelector('.side a').focus()").await;
    let mut places = Vec::new();
    for _ in 0..4 {
        window.keys(NEXT).await;
        places.push(window.run(WHERE).await.as_str().unwrap().to_owned());
    }
    assert_eq!(places, ["chead", "tl", "sheet", "side"]);
    let before = window.run("return document.activeElement.textContent").await;
    window.keys(BEFORE).await;
    assert_eq!(window.run(WHERE).await, "sheet");
    window.keys(NEXT).await;
    assert_eq!(window.run("return document.activeElement.textContent").await, before, "where the focus was");
    window.close().await;
}

#[tokio::test]
async fn names_that_mean_harm_are_names() {
    let home = Home::new();
    let (_, captures) = home.with_samples();
    let capture = &captures[0];
    let document = String::from_utf8(capture.document.clone()).unwrap();
    let long = "Ŵ".repeat(500);
    let names = [
        "<img src=x onerror=\"window.broken=1\"><script>window.broken=1</script>",
        "{@html window.broken=1} ${window.broken=1} javascript:window.broken=1",
        "🧙‍♂️🐉 مرحبا \u{202e}desrever\u{202c} \u{200b}\u{feff}zero\u{200d}",
        long.as_str(),
    ];
    let window = Window::open(&home, &[], &[]).await;
    for (number, name) in names.iter().enumerate() {
        let quoted = |text: &str| Value::from(text).to_string();
        let id = capture.expected.character;
        let text = document
            .replace(&quoted(&capture.expected.name), &quoted(name))
            .replace(&id.to_string(), &(id + 50 + number as i64).to_string());
        let result = window.call("import.text", json!({ "text": text })).await.unwrap();
        assert_eq!((&result["outcome"], &result["name"]), (&json!("added"), &json!(name)), "{result}");
        let note = json!({ "character": result["character"], "version": "1", "note": name });
        window.call("version.note", note).await.unwrap();
    }
    window.says("4, with 4 versions").await;
    window.says("onerror").await;
    photograph(&window, "19-untrusted").await;
    for size in SIZES {
        window.resize(size).await;
        let wide = "return document.documentElement.scrollWidth > innerWidth || \
            [...document.querySelectorAll('.card, .main')].some((box) => box.getBoundingClientRect().right > innerWidth + 1)";
        assert_eq!(window.run(wide).await, json!(false), "nothing stands beyond the edge");
    }
    for part in ["onerror", "@html", "desrever", "ŴŴŴŴ"] {
        window.press("Characters").await;
        window.press(part).await;
        window.says("First saved").await;
        assert_eq!(
            window.run("return document.documentElement.scrollWidth > innerWidth").await,
            json!(false)
        );
    }
    photograph(&window, "20-untrusted-history").await;
    assert_eq!(window.run("return window.broken ?? null").await, json!(null));
    assert_eq!(window.faults().await, Vec::<String>::new());
    window.close().await;
}

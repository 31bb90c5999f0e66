//! A library of ten thousand characters, a history of ten thousand versions and documents of fifteen thousand lines: what is
//! on screen is right wherever one goes, nothing is blank, and only what is in view is drawn.

use std::sync::Arc;

use backstory_core::{
    library::Library,
    model::{CharacterId, GrowthPoint, VersionMetadata},
    source::Draft,
    storage::{CharacterStorage, Expect, HistoryQuery, QueryFilter, StorageFactory, Write},
    wording::say,
};
use backstory_sources::{registry, sample};
use backstory_storage::{clock::SystemClock, open::Stores};
use backstory_tests::fixtures;
use fantoccini::Locator;
use serde::Deserialize;
use serde_json::json;

use crate::{driver::Window, home::Home};

const MANY: u64 = 10_000;
const LINES: u64 = 15_000;

/// Everything a page may consist of, whatever its list holds. The fullest screen has some 1,500.
const DRAWN: u64 = 4_000;

const PAGE_DOWN: &str = "\u{e00f}";
const END: &str = "\u{e010}";
const HOME: &str = "\u{e011}";

/// What can be seen of a list.
#[derive(Debug, Deserialize)]
struct View {
    /// How many rows the list says it has.
    count: u64,
    /// The rows in view by number, each with what it says.
    rows: Vec<(u64, String)>,
    /// Whether these rows cover the view from edge to edge, with none that only waits for its content.
    whole: bool,
    /// How many elements the page consists of.
    drawn: u64,
}

impl View {
    async fn of(window: &Window, list: &str) -> Self {
        let script = format!(
            "const box = document.querySelector('{list}'); const view = box.getBoundingClientRect(); \
             const table = box.closest('[aria-rowcount]'); \
             const rows = [...box.querySelectorAll('[aria-rowindex]')] \
               .map((row) => ({{ row, at: row.parentElement.getBoundingClientRect() }})) \
               .filter(({{ at }}) => at.bottom > view.top + 1 && at.top < view.bottom - 1) \
               .sort((one, other) => one.at.top - other.at.top); \
             const joined = rows.every(({{ at }}, i) => i === 0 || Math.abs(at.top - rows[i - 1].at.bottom) < 2); \
             const reaches = rows.length > 0 && rows[0].at.top <= view.top + 16 && rows.at(-1).at.bottom >= view.bottom - 32; \
             const waits = rows.some(({{ row }}) => row.querySelector('.sk') || row.innerText.trim() === ''); \
             return {{ count: Number(table.getAttribute('aria-rowcount')), \
               rows: rows.map(({{ row }}) => [Number(row.getAttribute('aria-rowindex')), row.innerText]), \
               whole: joined && reaches && !waits, drawn: document.querySelectorAll('*').length }};"
        );
        serde_json::from_value(window.run(&script).await).unwrap()
    }

    fn first(&self) -> u64 {
        self.rows.first().map_or(0, |row| row.0)
    }

    fn last(&self) -> u64 {
        self.rows.last().map_or(0, |row| row.0)
    }
}

/// Waits until a list stands where it should, with everything in view drawn, and looks at it.
async fn settled(window: &Window, list: &str, what: &str, there: impl Fn(&View) -> bool) -> View {
    window
        .until(what, async || {
            let view = View::of(window, list).await;
            view.whole && there(&view)
        })
        .await;
    let view = View::of(window, list).await;
    assert!(view.drawn < DRAWN, "{what}: {} elements are drawn", view.drawn);
    let follows = view.rows.windows(2).all(|pair| pair[1].0 == pair[0].0 + 1);
    assert!(follows, "{what}: rows are missing between those in view: {:?}", view.rows);
    view
}

/// A library for the window, filled before it opens.
async fn open(home: &Home) -> (Arc<dyn CharacterStorage>, Library) {
    let path = home.library();
    let storage = Stores.open(path.to_str().unwrap()).await.unwrap();
    let library = Library::new(storage.clone(), registry::sources(), Arc::new(SystemClock), "test");
    (storage, library)
}

async fn write(storage: &dyn CharacterStorage, writes: Vec<Write>) {
    let mut transaction = storage.begin().await.unwrap();
    transaction.write(writes).await.unwrap();
    transaction.commit().await.unwrap();
}

async fn versions(storage: &dyn CharacterStorage, id: &CharacterId) -> Vec<VersionMetadata> {
    storage.history(&HistoryQuery::all(id.clone())).await.unwrap().items
}

/// Ten thousand characters, each later in the list than the one before it: the first is captured, the others are made after it.
async fn fill_with_characters(home: &Home) {
    let (storage, library) = open(home).await;
    let draft = sample::scale(1, 1).next().unwrap().draft().unwrap();
    library.capture(&[draft]).await.unwrap();
    let model = storage.query(&QueryFilter::default()).await.unwrap().items.remove(0);
    let version = versions(&*storage, &model.id).await.remove(0);
    let document = storage.document(&model.id, &version.content).await.unwrap();

    let mut writes = Vec::new();
    for number in 1..=MANY {
        let id = fixtures::character_id(800_000_000 + number);
        let at = fixtures::moment(-60 * number as i64);
        let mut index = model.clone();
        index.id = id.clone();
        index.name = hero(number);
        index.growth = vec![GrowthPoint { at, level: model.level }];
        (index.first_captured, index.last_captured, index.last_changed) = (at, at, at);
        let mut first = version.clone();
        first.id = fixtures::snapshot_id(number);
        first.character = id.clone();
        (first.captured_at, first.seen.last) = (at, at);
        writes.extend([
            fixtures::content(&id, &document),
            Write::Version { metadata: Box::new(first) },
            Write::Character { index: Box::new(index), expect: Expect::Absent },
        ]);
    }
    let own = Write::Erase { character: model.id.clone(), expect: Expect::Revision(model.revision) };
    writes.push(own);
    write(&*storage, writes).await;
}

fn hero(number: u64) -> String {
    format!("Hero {number:05}")
}

#[tokio::test]
async fn ten_thousand_characters_are_there_wherever_one_goes() {
    let home = Home::new();
    fill_with_characters(&home).await;
    let window = Window::open(&home, &[], &[]).await;
    let list = ".gridbox .rows";
    window.says(&hero(1)).await;
    window.press("List").await;
    let right = |view: &View| view.rows.iter().all(|(number, says)| says.contains(&hero(*number)));

    let top = settled(&window, list, "the list is at its top", |view| view.first() == 1 && right(view)).await;
    assert_eq!(top.count, MANY);
    window.run("document.querySelector('[data-index=\"0\"]').focus()").await;

    let mut before = top.last();
    for page in 1..=12 {
        window.keys(PAGE_DOWN).await;
        let focused = async || window.run("return document.activeElement.dataset.index ?? null").await;
        window.until("the focus goes along", async || focused().await == json!((5 * page).to_string())).await;
    }
    let page = settled(&window, list, "the list went down by pages", |view| {
        view.last() > before && view.rows.iter().any(|row| row.0 == 61) && right(view)
    })
    .await;
    before = page.last();
    for _ in 0..10 {
        window.scroll(list, 4_000).await;
        let is_down = |view: &View| view.first() > before && right(view);
        let view = settled(&window, list, "the list is further down", is_down).await;
        before = view.last();
    }
    window.keys(END).await;
    settled(&window, list, "the list is at its end", |view| view.last() == MANY && right(view)).await;
    window.photograph("many-characters").await;
    window.keys(HOME).await;
    settled(&window, list, "the list is at its beginning", |view| view.first() == 1 && right(view)).await;

    assert_eq!(window.faults().await, Vec::<String>::new());
    window.close().await;
}

/// One character with ten thousand versions, a day apart: two are captured, and the others take turns with what they hold.
async fn fill_with_versions(home: &Home) -> String {
    let (storage, library) = open(home).await;
    let drafts: Vec<Draft> = sample::history(3, 2, 0).map(|capture| capture.draft().unwrap()).collect();
    library.capture(&drafts).await.unwrap();
    let mut index = storage.query(&QueryFilter::default()).await.unwrap().items.remove(0);
    let mut both = versions(&*storage, &index.id).await;
    both.sort_by_key(|version| version.version);

    let mut writes = Vec::new();
    for number in 3..=MANY {
        let mut version = both[usize::from(number % 2 == 0)].clone();
        let at = both[1].captured_at + jiff::SignedDuration::from_hours(24 * (number as i64 - 2));
        version.id = fixtures::snapshot_id(number);
        version.version = number;
        (version.captured_at, version.seen.last) = (at, at);
        version.edited_at = None;
        version.summary.kind = both[1].summary.kind;
        version.summary.landmark = false;
        version.summary.sentences = both[1].summary.sentences[..1].to_vec();
        version.summary.sentences[0].said = say("reached").with("now", format!("Wizard {number}"));
        (index.last_captured, index.last_changed) = (at, at);
        writes.push(Write::Version { metadata: Box::new(version) });
    }
    (index.versions, index.captures, index.changes, index.last_version) = (MANY, MANY, MANY - 1, MANY);
    let expect = Expect::Revision(index.revision);
    index.revision += 1;
    let name = index.name.clone();
    writes.push(Write::Character { index: Box::new(index), expect });
    write(&*storage, writes).await;
    name
}

#[tokio::test]
async fn ten_thousand_versions_are_there_wherever_one_goes() {
    let home = Home::new();
    let name = fill_with_versions(&home).await;
    let window = Window::open(&home, &[], &[]).await;
    let list = ".tl-scroll";
    window.press(&name).await;
    window.says(&format!("Wizard {MANY}")).await;
    let right = |view: &View| !view.rows.is_empty();

    let top = settled(&window, list, "the newest is on top", |view| view.first() == 1 && right(view)).await;
    assert!(top.count >= MANY, "every version has a row: {}", top.count);
    window.wheel(list, 1_500).await;
    settled(&window, list, "the wheel turns the list", |view| view.first() > 1).await;
    window.run("document.querySelector('.tl-scroll').focus()").await;
    let mut before = top.last();
    for _ in 0..10 {
        window.scroll(list, 4_000).await;
        let view = settled(&window, list, "the history is further back", |view| view.first() > before).await;
        let told: Vec<u64> = view
            .rows
            .iter()
            .filter_map(|(_, says)| says.split("Wizard ").nth(1)?.split_whitespace().next()?.parse().ok())
            .collect();
        assert!(!told.is_empty(), "versions are told: {:?}", view.rows);
        assert!(told.windows(2).all(|pair| pair[0] == pair[1] + 1), "newest first, none left out: {told:?}");
        before = view.last();
    }
    window.keys(END).await;
    let end = settled(&window, list, "the oldest is in view", |view| view.last() == view.count).await;
    assert!(end.rows.iter().any(|(_, says)| says.contains("First saved")), "{:?}", end.rows);
    window.photograph("many-versions").await;
    window.keys(HOME).await;
    settled(&window, list, "the newest is in view", |view| view.first() <= 2).await;

    assert_eq!(window.faults().await, Vec::<String>::new());
    window.close().await;
}

#[tokio::test]
async fn fifteen_thousand_lines_are_there_wherever_one_goes() {
    let home = Home::new();
    let (_, library) = open(&home).await;
    let drafts: Vec<Draft> =
        sample::history(3, 2, 2_000_000).map(|capture| capture.draft().unwrap()).collect();
    let captured = library.capture(&drafts).await.unwrap();
    drop((library, captured));
    let window = Window::open(&home, &[], &[]).await;
    let character = window.call("characters.list", json!({})).await.unwrap()["characters"][0].clone();
    window.press(character["name"].as_str().unwrap()).await;
    window.press("Compare").await;
    window.says("Only changes").await;
    window.press("Raw JSON").await;
    window.keys("o").await;
    let list = ".rtab .rows";
    window.find(Locator::Css(list)).await;
    let top = settled(&window, list, "every line is in the list", |view| view.count > 1_000).await;
    assert!(top.count >= LINES, "the documents have only {} lines", top.count);

    window.scroll(list, -10_000_000).await;
    let top =
        settled(&window, list, "the lines begin", |view| view.count == top.count && view.first() == 1).await;
    let mut before = top.last();
    for _ in 0..10 {
        window.scroll(list, 6_000).await;
        let view = settled(&window, list, "the lines are further down", |view| view.first() > before).await;
        before = view.last();
    }
    window.scroll(list, 10_000_000).await;
    settled(&window, list, "the lines end", |view| view.last() == view.count).await;
    window.photograph("many-lines").await;

    assert_eq!(window.faults().await, Vec::<String>::new());
    window.close().await;
}

//! The one door, over the strict in-memory backend and over SQLite: what captures become, in whatever order they come.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests may")]

use std::sync::Arc;

use backstory_core::{
    error::Code,
    job::{Cancel, Silent},
    library::{Captured, Library},
    model::{CharacterId, Kind, VersionMetadata},
    source::Draft,
    storage::{CharacterStorage, CheckScope, Deleted, HistoryQuery, StorageFactory},
    wording::{Language, Said},
};
use backstory_storage::open::Stores;
use backstory_tests::{
    fixtures::{Still, moment},
    purse::{PURSE, Purse, draft, purse},
};
use jiff::Timestamp;
use proptest::prelude::*;

fn library(storage: Arc<dyn CharacterStorage>) -> Library {
    Library::new(storage, vec![Arc::new(PURSE)], Arc::new(Still::default()), "test")
}

async fn memory() -> Library {
    library(Stores.open("memory:").await.unwrap())
}

async fn history(library: &Library) -> Vec<VersionMetadata> {
    let mut query = HistoryQuery::all(CharacterId::new("purse-1").unwrap());
    query.newest_first = false;
    library.history(&query).await.unwrap().items
}

/// What a person would compare two libraries by: everything but numbers and identities.
async fn told(library: &Library) -> Vec<String> {
    let mut out = Vec::new();
    for version in history(library).await {
        let document = String::from_utf8(library.document(&version).await.unwrap()).unwrap();
        let sentences: Vec<String> =
            version.summary.sentences.iter().map(|s| s.said.text(Language::En)).collect();
        out.push(format!(
            "{} {document} {:?} {sentences:?} seen {} until {}",
            version.captured_at, version.summary.kind, version.seen.count, version.seen.last
        ));
    }
    let index = library.find("purse-1").await.unwrap();
    out.push(format!(
        "{} {} versions {} changes {} captures, {} to {}, changed {} {:?} {:?}",
        index.name,
        index.versions,
        index.changes,
        index.captures,
        index.first_captured,
        index.last_captured,
        index.last_changed,
        index.last_change,
        index.growth
    ));
    out
}

#[tokio::test]
async fn a_capture_has_three_outcomes() {
    let library = memory().await;
    let drafts = [
        draft(0, &purse(10, 0, 0)),
        draft(60, &purse(10, 0, 0)),
        draft(120, &purse(10, 0, 1)),
        draft(180, &purse(12, 0, 1)),
        draft(240, &purse(12, 5, 1)),
        draft(300, &purse(10, 0, 0)),
    ];
    let captures = library.capture(&drafts).await.unwrap();
    let outcomes: Vec<Captured> = captures.iter().map(|capture| capture.outcome).collect();
    use Captured::{Added, Changed, Identical, Quiet};
    assert_eq!(outcomes, [Added, Identical, Quiet, Changed, Changed, Changed]);
    let versions = history(&library).await;
    let kinds: Vec<Kind> = versions.iter().map(|version| version.summary.kind).collect();
    assert_eq!(kinds, [Kind::Baseline, Kind::Quiet, Kind::Change, Kind::State, Kind::Change]);
    assert_eq!(versions[0].content, versions[4].content, "a content that comes back is stored once");
    assert_eq!(library.statistics().await.unwrap().contents, 4);
    assert_eq!(versions[0].seen.count, 2);
    assert_eq!(versions[3].summary.sentences[0].said.text(Language::En), "Lost 5 hit points, 15 of 20 left");
}

#[tokio::test]
async fn the_same_captures_again_add_nothing() {
    let library = memory().await;
    let drafts: Vec<Draft> = (0..20).map(|i| draft(i * 60, &purse(i as u32 / 3, 0, 0))).collect();
    library.capture(&drafts).await.unwrap();
    let (before, revision) = (told(&library).await, library.revision().await.unwrap());
    let again = library.capture(&drafts).await.unwrap();
    assert!(again.iter().all(|capture| capture.outcome == Captured::Identical && capture.version > 0));
    assert_eq!(told(&library).await, before);
    assert_eq!(library.revision().await.unwrap(), revision, "nothing was written");
}

#[tokio::test]
async fn a_late_capture_lands_in_its_place_and_its_neighbour_is_told_anew() {
    let library = memory().await;
    library.capture(&[draft(0, &purse(10, 0, 0)), draft(200, &purse(30, 0, 0))]).await.unwrap();
    let late = library.capture(&[draft(100, &purse(20, 0, 0))]).await.unwrap();
    assert_eq!(late[0].version, 3, "numbers rise, whatever the place in the history");
    let versions = history(&library).await;
    let sentences: Vec<String> =
        versions.iter().map(|v| v.summary.sentences[0].said.text(Language::En)).collect();
    assert_eq!(sentences[1..], ["Gained 10 gp: 20 gp in the purse", "Gained 10 gp: 30 gp in the purse"]);
    assert_eq!(versions[1].version, 3);
}

#[tokio::test]
async fn a_failing_batch_keeps_nothing() {
    let library = memory().await;
    let mut bad = draft(60, &purse(2, 0, 0));
    bad.source = "unknown";
    let error = library.capture(&[draft(0, &purse(1, 0, 0)), bad]).await.unwrap_err();
    assert_eq!(error.code, backstory_core::error::Code::FormatUnsupported);
    assert_eq!(library.facets().await.unwrap().characters, 0);
}

#[tokio::test]
async fn a_rehearsal_says_what_would_happen_and_keeps_nothing() {
    let library = memory().await;
    {
        let mut rehearsal = library.rehearse().await.unwrap();
        assert_eq!(rehearsal.capture(&draft(0, &purse(1, 0, 0))).await.unwrap().outcome, Captured::Added);
        assert_eq!(
            rehearsal.capture(&draft(60, &purse(1, 0, 0))).await.unwrap().outcome,
            Captured::Identical
        );
    }
    assert_eq!(library.facets().await.unwrap().characters, 0);
    assert_eq!(library.capture(&[draft(0, &purse(1, 0, 0))]).await.unwrap()[0].outcome, Captured::Added);
}

#[tokio::test]
async fn versions_are_found_by_every_name() {
    let library = memory().await;
    let day = 24 * 3600;
    let drafts: Vec<Draft> = (0..5).map(|i| draft(i * day, &purse(i as u32, 0, 0))).collect();
    library.capture(&drafts).await.unwrap();
    let character = CharacterId::new("purse-1").unwrap();
    let versions = history(&library).await;
    let date = moment(2 * day).strftime("%Y-%m-%d").to_string();
    let cases = [
        ("latest", 5),
        ("first", 1),
        ("~1", 4),
        ("3", 3),
        (&*versions[1].id.to_string(), 2),
        (&*date, 3),
        (&*moment(day + 1).to_string(), 2),
    ];
    for (text, number) in cases {
        assert_eq!(library.version(&character, text).await.unwrap().version, number, "{text}");
    }
    use backstory_core::error::Code::{InvalidArgument, VersionNotFound};
    for (text, code) in [
        ("9", VersionNotFound),
        ("~9", VersionNotFound),
        ("1999-01-01", VersionNotFound),
        ("soon", InvalidArgument),
    ] {
        assert_eq!(library.version(&character, text).await.unwrap_err().code, code, "{text}");
    }
    assert_eq!(library.before(&versions[2]).await.unwrap().unwrap().version, 2);
    assert!(library.before(&versions[0]).await.unwrap().is_none());
}

#[tokio::test]
async fn listeners_hear_of_every_write_once() {
    let library = memory().await;
    let mut changes = library.subscribe();
    library.capture(&[draft(0, &purse(1, 0, 0)), draft(60, &purse(2, 0, 0))]).await.unwrap();
    let change = changes.try_recv().unwrap();
    assert_eq!(change.characters, [CharacterId::new("purse-1").unwrap()]);
    assert_eq!((change.revision, change.origin.as_str()), (library.revision().await.unwrap(), "test"));
    assert!(changes.try_recv().is_err());
}

/// Captures at different times, each of one of few contents, and an order to import them in, in batches.
fn captures() -> impl Strategy<Value = (Vec<(i64, u32)>, Vec<usize>, usize)> {
    prop::collection::btree_map(0..40i64, 0..4u32, 1..16)
        .prop_map(|captures| captures.into_iter().collect::<Vec<_>>())
        .prop_flat_map(|captures| {
            let order = Just((0..captures.len()).collect::<Vec<_>>()).prop_shuffle();
            (Just(captures), order, 1..5usize)
        })
}

/// Contents 0 and 1 differ in noise only, 2 in what a rest resets, 3 in gold.
fn content(kind: u32) -> String {
    match kind {
        0 | 1 => purse(10, 0, kind),
        2 => purse(10, 4, 0),
        _ => purse(15, 0, 0),
    }
}

async fn imported(storage: Arc<dyn CharacterStorage>, captures: &[(i64, u32)], batch: usize) -> Vec<String> {
    let library = library(storage);
    let drafts: Vec<Draft> = captures.iter().map(|&(at, kind)| draft(at * 60, &content(kind))).collect();
    for drafts in drafts.chunks(batch) {
        library.capture(drafts).await.unwrap();
    }
    told(&library).await
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// A history does not depend on the order of import: it is the run-length encoding of its captures.
    #[test]
    fn the_order_of_import_does_not_matter((captures, order, batch) in captures()) {
        block_on(async {
            let shuffled: Vec<(i64, u32)> = order.iter().map(|&i| captures[i]).collect();
            let in_order = imported(Stores.open("memory:").await.unwrap(), &captures, captures.len()).await;
            let out_of_order = imported(Stores.open("memory:").await.unwrap(), &shuffled, batch).await;
            prop_assert_eq!(&in_order, &out_of_order);

            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("library.sqlite");
            let sqlite = imported(Stores.open(path.to_str().unwrap()).await.unwrap(), &shuffled, batch).await;
            prop_assert_eq!(&in_order, &sqlite);

            let mut runs = captures.iter().map(|(_, kind)| kind).collect::<Vec<_>>();
            runs.dedup();
            prop_assert_eq!(runs.len() + 1, in_order.len());
            Ok(())
        })?;
    }
}

#[tokio::test]
async fn the_bin_and_back() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("library.sqlite");
    for address in ["memory:", file.to_str().unwrap()] {
        let library = library(Stores.open(address).await.unwrap());
        library.capture(&[draft(0, &purse(5, 0, 0)), draft(60, &purse(6, 0, 0))]).await.unwrap();
        let id = CharacterId::new("purse-1").unwrap();
        let mut heard = library.subscribe();
        let binned = library.delete(&id).await.unwrap();
        assert_eq!(binned.deleted_at, Some(Timestamp::UNIX_EPOCH));
        assert_eq!(heard.try_recv().unwrap().characters, std::slice::from_ref(&id));
        assert_eq!(library.find("purse-1").await.unwrap_err().code, Code::CharacterNotFound);
        assert_eq!(library.find_among("Tam", Deleted::Only).await.unwrap().id, id);
        let revision = library.revision().await.unwrap();
        assert_eq!(library.delete(&id).await.unwrap(), binned, "once is enough");
        assert_eq!(library.revision().await.unwrap(), revision);
        assert_eq!(library.undelete(&id).await.unwrap().deleted_at, None);
        assert_eq!(library.find("Tam").await.unwrap().versions, 2);
        // Whoever brings it in again wants to see it, if only the same file.
        library.delete(&id).await.unwrap();
        let again = library.capture(&[draft(60, &purse(6, 0, 0))]).await.unwrap();
        assert_eq!((again[0].outcome, again[0].version), (Captured::Identical, 2));
        assert_eq!(library.find("Tam").await.unwrap().captures, 2);
        library.delete(&id).await.unwrap();
        library.capture(&[draft(90, &purse(7, 0, 0))]).await.unwrap();
        assert_eq!(library.find("Tam").await.unwrap().versions, 3);
        library.erase(&id).await.unwrap();
        assert_eq!(library.erase(&id).await.unwrap_err().code, Code::CharacterNotFound);
        assert_eq!(library.delete(&id).await.unwrap_err().code, Code::CharacterNotFound);
        assert_eq!(library.statistics().await.unwrap().contents, 0);
    }
}

#[tokio::test]
async fn pins_and_tags_stay_with_their_version() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("library.sqlite");
    for address in ["memory:", file.to_str().unwrap()] {
        let library = library(Stores.open(address).await.unwrap());
        library.capture(&[draft(0, &purse(5, 0, 0)), draft(60, &purse(6, 0, 0))]).await.unwrap();
        let id = CharacterId::new("purse-1").unwrap();
        let first = library.version(&id, "first").await.unwrap();
        assert!(library.pin(&first, true).await.unwrap().pinned);
        let names = [" Before the dragon ".to_owned(), String::new(), "Before the dragon".to_owned()];
        let tagged = library.tag(&first, &names, &[]).await.unwrap();
        assert_eq!(tagged.tags, ["Before the dragon"]);
        // What is captured later, and lands before it, takes nothing away.
        library.capture(&[draft(-60, &purse(4, 0, 0)), draft(120, &purse(6, 0, 0))]).await.unwrap();
        let found = library.version(&id, "1").await.unwrap();
        assert!(found.pinned && found.tags == ["Before the dragon"], "{found:?}");
        let revision = library.revision().await.unwrap();
        library.pin(&found, true).await.unwrap();
        assert_eq!(library.revision().await.unwrap(), revision, "nothing changed, nothing written");
        let bare = library.tag(&found, &[], &["Before the dragon".to_owned()]).await.unwrap();
        assert!(bare.tags.is_empty() && bare.pinned);
        let checked = library.check(CheckScope::Data, &Silent, &Cancel::default()).await.unwrap();
        assert_eq!(checked.problems, []);
    }
}

fn sentences(versions: &[VersionMetadata]) -> Vec<String> {
    let said = |version: &VersionMetadata| version.summary.sentences[0].said.text(Language::En);
    versions.iter().map(said).collect()
}

#[tokio::test]
async fn what_an_older_deriver_told_is_told_anew_and_nothing_else_changes() {
    let storage = Stores.open("memory:").await.unwrap();
    let first = library(Arc::clone(&storage));
    first.capture(&[draft(0, &purse(10, 0, 0)), draft(60, &purse(12, 0, 0))]).await.unwrap();
    let newest = first.version(&CharacterId::new("purse-1").unwrap(), "latest").await.unwrap();
    first.note(&newest, Some("sold the cart")).await.unwrap();
    let cancel = Cancel::default();
    assert_eq!(first.retell(false, &Silent, &cancel).await.unwrap().versions, 0, "nothing is old");
    let before = history(&first).await;
    assert_eq!(sentences(&before)[1..], ["Gained 2 gp: 12 gp in the purse"]);

    let learned =
        Library::new(storage, vec![Arc::new(Purse { deriver: 2 })], Arc::new(Still::default()), "test");
    let retold = learned.retell(false, &Silent, &cancel).await.unwrap();
    assert_eq!((retold.characters, retold.versions, retold.unreadable), (1, 2, 0));
    let after = history(&learned).await;
    assert_eq!(sentences(&after)[1..], ["Gained 2 sp: 12 sp in the purse"]);
    assert_eq!(
        learned.find("purse-1").await.unwrap().last_change,
        Some(after[1].summary.sentences[0].said.clone())
    );
    let rest = |versions: Vec<VersionMetadata>| -> Vec<VersionMetadata> {
        let same =
            |version: VersionMetadata| VersionMetadata { summary: before[0].summary.clone(), ..version };
        versions.into_iter().map(same).collect()
    };
    assert_eq!(rest(after), rest(before.clone()), "pins, notes, numbers, documents");
    let traces = learned.traces(&CharacterId::new("purse-1").unwrap(), None).await.unwrap();
    assert!(traces.iter().all(|version| version.trace.is_some()));
    assert_eq!(learned.retell(false, &Silent, &cancel).await.unwrap().versions, 0, "once is enough");
    assert_eq!(
        learned.retell(true, &Silent, &cancel).await.unwrap().versions,
        2,
        "unless everything is asked for"
    );
}

#[tokio::test]
async fn an_old_version_comes_back_as_a_new_one() {
    let library = memory().await;
    library.capture(&[draft(0, &purse(10, 0, 0)), draft(60, &purse(30, 0, 0))]).await.unwrap();
    let id = CharacterId::new("purse-1").unwrap();
    let first = library.version(&id, "first").await.unwrap();
    let restored = library.restore(&first).await.unwrap();
    assert_eq!((restored.version, restored.content, restored.restored), (3, first.content, Some(1)));
    let told = ["Went back to version 1".to_owned(), "Spent 20 gp: 10 gp in the purse".to_owned()];
    let said = |version: &VersionMetadata| -> Vec<String> {
        version.summary.sentences.iter().map(|sentence| sentence.said.text(Language::En)).collect()
    };
    assert_eq!(said(&restored), told);
    library.retell(true, &Silent, &Cancel::default()).await.unwrap();
    assert_eq!(said(&library.version(&id, "3").await.unwrap()), told, "told anew, it is still known why");
    assert_eq!(history(&library).await.len(), 3, "nothing is lost by it");
    let again = library.restore(&first).await.unwrap_err();
    assert_eq!(again.code, Code::InvalidArgument, "it is what the character is already");
    let second = library.version(&id, "2").await.unwrap();
    assert_eq!(library.restore(&second).await.unwrap().content, second.content, "and it can be undone");
}

#[tokio::test]
async fn what_is_tried_and_taken_back_in_a_sitting_is_summed_up() {
    let library = memory().await;
    let hours = [
        (0, 10),
        (5, 30),
        (5, 10),
        (6, 15),
        (12, 40),
        (13, 10),
        (13, 40),
        (20, 50),
        (20, 60),
        (30, 70),
        (30, 80),
        (31, 90),
    ];
    let drafts: Vec<_> =
        (0..).zip(hours).map(|(n, (hour, gp))| draft(3600 * hour + 60 * n, &purse(gp, 0, 0))).collect();
    library.capture(&drafts).await.unwrap();
    let bursts = library.bursts(&CharacterId::new("purse-1").unwrap()).await.unwrap();
    let told: Vec<_> = bursts
        .iter()
        .map(|burst| {
            let text = |said: &Said| said.text(Language::En);
            let net: Vec<_> = burst.sentences.iter().map(|sentence| text(&sentence.said)).collect();
            (burst.first, burst.last, burst.tried.as_ref().map(text), net.join(". "))
        })
        .collect();
    let back = "Changed the purse twice, and back to how it was";
    assert_eq!(
        told,
        [
            (
                10,
                12,
                Some("Changed the purse 3 times".to_owned()),
                "Gained 30 gp: 90 gp in the purse".to_owned()
            ),
            (
                5,
                7,
                Some("Changed the purse 3 times".to_owned()),
                "Gained 25 gp: 40 gp in the purse".to_owned()
            ),
            (
                2,
                4,
                Some("Changed the purse 3 times".to_owned()),
                "Gained 5 gp: 15 gp in the purse".to_owned()
            ),
        ],
        "two that lead on are told by themselves"
    );
    library
        .capture(&[draft(50 * 3600, &purse(91, 0, 0)), draft(50 * 3600 + 1, &purse(90, 0, 1))])
        .await
        .unwrap();
    let bursts = library.bursts(&CharacterId::new("purse-1").unwrap()).await.unwrap();
    assert_eq!(bursts[0].tried.as_ref().map(|said| said.text(Language::En)).as_deref(), Some(back));
}

//! Real documents, read from the folder beside the project: what the product promises, on real data.
//! Where the folder is absent these tests say so and end.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, reason = "tests may")]

use std::{collections::BTreeSet, path::PathBuf, sync::Arc};

use backstory_core::{
    api::import::{Intake, IntakeFile},
    json::Tree,
    library::{Captured, Library},
    model::{CharacterId, ContentHash, Kind},
    source::Draft,
    storage::{CheckScope, HistoryQuery, StorageFactory},
    wording::Language,
};
use backstory_sources::{files::Files, registry};
use backstory_storage::{clock::SystemClock, open::Stores};
use backstory_tests::corpus;

async fn library() -> (Library, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("library.sqlite");
    let storage = Stores.open(path.to_str().unwrap()).await.unwrap();
    (Library::new(storage, registry::sources(), Arc::new(SystemClock), "test"), folder)
}

async fn drafts(path: PathBuf) -> Vec<Draft> {
    let files = Files::new();
    let list: Vec<IntakeFile> = files.list(&[path]).await;
    let mut drafts = Vec::new();
    for file in list {
        drafts.push(files.read(&file, None).await.unwrap());
    }
    drafts
}

#[tokio::test]
async fn a_real_history_shows_the_baseline_and_six_changes() {
    let Some(path) = corpus::folder("ddb-history/145081718") else { return };
    let (library, _folder) = library().await;
    let drafts = drafts(path).await;
    assert_eq!(drafts.len(), 151);
    let captures = library.capture(&drafts).await.unwrap();
    let index = library.find("ddb-145081718").await.unwrap();
    assert_eq!((index.captures, index.versions, index.changes), (151, 25, 6));

    let query = HistoryQuery { without_quiet: true, ..HistoryQuery::all(index.id.clone()) };
    let told = library.history(&query).await.unwrap().items;
    assert_eq!(told.iter().filter(|version| version.summary.kind == Kind::Change).count(), 6);
    assert_eq!(told.last().unwrap().summary.kind, Kind::Baseline);
    assert_eq!(told.len(), 7);
    let first = |at: usize| told[at].summary.sentences[0].said.text(Language::En);
    assert_eq!(first(6), "First saved as Elf Wizard 3");
    assert_eq!(first(5), "Hit points 19 to 16");
    assert!(
        first(4).starts_with("Changed Wizard subclass from Illusionist to Order of Scribes (TCoE): gained ")
    );
    assert!(
        first(3).starts_with("Changed Wizard subclass from Order of Scribes (TCoE) to Illusionist: gained ")
    );
    assert_eq!(first(2), "Learned Ice Knife");
    assert_eq!(first(1), "Forgot Ice Knife");
    assert_eq!(first(0), "Hit points 16 to 22");

    // Every version gives back the bytes that went in, each distinct content is stored once.
    let all = library.history(&HistoryQuery::all(index.id.clone())).await.unwrap().items;
    for (draft, capture) in drafts.iter().zip(&captures) {
        let version = all.iter().find(|version| version.version == capture.version).unwrap();
        assert_eq!(&library.document(version).await.unwrap(), &*draft.document);
    }
    let distinct: BTreeSet<ContentHash> = drafts.iter().map(|draft| draft.content).collect();
    assert_eq!(library.statistics().await.unwrap().contents, distinct.len() as u64);

    // A second import adds nothing.
    let revision = library.revision().await.unwrap();
    let again = library.capture(&drafts).await.unwrap();
    assert!(again.iter().all(|capture| capture.outcome == Captured::Identical));
    assert_eq!(library.revision().await.unwrap(), revision);
    let report = library
        .check(CheckScope::Data, &backstory_core::job::Silent, &backstory_core::job::Cancel::default())
        .await
        .unwrap();
    assert_eq!(report.problems, []);
}

#[tokio::test]
async fn the_same_player_state_across_an_api_change_is_quiet() {
    let Some(path) = corpus::folder("ddb") else { return };
    let (library, _folder) = library().await;
    let drafts: Vec<Draft> = drafts_of(path, "93018430").await.into_iter().collect();
    let captures = library.capture(&drafts).await.unwrap();
    assert_eq!(captures.iter().map(|c| c.outcome).collect::<Vec<_>>(), [Captured::Added, Captured::Quiet]);
}

async fn drafts_of(folder: PathBuf, id: &str) -> Vec<Draft> {
    let files = Files::new();
    let mut drafts = Vec::new();
    for file in files.list(&[folder]).await {
        if file.path.contains(id) {
            drafts.push(files.read(&file, None).await.unwrap());
        }
    }
    drafts
}

#[tokio::test]
async fn every_real_document_is_kept_as_it_is_but_for_the_recorded_cuts() {
    let Some(path) = corpus::folder("ddb") else { return };
    let (library, _folder) = library().await;
    let files = Files::new();
    let mut read = 0;
    for file in files.list(&[path]).await {
        if file.path.ends_with("EXPECTED.json") {
            continue;
        }
        let draft = files.read(&file, None).await.unwrap();
        let capture = library.capture(std::slice::from_ref(&draft)).await.unwrap().remove(0);
        let version = library.version(&capture.character, &capture.version.to_string()).await.unwrap();
        let kept = library.document(&version).await.unwrap();
        let original = std::fs::read(&file.path).unwrap();
        let removed: u64 = version.cuts.iter().map(|cut| cut.removed_bytes).sum();
        let added: usize = version.cuts.iter().map(|cut| cut.replaced_by.len()).sum();
        assert_eq!(kept.len() as u64, original.len() as u64 - removed + added as u64, "{}", file.path);
        let text = String::from_utf8(kept).unwrap();
        let tree = Tree::parse(&text).unwrap();
        for cut in &version.cuts {
            let keys: Vec<&str> = cut.pointer.split('/').skip(1).collect();
            let (last, parents) = keys.split_last().unwrap();
            let value = parents.iter().try_fold(tree.root(), |value, key| value.get(key)).unwrap();
            assert_eq!(value.get(last).unwrap().raw(), cut.replaced_by, "{} {}", file.path, cut.pointer);
        }
        if version.cuts.is_empty() {
            assert_eq!(text.as_bytes(), original, "{}", file.path);
        }
        read += 1;
    }
    assert_eq!(read, 28);
    assert_eq!(library.facets().await.unwrap().characters, 26);
    let id = CharacterId::new("ddb-93018430").unwrap();
    assert_eq!(library.history(&HistoryQuery::all(id)).await.unwrap().total, 2);
}

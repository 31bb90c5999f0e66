//! What each version changed, and where words appeared.

use std::sync::Arc;

use backstory_core::{
    model::{CharacterId, CharacterIndex, VersionMetadata},
    search::SearchQuery,
    storage::{CharacterStorage, Expect, HistoryQuery, Write},
    trace::{ChangedField, Numbers, Place, Trace, Words},
};
use backstory_tests::fixtures::{character_id, content, index, moment, snapshot_id, version};
use jiff::Timestamp;

use crate::backends::Backend;

fn trace(words: &[(Place, &str)]) -> Arc<Trace> {
    Arc::new(Trace {
        numbers: Numbers { level: 3, copper: 250, ..Numbers::default() },
        changed: vec![ChangedField("combat/armor_class".into(), Some(1))],
        rekeyed: vec![("inventory/1".into(), "inventory/2".into())],
        words: words.iter().map(|(place, text)| Words(*place, (*text).to_owned())).collect(),
    })
}

pub(crate) fn told(id: &CharacterId, number: u64, at: i64, words: &[(Place, &str)]) -> VersionMetadata {
    VersionMetadata { trace: Some(trace(words)), ..version(id, number, moment(at), b"document") }
}

pub(crate) async fn write(storage: &dyn CharacterStorage, writes: Vec<Write>) {
    let mut transaction = storage.begin().await.unwrap();
    transaction.write(writes).await.unwrap();
    transaction.commit().await.unwrap();
}

pub(crate) fn put(metadata: VersionMetadata) -> Write {
    Write::Version { metadata: Box::new(metadata) }
}

/// A character with these versions, and its row.
pub(crate) async fn store(storage: &dyn CharacterStorage, id: &CharacterId, versions: Vec<VersionMetadata>) {
    let row = Box::new(CharacterIndex { revision: 1, ..index(id.clone()) });
    let mut writes = vec![Write::Character { index: row, expect: Expect::Absent }, content(id, b"document")];
    writes.extend(versions.into_iter().map(put));
    write(storage, writes).await;
}

async fn traces(storage: &dyn CharacterStorage, id: &CharacterId) -> Vec<Option<Arc<Trace>>> {
    let query = HistoryQuery { traces: true, newest_first: false, ..HistoryQuery::all(id.clone()) };
    storage.history(&query).await.unwrap().items.into_iter().map(|version| version.trace).collect()
}

pub(crate) async fn a_trace_comes_back_where_it_is_asked_for(backend: &dyn Backend) {
    let storage = backend.open().await;
    let id = character_id(1);
    let rope = [(Place::Inventory, "Rope, \u{1} hempen \"50 feet\"\n")];
    let first = told(&id, 1, 10, &rope);
    store(&*storage, &id, vec![first.clone(), version(&id, 2, moment(20), b"document")]).await;
    assert_eq!(traces(&*storage, &id).await, [first.trace.clone(), None]);
    let plain = storage.history(&HistoryQuery::all(id.clone())).await.unwrap();
    assert!(plain.items.iter().all(|version| version.trace.is_none()), "nobody asked");
    // Written again without one, a version keeps it; with one, the new one counts.
    let pinned = VersionMetadata { pinned: true, trace: None, ..first.clone() };
    write(&*storage, vec![put(pinned.clone())]).await;
    assert_eq!(traces(&*storage, &id).await[0], first.trace);
    let cloak = trace(&[(Place::Inventory, "Cloak")]);
    write(&*storage, vec![put(VersionMetadata { trace: Some(cloak.clone()), ..pinned })]).await;
    assert_eq!(traces(&*storage, &id).await[0], Some(cloak));
    // In another life of the store it is still there.
    drop(storage);
    let storage = backend.open().await;
    assert!(traces(&*storage, &id).await[0].is_some());
}

pub(crate) async fn found(
    storage: &dyn CharacterStorage,
    query: &SearchQuery,
) -> Vec<(String, u64, Place, String)> {
    let hits = storage.search(query).await.unwrap();
    hits.into_iter().map(|hit| (hit.character.to_string(), hit.number, hit.place, hit.text)).collect()
}

pub(crate) fn words(text: &str) -> SearchQuery {
    SearchQuery { text: text.to_owned(), ..SearchQuery::default() }
}

pub(crate) async fn words_are_found_where_they_appeared(backend: &dyn Backend) {
    let storage = backend.open().await;
    let (mira, tam) = (character_id(1), character_id(2));
    let cloak = (Place::Inventory, "Cloak of Protection");
    let note = (Place::Notes, "We met Maëlis in the Château of Bells; she wears a cloak.");
    let of_mira = vec![
        told(&mira, 1, 10, &[(Place::Identity, "Mira"), (Place::Spells, "Shield")]),
        told(&mira, 2, 20, &[cloak, (Place::Spells, "Fireball")]),
        told(&mira, 3, 30, &[note]),
    ];
    store(&*storage, &mira, of_mira).await;
    let of_tam = told(&tam, 1, 15, &[cloak, (Place::Features, "Protection, Style of")]);
    store(&*storage, &tam, vec![VersionMetadata { id: snapshot_id(101), ..of_tam }]).await;

    let hit = |id: &CharacterId, number, (place, text): (Place, &str)| {
        (id.to_string(), number, place, text.to_owned())
    };
    assert_eq!(
        found(&*storage, &words("cloak")).await,
        [hit(&mira, 3, note), hit(&mira, 2, cloak), hit(&tam, 1, cloak)],
        "the newest first"
    );
    assert_eq!(
        found(&*storage, &SearchQuery { oldest_first: true, ..words("CLOAK prot") }).await,
        [hit(&tam, 1, cloak), hit(&mira, 2, cloak)],
        "all words, each from its beginning, in one text"
    );
    assert_eq!(found(&*storage, &words("maelis chateau")).await, [hit(&mira, 3, note)], "without accents");
    assert_eq!(
        found(&*storage, &SearchQuery { limit: Some(1), ..words("cloak") }).await,
        [hit(&mira, 3, note)]
    );
    let of_tam = SearchQuery { characters: vec![tam.clone()], ..words("cloak") };
    assert_eq!(found(&*storage, &of_tam).await, [hit(&tam, 1, cloak)]);
    for nothing in ["rotection", "cloak fireball", "", "  ", "\"", "* OR cloak"] {
        let hits = found(&*storage, &words(nothing)).await;
        assert!(hits.is_empty(), "{nothing:?} found {hits:?}");
    }
    // In the bin, a character is not found; what is dropped or erased is not either.
    let binned =
        CharacterIndex { revision: 2, deleted_at: Some(Timestamp::UNIX_EPOCH), ..index(tam.clone()) };
    write(&*storage, vec![Write::Character { index: Box::new(binned), expect: Expect::Revision(1) }]).await;
    assert_eq!(found(&*storage, &words("protection")).await, [hit(&mira, 2, cloak)]);
    let second = told(&mira, 2, 20, &[]).id;
    write(&*storage, vec![Write::DropVersions { character: mira.clone(), versions: vec![second] }]).await;
    assert!(found(&*storage, &words("protection")).await.is_empty());
    write(&*storage, vec![Write::Erase { character: mira.clone(), expect: Expect::Revision(1) }]).await;
    assert!(found(&*storage, &words("shield")).await.is_empty());
}

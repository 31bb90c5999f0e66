//! Two stores as one: with a full older one, nothing may tell them from one store that has it all.

use std::sync::Arc;

use backstory_core::{
    error::Code,
    job::{Cancel, Silent},
    library::Captured,
    migrate::{MigrationOptions, StorageMigrator},
    model::{CharacterId, CharacterIndex, ContentHash, Role, VersionMetadata},
    storage::{
        Changes, CharacterStorage, CheckScope, Deleted, Expect, HistoryQuery, QueryFilter, Sort,
        StorageFactory, StoreOptions, Write,
    },
};
use backstory_sources::sample;
use backstory_storage::{
    joined::{JoinedStorage, Manner},
    open::Stores,
};
use backstory_tests::fixtures::{
    character_id, content, document, index, moment, snapshot_id, store, version,
};
use proptest::{collection::vec, prelude::*};

use crate::{
    full::check,
    stores::{KINDS, Place, assert_same, fill_with_samples, history, library, rows, write},
};

fn joined(manner: Manner, new: &Place, old: &Place) -> Arc<dyn CharacterStorage> {
    Arc::new(JoinedStorage::new(manner, Arc::clone(&new.storage), Arc::clone(&old.storage), false))
}

async fn two_memories() -> (Place, Place) {
    (Place::memory().await, Place::memory().await)
}

fn member(user: &str, role: Option<Role>) -> Write {
    Write::Member { campaign: "Bell".to_owned(), user: user.to_owned(), role }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_new_goes_to_the_new_store_and_the_old_one_stays() {
    for manner in [Manner::Gradual, Manner::Hybrid] {
        let (new, old) = (Place::new(&KINDS[1]).await, Place::memory().await);
        fill_with_samples(&old.storage).await;
        let before = old.storage.revision().await.unwrap();
        let both = joined(manner, &new, &old);
        // The newest capture of one character a day later, with other bytes.
        let mut draft = sample::drafts().unwrap().pop().unwrap();
        draft.captured_at += jiff::SignedDuration::from_hours(24);
        let text = String::from_utf8(draft.document.to_vec()).unwrap() + "\n";
        draft.content = ContentHash::of(text.as_bytes());
        draft.document = Arc::new(text.into_bytes());
        let capture = library(&both).capture(std::slice::from_ref(&draft)).await.unwrap().remove(0);
        assert_eq!(capture.outcome, Captured::Quiet);
        let moved: Vec<_> = rows(&*new.storage).await.into_iter().map(|row| row.id).collect();
        assert_eq!(moved, [draft.character.clone()]);
        assert_eq!(old.storage.revision().await.unwrap(), before, "the old one is never written to");
        // One history, from the first version on, and everybody else as before.
        let row = rows(&*both).await.into_iter().find(|row| row.id == draft.character).unwrap();
        let was = rows(&*old.storage).await.into_iter().find(|row| row.id == draft.character).unwrap();
        let (now, then) = (history(&*both, &row).await, history(&*old.storage, &was).await);
        assert_eq!(now[..then.len()], then);
        assert_eq!((now.len(), row.versions), (then.len() + 1, was.versions + 1));
        for version in &now {
            let bytes = both.document(&row.id, &version.content).await.unwrap();
            assert_eq!(ContentHash::of(&bytes), version.content);
        }
        assert_eq!(rows(&*both).await.len(), rows(&*old.storage).await.len());
        let report = both.check(CheckScope::Data, &Silent, &Cancel::default()).await.unwrap();
        assert_eq!(report.problems, []);
        assert_eq!(report.versions, both.statistics().await.unwrap().versions);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn looking_takes_over_in_one_manner_only() {
    for manner in [Manner::Gradual, Manner::Hybrid] {
        let (new, old) = two_memories().await;
        for number in 1..=3 {
            store(&*old.storage, number, &[document(1, 600), document(2, 600)]).await;
        }
        let both = joined(manner, &new, &old);
        let query = HistoryQuery::all(character_id(2));
        // While somebody writes, a look does not wait for them.
        let writing = both.begin().await.unwrap();
        assert_eq!(both.history(&query).await.unwrap().total, 2);
        assert_eq!(rows(&*new.storage).await, []);
        drop(writing);
        let since = both.revision().await.unwrap();
        assert_eq!(both.history(&query).await.unwrap().total, 2);
        let moved: Vec<_> = rows(&*new.storage).await.into_iter().map(|row| row.id).collect();
        match manner {
            Manner::Gradual => assert_eq!(moved, [character_id(2)]),
            Manner::Hybrid => assert_eq!(moved, []),
        }
        assert_eq!(both.revision().await.unwrap() > since, manner == Manner::Gradual);
        assert_same(&*both, &*old.storage).await;
    }
}

#[tokio::test]
async fn what_is_erased_is_erased_in_both() {
    let (new, old) = two_memories().await;
    for number in 1..=3 {
        store(&*old.storage, number, &[document(1, 600)]).await;
    }
    let both = joined(Manner::Hybrid, &new, &old);
    let erase = |expect| Write::Erase { character: character_id(1), expect };
    let mut transaction = both.begin().await.unwrap();
    let stale = transaction.write(vec![erase(Expect::Revision(9))]).await.unwrap_err();
    assert_eq!(stale.code, Code::Conflict);
    assert!(transaction.commit().await.is_err());
    let since = both.revision().await.unwrap();
    let revision = write(&*both, vec![erase(Expect::Revision(1))]).await;
    assert!(revision > since && revision == both.revision().await.unwrap());
    for place in [&both, &new.storage, &old.storage] {
        assert!(rows(&**place).await.iter().all(|row| row.id != character_id(1)));
        assert_eq!(place.history(&HistoryQuery::all(character_id(1))).await.unwrap().total, 0);
    }
    assert_eq!(all_changes(&*both, since).await, [(character_id(1), true)]);
    // The id can be used again, and is the newer store's then.
    store(&*both, 1, &[document(5, 600)]).await;
    assert_eq!((rows(&*both).await.len(), rows(&*new.storage).await.len()), (3, 1));
}

#[tokio::test]
async fn an_erasure_that_ended_halfway_stays_hidden_and_is_finished() {
    let (new, old) = two_memories().await;
    let row = store(&*old.storage, 1, &[document(1, 600)]).await;
    let both = joined(Manner::Hybrid, &new, &old);
    write(&*both, vec![Write::Erase { character: row.id.clone(), expect: Expect::Revision(1) }]).await;
    // As if the process had ended between the two.
    store(&*old.storage, 1, &[document(1, 600)]).await;
    assert_eq!(rows(&*both).await, []);
    assert_eq!(both.statistics().await.unwrap().versions, 0);
    let problems = both.check(CheckScope::Structure, &Silent, &Cancel::default()).await.unwrap().problems;
    assert_eq!((problems.len(), problems[0].code.as_str()), (1, "erase_unfinished"));
    let report = both.repair(&Silent, &Cancel::default()).await.unwrap();
    assert_eq!((report.repaired, report.left), (problems, vec![]));
    assert_eq!(rows(&*old.storage).await, []);
}

#[tokio::test]
async fn a_right_that_is_taken_away_does_not_come_back_from_the_old_store() {
    let (new, old) = two_memories().await;
    let there = vec![member("ada", Some(Role::DungeonMaster)), member("ben", Some(Role::Player))];
    write(&*old.storage, there).await;
    let both = joined(Manner::Hybrid, &new, &old);
    assert_eq!(both.members().await.unwrap().len(), 2);
    write(&*both, vec![member("ada", Some(Role::Viewer))]).await;
    write(&*both, vec![member("ben", None)]).await;
    let roles: Vec<_> = both.members().await.unwrap().into_iter().map(|m| (m.user, m.role)).collect();
    assert_eq!(roles, [("ada".to_owned(), Role::Viewer)]);
}

#[tokio::test]
async fn a_release_does_not_reach_through_two_stores_into_the_target() {
    let (new, old) = two_memories().await;
    store(&*old.storage, 1, &[document(1, 600)]).await;
    let both = joined(Manner::Hybrid, &new, &old);
    for (from, to) in [(&both, &new.storage), (&old.storage, &both)] {
        let migrator = StorageMigrator::new(Arc::clone(from), Arc::clone(to)).unwrap();
        migrator.run(&MigrationOptions::default(), &Silent, &Cancel::default()).await.unwrap();
        let error = migrator.release(&Silent, &Cancel::default()).await.unwrap_err();
        assert_eq!(error.code, Code::InvalidArgument);
    }
    assert_same(&*new.storage, &*old.storage).await;
}

#[tokio::test]
async fn a_library_is_opened_from_two_addresses() {
    let (new, old) = (Place::new(&KINDS[1]).await, Place::new(&KINDS[1]).await);
    store(&*old.storage, 1, &[document(1, 600)]).await;
    let address = format!("gradual:{}|{}", new.address, old.address);
    let both = Stores.open(&address).await.unwrap();
    assert_eq!((both.info().kind.as_str(), rows(&*both).await.len()), ("gradual", 1));
    let locked = StoreOptions { read_only: true, ..StoreOptions::default() };
    let only_read = Stores.open_with(&address, &locked).await.unwrap();
    assert_eq!(only_read.history(&HistoryQuery::all(character_id(1))).await.unwrap().total, 1);
    assert_eq!(only_read.begin().await.err().unwrap().code, Code::StoreReadOnly);
    assert_eq!(rows(&*new.storage).await, []);
    let folder = tempfile::tempdir().unwrap();
    let nowhere = folder.path().join("nowhere.sqlite");
    let wrong = format!("hybrid:{}|{}", new.address, nowhere.display());
    assert!(Stores.open(&wrong).await.is_err());
    assert!(!nowhere.exists(), "a wrong address makes no library");
}

/// The feed in small parts.
async fn all_changes(storage: &dyn CharacterStorage, since: u64) -> Vec<(CharacterId, bool)> {
    let (mut since, mut all) = (since, Vec::new());
    loop {
        let Changes { revision, changes, more } = storage.changes_since(since, 1).await.unwrap();
        assert!(revision >= since && changes.iter().all(|change| change.revision <= revision));
        all.extend(changes.into_iter().map(|change| (change.character, change.erased)));
        since = revision;
        if !more {
            assert_eq!(since, storage.revision().await.unwrap());
            return all;
        }
    }
}

/// One thing somebody does to a library.
#[derive(Debug, Clone)]
enum Step {
    Capture { who: u64, edition: u64 },
    Tag { who: u64, which: usize },
    See { who: u64, which: usize, second: i64 },
    Drop { who: u64, which: usize },
    Bin { who: u64, into: bool },
    Erase { who: u64 },
    Undone { who: u64 },
    Look { who: u64 },
    Member { who: u64, role: Option<Role> },
    Reopen,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let (who, which) = (0_u64..5, 0_usize..6);
    let role = proptest::sample::select(vec![None, Some(Role::Player), Some(Role::Viewer)]);
    let step = prop_oneof![
        5 => (who.clone(), 0_u64..9).prop_map(|(who, edition)| Step::Capture { who, edition }),
        2 => (who.clone(), which.clone()).prop_map(|(who, which)| Step::Tag { who, which }),
        2 => (who.clone(), which.clone(), 0_i64..99)
            .prop_map(|(who, which, second)| Step::See { who, which, second }),
        2 => (who.clone(), which).prop_map(|(who, which)| Step::Drop { who, which }),
        2 => (who.clone(), any::<bool>()).prop_map(|(who, into)| Step::Bin { who, into }),
        1 => who.clone().prop_map(|who| Step::Erase { who }),
        1 => who.clone().prop_map(|who| Step::Undone { who }),
        2 => who.prop_map(|who| Step::Look { who }),
        2 => (0_u64..3, role).prop_map(|(who, role)| Step::Member { who, role }),
        1 => Just(Step::Reopen),
    ];
    vec(step, 1..24)
}

/// The writes of a step, made from what the store says; the same for every store that says the same.
async fn writes(storage: &dyn CharacterStorage, step: &Step, unique: u64) -> Vec<Write> {
    let who = match step {
        Step::Member { who, role } => return vec![member(&format!("user-{who}"), *role)],
        Step::Look { .. } | Step::Reopen => return Vec::new(),
        Step::Capture { who, .. }
        | Step::Tag { who, .. }
        | Step::See { who, .. }
        | Step::Drop { who, .. }
        | Step::Bin { who, .. }
        | Step::Erase { who }
        | Step::Undone { who } => *who,
    };
    let id = character_id(who);
    let mut transaction = storage.begin().await.unwrap();
    let row = transaction.surroundings(&id, moment(0)).await.unwrap().character;
    let query = HistoryQuery { newest_first: false, ..HistoryQuery::all(id.clone()) };
    let versions = transaction.history(&query).await.unwrap().items;
    drop(transaction);
    if row.is_none() && !matches!(step, Step::Capture { .. }) {
        return Vec::new();
    }
    let expect = row.as_ref().map_or(Expect::Absent, |row| Expect::Revision(row.revision));
    if matches!(step, Step::Erase { .. }) {
        return vec![Write::Erase { character: id, expect }];
    }
    let mut next = row.unwrap_or_else(|| CharacterIndex { revision: 0, ..index(id.clone()) });
    next.revision += 1;
    next.level = (unique % 20) as u32;
    next.last_changed = moment(unique as i64 % 7);
    let mut writes = change(step, unique, &mut next, &versions);
    let put = Write::Character { index: Box::new(next), expect };
    // The row may come first or last, and be written twice.
    if unique.is_multiple_of(2) {
        writes.insert(0, put.clone());
    }
    writes.push(put);
    writes
}

/// What a step does besides writing the row.
fn change(step: &Step, unique: u64, next: &mut CharacterIndex, versions: &[VersionMetadata]) -> Vec<Write> {
    let character = next.id.clone();
    let pick = |which: &usize| versions.get(which % versions.len().max(1)).cloned();
    match step {
        Step::Capture { edition, .. } => {
            let text = document(*edition, 500);
            next.last_version += 1;
            let mut metadata =
                version(&character, 100 + next.last_version, moment(1_000 + unique as i64), &text);
            metadata.id = snapshot_id(5_000_000 + unique);
            vec![content(&character, &text), Write::Version { metadata: Box::new(metadata) }]
        }
        Step::Tag { which, .. } => {
            let change = |version| VersionMetadata {
                tags: vec![unique.to_string()],
                pinned: unique.is_multiple_of(3),
                archived: unique.is_multiple_of(2),
                ..version
            };
            pick(which)
                .map(|version| Write::Version { metadata: Box::new(change(version)) })
                .into_iter()
                .collect()
        }
        Step::See { which, second, .. } => {
            let Some(VersionMetadata { id: version, .. }) = pick(which) else { return Vec::new() };
            let at = vec![moment(*second)];
            vec![match unique % 3 {
                0 => Write::RemoveSightings { character, version, at },
                _ => Write::Sightings { character, version, at },
            }]
        }
        Step::Drop { which, .. } => {
            let versions = pick(which).map(|version| version.id).into_iter().collect();
            vec![Write::DropVersions { character, versions }]
        }
        Step::Bin { into, .. } => {
            next.deleted_at = into.then(|| moment(5));
            Vec::new()
        }
        _ => Vec::new(),
    }
}

#[test]
fn no_steps_tell_two_stores_from_one() {
    let manners = proptest::sample::select(vec![Manner::Gradual, Manner::Hybrid]);
    check(48, (steps(), manners, 0..2_usize), async |(steps, manner, kind)| {
        let (plain, old) = two_memories().await;
        let new = Place::new(&KINDS[kind]).await;
        for place in [&plain, &old] {
            for number in 0..3 {
                store(&*place.storage, number, &[document(number, 500), document(number + 1, 500)]).await;
            }
            write(&*place.storage, vec![member("user-0", Some(Role::DungeonMaster))]).await;
        }
        let mut both = joined(manner, &new, &old);
        for (unique, step) in (0..).zip(&steps) {
            match step {
                Step::Reopen => both = joined(manner, &new, &old),
                Step::Look { who } => {
                    let query = HistoryQuery::all(character_id(*who));
                    let here = plain.storage.history(&query).await.unwrap();
                    assert_eq!(here, both.history(&query).await.unwrap());
                }
                step => apply(&*plain.storage, &*both, step, unique).await,
            }
        }
        assert_same(&*plain.storage, &*both).await;
        assert_pages_agree(&*plain.storage, &*both).await;
    });
}

async fn apply(plain: &dyn CharacterStorage, both: &dyn CharacterStorage, step: &Step, unique: u64) {
    let wanted = writes(plain, step, unique).await;
    assert_eq!(wanted, writes(both, step, unique).await);
    if matches!(step, Step::Undone { .. }) {
        both.begin().await.unwrap().write(wanted).await.unwrap();
    } else if !wanted.is_empty() {
        let before = both.revision().await.unwrap();
        write(plain, wanted.clone()).await;
        let revision = write(both, wanted.clone()).await;
        assert!(revision > before);
        assert_eq!(both.revision().await.unwrap(), revision);
        let told = all_changes(both, before).await;
        let ids: Vec<_> = told.iter().map(|(id, _)| id).collect();
        assert_eq!(ids, wanted[0].character().into_iter().collect::<Vec<_>>());
    }
}

async fn assert_pages_agree(one: &dyn CharacterStorage, other: &dyn CharacterStorage) {
    for sort in [Sort::Changed, Sort::Name, Sort::Level] {
        let mut filter =
            QueryFilter { sort, limit: Some(2), deleted: Deleted::With, ..QueryFilter::default() };
        loop {
            let (page, same) = (one.query(&filter).await.unwrap(), other.query(&filter).await.unwrap());
            assert_eq!(page, same);
            filter.after = page.next;
            if filter.after.is_none() {
                break;
            }
        }
    }
}

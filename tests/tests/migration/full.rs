//! Copying everything, again and again, and into a backup.

use std::sync::Arc;

use backstory_core::{
    api::import::Intake,
    error::Code,
    job::{Cancel, Silent},
    migrate::{Action, MigrationOptions, MigrationReport, StorageMigrator},
    model::{CharacterIndex, Kind, Member, Role, SnapshotId, VersionMetadata},
    storage::{
        CharacterStorage, CheckScope, Deleted, Expect, QueryFilter, Setting, StorageFactory, StoreOptions,
        Write,
    },
};
use backstory_sources::files::Files;
use backstory_storage::{
    joined::{JoinedStorage, Manner},
    open::Stores,
};
use backstory_tests::{
    corpus,
    fixtures::{character_id, content, document, index, moment, snapshot_id, store, version},
};
use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};

use crate::stores::{
    KINDS, Place, StoreKind, assert_same, casts, fill, fill_with_samples, history, library, rows, write,
};

pub(crate) async fn migrate(
    from: &Arc<dyn CharacterStorage>,
    to: &Arc<dyn CharacterStorage>,
    options: MigrationOptions,
) -> MigrationReport {
    let migrator = StorageMigrator::new(Arc::clone(from), Arc::clone(to)).unwrap();
    migrator.run(&options, &Silent, &Cancel::default()).await.unwrap()
}

fn in_batches(batch_size: u32) -> MigrationOptions {
    MigrationOptions { batch_size, ..MigrationOptions::default() }
}

async fn full(from: &Place, to: &Place) -> MigrationReport {
    migrate(&from.storage, &to.storage, in_batches(7)).await
}

/// All four manners from one store to another one of some kind.
async fn every_manner(from: &Place, kind: &StoreKind) {
    let sum = from.storage.statistics().await.unwrap();
    let before = from.storage.revision().await.unwrap();
    for backup in [false, true] {
        let to = Place::new(kind).await;
        let options = MigrationOptions { backup, ..in_batches(7) };
        let report = migrate(&from.storage, &to.storage, options).await;
        assert_eq!(report.left, []);
        assert_eq!((report.versions, report.verified, report.skipped), (sum.versions, sum.versions, 0));
        assert_same(&*from.storage, &*to.storage).await;
        let revision = to.storage.revision().await.unwrap();
        let again = migrate(&from.storage, &to.opened_again().await, options).await;
        assert_eq!((again.verified, again.skipped), (sum.versions, sum.versions));
        assert_eq!(to.storage.revision().await.unwrap(), revision, "nothing is written twice");
    }
    for manner in [Manner::Gradual, Manner::Hybrid] {
        let to = Place::new(kind).await;
        let both = |read_only| -> Arc<dyn CharacterStorage> {
            let (new, old) = (Arc::clone(&to.storage), Arc::clone(&from.storage));
            Arc::new(JoinedStorage::new(manner, new, old, read_only))
        };
        let migrator = StorageMigrator::new(Arc::clone(&from.storage), both(true)).unwrap();
        let report = migrator.compare(&Silent, &Cancel::default()).await.unwrap();
        assert_eq!((report.verified, report.left.len()), (sum.versions, 0));
        assert_same(&*from.storage, &*both(false)).await;
        let taken_over = rows(&*to.storage).await.len();
        let with_history = rows(&*from.storage).await.iter().filter(|row| row.versions > 0).count();
        match manner {
            Manner::Gradual => assert!(taken_over > 0 || with_history == 0),
            Manner::Hybrid => assert_eq!(taken_over, 0),
        }
        assert_same(&*from.storage, &*both(false)).await;
        // The end of such a state: from both to the newer one.
        let report = migrate(&both(true), &to.storage, in_batches(7)).await;
        assert_eq!((report.versions, report.left.len()), (sum.versions, 0));
        assert_same(&*from.storage, &*to.storage).await;
    }
    assert_eq!(from.storage.revision().await.unwrap(), before, "the source is only read");
}

/// From one kind of store to every kind, its own included.
async fn every_pair_from(name: &str) {
    let Some(from) = KINDS.iter().find(|kind| kind.0 == name) else { return };
    let samples = Place::new(from).await;
    fill_with_samples(&samples.storage).await;
    let odd = Place::new(from).await;
    let mut runner = TestRunner::deterministic();
    let anything = casts().new_tree(&mut runner).unwrap().current();
    fill(&*odd.storage, &anything).await;
    for to in KINDS {
        every_manner(&samples, to).await;
        every_manner(&odd, to).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_pair_from_memory() {
    every_pair_from("memory").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_pair_from_sqlite() {
    every_pair_from("sqlite").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_pair_from_a_folder() {
    every_pair_from("folder").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_pair_from_an_object_store() {
    every_pair_from("objects").await;
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_pair_from_postgres() {
    every_pair_from("postgres").await;
}

#[test]
fn no_kind_of_store_is_left_out() {
    let names: Vec<_> = KINDS.iter().map(|kind| kind.0).filter(|name| *name != "postgres").collect();
    assert_eq!(names, ["memory", "sqlite", "folder", "objects"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn real_characters_move_through_every_store() {
    for name in ["ddb", "ddb-history/145081718"] {
        let Some(folder) = corpus::folder(name) else { return };
        let first = Place::memory().await;
        let files = Files::new();
        for file in files.list(&[folder]).await {
            // What is no character beside them is not imported either.
            let Ok(draft) = files.read(&file, None).await else { continue };
            library(&first.storage).capture(&[draft]).await.unwrap();
        }
        let versions = first.storage.statistics().await.unwrap().versions;
        assert!(versions > 20);
        let mut places = vec![first];
        for kind in KINDS.iter().cycle().take(KINDS.len() + 1).skip(1) {
            let next = Place::new(kind).await;
            let report = full(&places[places.len() - 1], &next).await;
            assert_eq!((report.versions, report.verified), (versions, versions));
            places.push(next);
        }
        assert_same(&*places[0].storage, &*places[places.len() - 1].storage).await;
    }
}

/// Runs a property that needs to wait for things.
pub(crate) fn check<S: Strategy>(cases: u32, strategy: S, property: impl AsyncFn(S::Value)) {
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let run = |value| {
        runtime.block_on(property(value));
        Ok(())
    };
    TestRunner::new(config).run(&strategy, run).unwrap();
}

#[test]
fn any_library_arrives_as_it_was() {
    check(48, (casts(), 1..12_u32, any::<bool>()), async |(anything, batch_size, backup)| {
        let (from, to) = (Place::memory().await, Place::new(&KINDS[1]).await);
        fill(&*from.storage, &anything).await;
        let options = MigrationOptions { batch_size, backup, ..MigrationOptions::default() };
        let report = migrate(&from.storage, &to.storage, options).await;
        assert_eq!(report.left, []);
        assert_same(&*from.storage, &*to.opened_again().await).await;
        let revision = to.storage.revision().await.unwrap();
        migrate(&from.storage, &to.storage, options).await;
        assert_eq!(to.storage.revision().await.unwrap(), revision);
    });
}

fn documents(count: u64) -> Vec<Vec<u8>> {
    (0..count).map(|edition| document(edition, 900)).collect()
}

async fn two_memories() -> (Place, Place) {
    (Place::memory().await, Place::memory().await)
}

#[tokio::test]
async fn a_plan_says_what_would_happen_and_writes_nothing() {
    let (from, to) = two_memories().await;
    for number in 1..=3 {
        store(&*from.storage, number, &documents(number)).await;
    }
    full(&from, &to).await;
    // 1 stays; 2 goes on at the target; 3 goes on at the source; 4 is new; 5 is at the target only; 6 differs; 7 was erased.
    add_version(&to, 2, 3).await;
    add_version(&from, 3, 4).await;
    store(&*from.storage, 4, &documents(2)).await;
    store(&*to.storage, 5, &documents(1)).await;
    store(&*from.storage, 6, &documents(2)).await;
    store(&*to.storage, 6, &[document(77, 300)]).await;
    for place in [&from, &to] {
        store(&*place.storage, 7, &documents(1)).await;
    }
    let erase = Write::Erase { character: character_id(7), expect: Expect::Revision(1) };
    write(&*from.storage, vec![erase]).await;
    let member = |role| Write::Member { campaign: "Bell".to_owned(), user: "ada".to_owned(), role };
    write(&*from.storage, vec![member(Some(Role::Player))]).await;

    let revisions = (from.storage.revision().await.unwrap(), to.storage.revision().await.unwrap());
    let migrator = StorageMigrator::new(Arc::clone(&from.storage), Arc::clone(&to.storage)).unwrap();
    let plan = migrator.plan(&MigrationOptions::default(), &Cancel::default()).await.unwrap();
    let mut actions: Vec<_> = plan.items.iter().map(|item| (item.character.clone(), item.action)).collect();
    actions.sort_by(|a, b| a.0.cmp(&b.0));
    use Action::{Copy, Differs, Gone, Newer, UpToDate};
    let expected = [UpToDate, Newer, Copy, Copy, Differs, Gone];
    let expected: Vec<_> = [1, 2, 3, 4, 6, 7].map(character_id).into_iter().zip(expected).collect();
    assert_eq!(actions, expected);
    assert_eq!((plan.characters, plan.versions, plan.documents), (2, 3, 3));
    assert_eq!((plan.left_alone, plan.members), (1, 1));
    assert!(plan.items.iter().all(|item| item.reason.ends_with('.')));
    let text = serde_json::to_string(&plan).unwrap();
    assert_eq!(serde_json::from_str::<backstory_core::migrate::MigrationPlan>(&text).unwrap(), plan);
    assert_eq!((from.storage.revision().await.unwrap(), to.storage.revision().await.unwrap()), revisions);

    // What the plan says is what happens: the others are left as they are, in both.
    let kept = (
        history(&*to.storage, &index(character_id(2))).await,
        history(&*to.storage, &index(character_id(6))).await,
    );
    let report = full(&from, &to).await;
    let left: Vec<_> =
        report.left.iter().map(|left| (left.character.clone().unwrap(), left.code.as_str())).collect();
    assert_eq!(left, [(character_id(2), "newer"), (character_id(6), "differs"), (character_id(7), "gone")]);
    assert_eq!((report.characters, report.versions, report.verified), (3, 7, 7));
    assert_eq!(report.members, 1);
    let now = (
        history(&*to.storage, &index(character_id(2))).await,
        history(&*to.storage, &index(character_id(6))).await,
    );
    assert_eq!(now, kept);
    let report = migrate(
        &from.storage,
        &to.storage,
        MigrationOptions { erase_gone: true, ..MigrationOptions::default() },
    )
    .await;
    assert_eq!(report.left.len(), 2);
    assert!(rows(&*to.storage).await.iter().all(|row| row.id != character_id(7)));
}

/// Adds a version to a character, as the library would.
async fn add_version(place: &Place, number: u64, version_number: u64) -> SnapshotId {
    let row = rows(&*place.storage).await.into_iter().find(|row| row.id == character_id(number)).unwrap();
    let text = document(500 + version_number, 900);
    let mut metadata = version(&row.id, version_number, moment(60 * version_number as i64), &text);
    metadata.id = snapshot_id(number * 1_000_000 + version_number);
    let id = metadata.id;
    let next = CharacterIndex {
        revision: row.revision + 1,
        versions: row.versions + 1,
        captures: row.captures + 1,
        last_version: version_number,
        last_captured: metadata.captured_at,
        ..row.clone()
    };
    let put = Write::Character { index: Box::new(next), expect: Expect::Revision(row.revision) };
    let writes = vec![put, content(&row.id, &text), Write::Version { metadata: Box::new(metadata) }];
    write(&*place.storage, writes).await;
    id
}

/// Changes a version at one of the stores, and the row with it.
async fn touch(place: &Place, number: u64, change: impl Fn(&mut VersionMetadata)) {
    let row = rows(&*place.storage).await.into_iter().find(|row| row.id == character_id(number)).unwrap();
    let mut metadata = history(&*place.storage, &row).await.remove(0);
    change(&mut metadata);
    let next = CharacterIndex { revision: row.revision + 1, ..row.clone() };
    let put = Write::Character { index: Box::new(next), expect: Expect::Revision(row.revision) };
    write(&*place.storage, vec![put, Write::Version { metadata: Box::new(metadata) }]).await;
}

#[tokio::test]
async fn nothing_a_player_put_into_the_target_is_lost() {
    let changes: [fn(&mut VersionMetadata); 2] =
        [|version| version.pinned = true, |version| version.tags.push("Mine".to_owned())];
    for change in changes {
        let (from, to) = two_memories().await;
        store(&*from.storage, 1, &documents(2)).await;
        full(&from, &to).await;
        touch(&to, 1, change).await;
        let kept = rows(&*to.storage).await;
        assert_eq!(full(&from, &to).await.left[0].code, "newer");
        // The source went on too, and further: its higher revision is no reason to overwrite.
        for number in 3..7 {
            add_version(&from, 1, number).await;
        }
        assert_eq!(full(&from, &to).await.left[0].code, "differs");
        assert_eq!(rows(&*to.storage).await, kept);
    }
}

#[tokio::test]
async fn what_changed_at_the_source_follows() {
    let (from, to) = two_memories().await;
    store(&*from.storage, 1, &documents(4)).await;
    full(&from, &to).await;
    add_version(&from, 1, 5).await;
    touch(&from, 1, |version| version.tags.push("Before the dragon".to_owned())).await;
    touch(&from, 1, |version| version.summary.kind = Kind::State).await;
    let report = full(&from, &to).await;
    assert_eq!((report.versions, report.verified, report.skipped, report.left.len()), (5, 5, 3, 0));
    assert_same(&*from.storage, &*to.storage).await;
}

#[tokio::test]
async fn a_backup_follows_the_source_and_keeps_what_it_dropped() {
    let (from, to) = two_memories().await;
    store(&*from.storage, 1, &documents(4)).await;
    let backup = MigrationOptions { backup: true, ..MigrationOptions::default() };
    touch(&from, 1, |version| version.tags.push("Old".to_owned())).await;
    migrate(&from.storage, &to.storage, backup).await;
    touch(&from, 1, |version| version.tags.clear()).await;
    let row = rows(&*from.storage).await.remove(0);
    let dropped = history(&*from.storage, &row).await.remove(1);
    let drop = Write::DropVersions { character: row.id.clone(), versions: vec![dropped.id] };
    let fewer = CharacterIndex { revision: row.revision + 1, versions: 3, captures: 3, ..row.clone() };
    let put = Write::Character { index: Box::new(fewer), expect: Expect::Revision(row.revision) };
    write(&*from.storage, vec![put, drop]).await;
    add_version(&from, 1, 5).await;
    let report = migrate(&from.storage, &to.storage, backup).await;
    assert_eq!((report.versions, report.verified, report.left.len()), (4, 4, 0));
    let kept = history(&*to.storage, &row).await;
    let numbers: Vec<_> = kept.iter().map(|version| version.version).collect();
    assert_eq!(numbers, [1, 2, 3, 4, 5]);
    assert_eq!(kept[0].tags, [""; 0]);
    assert!(to.storage.document(&row.id, &dropped.content).await.is_ok());
    let check = to.storage.check(CheckScope::Data, &Silent, &Cancel::default()).await.unwrap();
    assert!(check.problems.iter().all(|problem| problem.r#where != "ddb-1"), "{:?}", check.problems);
    let revision = to.storage.revision().await.unwrap();
    migrate(&from.storage, &to.storage, backup).await;
    assert_eq!(to.storage.revision().await.unwrap(), revision);
}

#[tokio::test]
async fn one_library_is_not_two() {
    let place = Place::new(&KINDS[1]).await;
    let again = place.opened_again().await;
    for other in [Arc::clone(&place.storage), again] {
        let error = StorageMigrator::new(Arc::clone(&place.storage), other).unwrap_err();
        assert_eq!(error.code, Code::InvalidArgument);
    }
    // Under two names it is still one, and a release would take away the only copy.
    store(&*place.storage, 1, &documents(1)).await;
    let folder = std::path::Path::new(&place.address).parent().unwrap().to_owned();
    let detour = format!("{}/./library.sqlite", folder.display());
    let same = Stores.open(&detour).await.unwrap();
    let migrator = StorageMigrator::new(Arc::clone(&place.storage), same).unwrap();
    let error = migrator.release(&Silent, &Cancel::default()).await.unwrap_err();
    assert_eq!(error.code, Code::InvalidArgument);
    assert_eq!(rows(&*place.storage).await.len(), 1);
}

#[tokio::test]
async fn a_release_takes_away_only_what_is_at_the_target() {
    let (from, to) = two_memories().await;
    for number in 1..=3 {
        store(&*from.storage, number, &documents(3)).await;
    }
    full(&from, &to).await;
    add_version(&to, 1, 4).await;
    add_version(&from, 2, 4).await;
    let migrator = StorageMigrator::new(Arc::clone(&from.storage), Arc::clone(&to.storage)).unwrap();
    let released = migrator.release(&Silent, &Cancel::default()).await.unwrap();
    assert_eq!((released.characters, released.versions, released.left.len()), (2, 6, 1));
    assert_eq!(released.left[0].character, Some(character_id(2)));
    let left: Vec<_> = rows(&*from.storage).await.into_iter().map(|row| row.id).collect();
    assert_eq!(left, [character_id(2)]);
    assert_eq!(rows(&*to.storage).await.len(), 3);
}

#[tokio::test]
async fn a_source_that_cannot_be_written_to_is_enough() {
    let (from, to) = (Place::new(&KINDS[1]).await, Place::memory().await);
    store(&*from.storage, 1, &documents(3)).await;
    let options = StoreOptions { read_only: true, ..StoreOptions::default() };
    let locked = Stores.open_with(&from.address, &options).await.unwrap();
    migrate(&locked, &to.storage, MigrationOptions::default()).await;
    assert_same(&*from.storage, &*to.storage).await;
}

#[tokio::test]
async fn a_place_in_a_campaign_is_never_overwritten() {
    let (from, to) = two_memories().await;
    let member =
        |role| Write::Member { campaign: "Bell".to_owned(), user: "ada".to_owned(), role: Some(role) };
    write(&*from.storage, vec![member(Role::DungeonMaster)]).await;
    write(&*to.storage, vec![member(Role::Viewer)]).await;
    let report = full(&from, &to).await;
    assert_eq!((report.left.len(), report.left[0].character.clone()), (1, None));
    let expected = Member { campaign: "Bell".to_owned(), user: "ada".to_owned(), role: Role::Viewer };
    assert_eq!(to.storage.members().await.unwrap(), [expected]);
}

#[tokio::test]
async fn what_is_set_for_a_library_goes_along_and_is_never_overwritten() {
    let (from, to) = two_memories().await;
    let put = |key: &str, value: &str, revision, expect| Write::Setting {
        setting: Setting { key: key.to_owned(), value: Some(value.to_owned()), revision },
        expect,
    };
    let set = |key: &str, value: &str| put(key, value, 1, Expect::Absent);
    write(&*from.storage, vec![set("library.a", "1"), set("library.b", "2"), set("store.c", "3")]).await;
    write(&*from.storage, vec![put("library.b", "4", 2, Expect::Revision(1))]).await;
    write(&*to.storage, vec![set("library.a", "5"), set("store.c", "6")]).await;
    let report = full(&from, &to).await;
    assert_eq!(report.left.len(), 1);
    assert!(report.left[0].message.contains("library.a"), "{:?}", report.left);
    let setting = |key: &str, value: &str, revision| Setting {
        key: key.to_owned(),
        value: Some(value.to_owned()),
        revision,
    };
    let stays = [setting("library.a", "5", 1), setting("library.b", "4", 2), setting("store.c", "6", 1)];
    assert_eq!(to.storage.settings().await.unwrap(), stays);
    // A backup is as the library is.
    migrate(&from.storage, &to.storage, MigrationOptions { backup: true, ..MigrationOptions::default() })
        .await;
    let same = [setting("library.a", "1", 2), setting("library.b", "4", 2), setting("store.c", "6", 1)];
    assert_eq!(to.storage.settings().await.unwrap(), same);
}

#[tokio::test]
async fn a_history_without_a_character_is_not_carried_on() {
    let (from, to) = two_memories().await;
    store(&*from.storage, 1, &documents(1)).await;
    let metadata = version(&character_id(2), 1, moment(0), b"half");
    let half = vec![content(&character_id(2), b"half"), Write::Version { metadata: Box::new(metadata) }];
    write(&*from.storage, half).await;
    let report = full(&from, &to).await;
    assert_eq!((report.characters, report.left[0].code.as_str()), (1, "incomplete"));
    let filter = QueryFilter { deleted: Deleted::With, ..QueryFilter::default() };
    assert_eq!(to.storage.query(&filter).await.unwrap().total, 1);
}

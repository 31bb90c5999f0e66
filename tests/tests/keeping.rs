//! What becomes of the old: thinning by a policy, and taking the player out of a character that stays.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, reason = "tests may")]

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use backstory_core::{
    archive::Archiving,
    clock::Clock,
    error::Code,
    job::{Cancel, Silent},
    library::{Library, Thinning},
    model::{CharacterId, Kind, SnapshotId, VersionMetadata},
    retention::{DropReason, HeldBy, KeepReason, Retention, RetentionPlan, RetentionPolicy, WarningCode},
    source::Draft,
    storage::{
        CharacterStorage, CheckScope, Compression, Encoding, HistoryQuery, QueryFilter, StorageFactory,
        StoreOptions,
    },
};
use backstory_sources::{files::Files, registry};
use backstory_storage::open::Stores;
use backstory_tests::fixtures::{long_life, snapshot_id};
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use tempfile::TempDir;

/// A clock that is set, in a zone that is set.
struct Dated {
    now: Mutex<Timestamp>,
    zone: Mutex<String>,
    ids: AtomicU64,
}

impl Dated {
    fn new(now: Timestamp) -> Arc<Self> {
        Arc::new(Self {
            now: Mutex::new(now),
            zone: Mutex::new("Europe/Berlin".to_owned()),
            ids: AtomicU64::new(1),
        })
    }

    fn set(&self, now: Timestamp) {
        *self.now.lock().unwrap() = now;
    }

    fn later(&self, days: i64) -> Timestamp {
        *self.now.lock().unwrap() + SignedDuration::from_hours(24 * days)
    }
}

impl Clock for Dated {
    fn now(&self) -> Timestamp {
        *self.now.lock().unwrap()
    }

    fn snapshot_id(&self) -> SnapshotId {
        snapshot_id(0x7000_0000 + self.ids.fetch_add(1, Ordering::Relaxed))
    }

    fn secret(&self) -> Result<[u8; 16], backstory_core::error::Error> {
        Ok(u128::from(self.ids.fetch_add(1, Ordering::Relaxed)).to_be_bytes())
    }

    fn zone(&self) -> String {
        self.zone.lock().unwrap().clone()
    }

    fn zone_called(&self, name: &str) -> Option<TimeZone> {
        TimeZone::get(name).ok()
    }
}

struct Place {
    clock: Arc<Dated>,
    library: Library,
    id: CharacterId,
    _folder: TempDir,
}

/// Everything but the first week goes, except for one a day until three weeks and one a week after that.
const POLICY: RetentionPolicy = RetentionPolicy {
    keep_all_days: Some(7),
    daily_until_days: Some(21),
    weekly_until_days: Some(365),
    monthly_forever: true,
    max_versions_per_character: None,
    max_total_size_mb: None,
    archive_after_days: None,
    auto_delete_after_days: None,
    anonymise_instead_of_delete: false,
};

/// A character that was looked at every day for so long, in a SQLite file, and a clock at the evening of the last of them.
async fn lived(days: u32) -> Place {
    let folder = TempDir::new().unwrap();
    let address = folder.path().join("library.sqlite");
    let storage = Stores.open(address.to_str().unwrap()).await.unwrap();
    let drafts: Vec<Draft> = long_life(days).collect();
    let clock = Dated::new(drafts.last().unwrap().captured_at + SignedDuration::from_mins(1));
    let library = Library::new(storage, registry::sources(), Arc::clone(&clock) as _, "test");
    library.capture(&drafts).await.unwrap();
    Place { clock, library, id: drafts[0].character.clone(), _folder: folder }
}

impl Place {
    async fn history(&self) -> Vec<VersionMetadata> {
        let query = HistoryQuery { newest_first: false, ..HistoryQuery::all(self.id.clone()) };
        self.library.history(&query).await.unwrap().items
    }

    async fn keep_by(&self, policy: RetentionPolicy) {
        let holding = self.library.retention().await.unwrap();
        let retention = Retention { policy, ..holding.retention };
        self.library.set_retention(Some(retention), holding.revision).await.unwrap();
    }

    async fn plan(&self) -> RetentionPlan {
        self.library.plan_retention(&Thinning::default()).await.unwrap()
    }

    async fn apply(
        &self,
        plan: &RetentionPlan,
    ) -> backstory_core::error::Result<backstory_core::library::Thinned> {
        self.library.apply_retention(plan, &Thinning::default(), false, &Silent, &Cancel::default()).await
    }

    /// Every document is there, every version is told as it would be told now, and the store finds nothing wrong with itself.
    async fn is_sound(&self) {
        let history = self.history().await;
        for version in &history {
            self.library.sheet(version).await.unwrap();
        }
        let report = self.library.check(CheckScope::Data, &Silent, &Cancel::default()).await.unwrap();
        assert_eq!(report.problems, []);
        self.library.retell(true, &Silent, &Cancel::default()).await.unwrap();
        assert_eq!(self.history().await, history, "what was told behind the gaps is what is told anew");
    }
}

#[tokio::test]
async fn a_policy_takes_what_its_plan_says_and_no_more_the_second_time() {
    let place = lived(40).await;
    place.keep_by(POLICY).await;
    let before = place.history().await;
    let plan = place.plan().await;
    assert_eq!(plan.held, None);
    assert_eq!(plan.keep.len() + plan.drop.len(), before.len());
    assert!(plan.drop.len() > 5, "{}", plan.drop.len());
    assert!(plan.drop.iter().all(|version| version.reason == DropReason::NotLastOfWeek));
    let thinned = place.apply(&plan).await.unwrap();
    assert_eq!((thinned.dropped, thinned.spared, thinned.characters), (plan.drop.len() as u64, 0, 1));
    let after = place.history().await;
    let kept: Vec<_> = plan.keep.iter().map(|version| version.version).collect();
    assert_eq!(after.iter().map(|version| version.version).collect::<Vec<_>>(), kept);
    let index = place.library.find(place.id.as_str()).await.unwrap();
    assert_eq!((index.versions, index.captures), (kept.len() as u64, kept.len() as u64));
    assert_eq!(index.last_version, 40, "numbers are never given twice");
    place.is_sound().await;
    // Behind a gap the coins of all the days in it are told.
    let first_gap = after
        .iter()
        .find(|version| before.iter().any(|was| was.id == version.id && was.summary != version.summary));
    assert_eq!(first_gap.unwrap().summary.kind, Kind::Change);
    let again = place.plan().await;
    assert_eq!(again.drop, []);
    assert_eq!(place.apply(&again).await.unwrap().dropped, 0);
    assert_eq!(place.history().await.len(), after.len());
}

#[tokio::test]
async fn what_was_marked_or_captured_since_the_plan_was_made_is_spared() {
    let place = lived(40).await;
    place.keep_by(POLICY).await;
    let plan = place.plan().await;
    let history = place.history().await;
    let of = |n: usize| history.iter().find(|version| version.id == plan.drop[n].id).unwrap();
    place.library.pin(of(0), true).await.unwrap();
    place.library.tag(of(1), &["before the dragon".to_owned()], &[]).await.unwrap();
    place.library.note(of(2), Some("Ada's wedding")).await.unwrap();
    let newer = long_life(41).last().unwrap();
    place.library.capture(&[newer]).await.unwrap();
    let thinned = place.apply(&plan).await.unwrap();
    assert_eq!((thinned.spared, thinned.dropped), (3, plan.drop.len() as u64 - 3));
    let left: Vec<_> = place.history().await.iter().map(|version| version.id).collect();
    assert!((0..3).all(|n| left.contains(&plan.drop[n].id)));
    assert_eq!(left.len(), history.len() + 1 - thinned.dropped as usize);
    place.is_sound().await;
}

#[tokio::test]
async fn what_an_open_screen_shows_stays() {
    let place = lived(40).await;
    place.keep_by(POLICY).await;
    let gone = place.plan().await.drop[0].id;
    let open = Thinning { open: [gone].into(), ..Thinning::default() };
    let plan = place.library.plan_retention(&open).await.unwrap();
    let kept = plan.keep.iter().find(|version| version.id == gone).unwrap();
    assert_eq!(kept.reasons, [KeepReason::Open]);
}

#[tokio::test]
async fn a_clock_that_jumps_and_a_zone_that_changes_take_nothing() {
    let place = lived(40).await;
    place.keep_by(POLICY).await;
    place.apply(&place.plan().await).await.unwrap();
    let right = place.clock.now();
    let before = place.history().await;
    for (days, by) in [(3_653, HeldBy::ClockAhead), (-3_653, HeldBy::ClockBehind), (40, HeldBy::ClockAhead)] {
        place.clock.set(right + SignedDuration::from_hours(24 * days));
        let plan = place.plan().await;
        assert_eq!(plan.held.unwrap().by, by, "{days}");
        // Twice: that it was looked at before confirms nothing.
        for _ in 0..2 {
            assert_eq!(place.apply(&plan).await.unwrap_err().code, Code::ClockDoubtful);
        }
        assert_eq!(place.history().await, before);
        place.clock.set(right);
    }
    // The library keeps its zone, wherever the computer is.
    let in_berlin = place.plan().await;
    for zone in ["Pacific/Kiritimati", "Pacific/Pago_Pago", "UTC"] {
        *place.clock.zone.lock().unwrap() = zone.to_owned();
        let plan = place.plan().await;
        assert_eq!(plan, in_berlin);
        assert_eq!(place.apply(&plan).await.unwrap().dropped, 0);
    }
    assert_eq!(place.history().await, before);
    // Days that pass one after the other are believed; so is the player.
    place.clock.set(place.clock.later(30));
    assert_eq!(place.plan().await.held, None);
    place.apply(&place.plan().await).await.unwrap();
    place.clock.set(place.clock.later(400));
    let plan = place.plan().await;
    assert!(plan.held.is_some() && !plan.drop.is_empty());
    let said =
        place.library.apply_retention(&plan, &Thinning::default(), true, &Silent, &Cancel::default()).await;
    assert_eq!(said.unwrap().dropped, plan.drop.len() as u64);
    assert_eq!(place.plan().await.held, None, "from then on it is known");
    place.is_sound().await;
}

#[tokio::test]
async fn without_a_word_nothing_goes_and_a_policy_of_the_configuration_keeps_its_zone() {
    let place = lived(40).await;
    let plan = place.plan().await;
    assert_eq!((plan.drop.len(), plan.keep.len()), (0, 40));
    assert!(plan.keep.iter().all(|version| version.reasons.contains(&KeepReason::Unlimited)));
    place.library.keep_by(POLICY);
    assert!(!place.library.retention().await.unwrap().own);
    assert_eq!(place.plan().await.zone, "Europe/Berlin");
    place.apply(&place.plan().await).await.unwrap();
    *place.clock.zone.lock().unwrap() = "Asia/Tokyo".to_owned();
    let again = place.plan().await;
    assert_eq!((again.zone.as_str(), again.drop.len()), ("Europe/Berlin", 0));
}

#[tokio::test]
async fn a_preview_shows_what_is_left_by_then_and_is_never_applied() {
    let place = lived(40).await;
    place.keep_by(RetentionPolicy { max_versions_per_character: Some(20), ..POLICY }).await;
    let mut before: Option<Vec<SnapshotId>> = None;
    for days in [0, 10, 30, 100, 400, 4_000] {
        let at = place.clock.later(days);
        let plan =
            place.library.plan_retention(&Thinning { at: Some(at), ..Thinning::default() }).await.unwrap();
        assert_eq!(plan.keep.len() + plan.drop.len(), 40);
        let kept: Vec<_> = plan.keep.iter().map(|version| version.id).collect();
        assert!(kept.len() <= 20);
        assert!(before.is_none_or(|before| kept.iter().all(|id| before.contains(id))), "{days}");
        if days > 0 {
            assert_eq!(place.apply(&plan).await.unwrap_err().code, Code::InvalidArgument);
        } else {
            assert!(plan.warnings.iter().any(|warning| warning.code == WarningCode::CountBites));
        }
        before = Some(kept);
    }
    assert_eq!(place.history().await.len(), 40);
}

#[tokio::test]
async fn a_library_that_is_too_large_gives_up_what_stood_the_shortest() {
    let folder = TempDir::new().unwrap();
    let storage = plain(folder.path(), "sqlite").await;
    let drafts: Vec<Draft> = long_life(30).collect();
    let clock = Dated::new(drafts.last().unwrap().captured_at + SignedDuration::from_mins(1));
    let library = Library::new(storage, registry::sources(), Arc::clone(&clock) as _, "test");
    library.capture(&drafts).await.unwrap();
    let place = Place { clock, library, id: drafts[0].character.clone(), _folder: folder };
    let bytes = place.library.statistics().await.unwrap().encoded_bytes;
    assert!(bytes > 2 << 20, "{bytes}");
    place.keep_by(RetentionPolicy { max_total_size_mb: Some(1), ..RetentionPolicy::default() }).await;
    let plan = place.plan().await;
    assert!(!plan.drop.is_empty());
    assert!(plan.drop.iter().all(|version| version.reason == DropReason::OverSize));
    assert_eq!(plan.warnings[0].code, WarningCode::SizeBites);
    place.library.pin(&place.history().await[1], true).await.unwrap();
    let thinned = place.apply(&plan).await.unwrap();
    assert_eq!((thinned.dropped + thinned.spared, thinned.spared), (plan.drop.len() as u64, 1));
    place.library.pin(&place.history().await[1], false).await.unwrap();
    place.apply(&place.plan().await).await.unwrap();
    assert!(place.library.statistics().await.unwrap().encoded_bytes <= 1 << 20);
    assert_eq!(place.plan().await.drop, []);
    place.is_sound().await;
}

#[tokio::test]
async fn a_character_has_a_policy_of_its_own_until_it_is_erased() {
    let place = lived(30).await;
    place.keep_by(POLICY).await;
    let holding = place.library.retention().await.unwrap();
    let mut retention = holding.retention.clone();
    retention.characters.insert(place.id.clone(), RetentionPolicy::default());
    place.library.set_retention(Some(retention.clone()), holding.revision).await.unwrap();
    assert_eq!(place.plan().await.drop, []);
    let lost = place.library.set_retention(Some(retention), holding.revision).await.unwrap_err();
    assert_eq!(lost.code, Code::Conflict, "somebody else set one since");
    let half = RetentionPolicy { max_versions_per_character: Some(1), ..POLICY };
    let holding = place.library.retention().await.unwrap();
    let wrong = Retention { policy: half, ..holding.retention.clone() };
    assert_eq!(
        place.library.set_retention(Some(wrong), holding.revision).await.unwrap_err().code,
        Code::InvalidArgument
    );
    place.library.erase(&place.id).await.unwrap();
    assert!(place.library.retention().await.unwrap().retention.characters.is_empty());
}

#[tokio::test]
async fn archived_versions_are_thinned_and_told_like_any_other() {
    let place = lived(40).await;
    place.keep_by(RetentionPolicy { archive_after_days: Some(10), ..POLICY }).await;
    let plan = place.plan().await;
    assert!(!plan.archive.is_empty() && plan.archive.iter().all(|version| !version.reasons.is_empty()));
    let moves = place.library.plan_archive(&Archiving::default()).await.unwrap();
    let report = place.library.archive(&moves, &Silent, &Cancel::default()).await.unwrap();
    assert_eq!((report.moved, report.stayed), (30, 0));
    assert!(report.bytes_after <= report.bytes_before);
    assert_eq!(place.history().await.iter().filter(|version| version.archived).count(), 30);
    let plan = place.plan().await;
    assert_eq!(plan.archive, []);
    place.apply(&plan).await.unwrap();
    place.is_sound().await;
    let back = Archiving { restore: true, ..Archiving::default() };
    let moves = place.library.plan_archive(&back).await.unwrap();
    place.library.archive(&moves, &Silent, &Cancel::default()).await.unwrap();
    assert!(place.history().await.iter().all(|version| !version.archived));
    place.is_sound().await;
}

/// Every file below a folder, whole.
fn bytes_of(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let (mut found, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path)
            } else {
                found.push((path.clone(), std::fs::read(path).unwrap()))
            }
        }
    }
    found
}

fn contains(bytes: &[u8], text: &str) -> bool {
    memchr::memmem::find(bytes, text.as_bytes()).is_some()
}

/// A store in plain text, so that a look into its files sees everything.
async fn plain(folder: &Path, name: &str) -> Arc<dyn CharacterStorage> {
    let encoding = Encoding { compression: Compression::None, delta: false, ..Encoding::default() };
    let options = StoreOptions { encoding: Some(encoding), ..StoreOptions::default() };
    let address = match name {
        "folder" => format!("folder:{}", folder.join("library").display()),
        _ => folder.join("library.sqlite").display().to_string(),
    };
    Stores.open_with(&address, &options).await.unwrap()
}

const CANARIES: [&str; 9] = [
    "Thessaly Quillfeather",
    "KANARI_USERNAME",
    "KANARI_NOTE that the player wrote about the enemies",
    "KANARI_TRAIT that the player wrote about the bonds of her",
    "KANARI_CAMPAIGN of the Sunken Bell",
    "KANARI_TAG",
    "KANARI_REMARK",
    "KANARI_FILE",
    "918273645",
];

/// A character with something to hide in every field that holds such things, looked at on so many days.
fn with_canaries(days: u32) -> Vec<Draft> {
    let first = long_life(1).next().unwrap();
    let text: serde_json::Value = serde_json::from_slice(&first.document).unwrap();
    let files = Files::new();
    (0..days)
        .map(|day| {
            let mut text = text.clone();
            let character = if text["data"].is_object() { &mut text["data"] } else { &mut text };
            character["id"] = 918_273_645.into();
            character["name"] = CANARIES[0].into();
            character["username"] = CANARIES[1].into();
            character["notes"]["enemies"] = format!("{} {} on day {day}.", CANARIES[2], CANARIES[0]).into();
            character["traits"]["bonds"] = CANARIES[3].into();
            character["campaign"]["name"] = CANARIES[4].into();
            character["currencies"]["gp"] = (day + 1).into();
            let at = first.captured_at + SignedDuration::from_hours(24 * i64::from(day));
            let name = format!("{}-{day}.json", CANARIES[7]);
            read(&files, &name, text.to_string().as_bytes(), at)
        })
        .collect()
}

/// A draft as the door makes one.
fn read(_: &Files, name: &str, text: &[u8], at: Timestamp) -> Draft {
    use backstory_core::{json::Tree, model::ContentHash};
    let text = std::str::from_utf8(text).unwrap();
    let tree = Tree::parse(text).unwrap();
    let source = registry::sources().into_iter().find(|source| source.recognises(&tree)).unwrap();
    let reading = source.read(&tree).unwrap();
    let (document, cuts) = backstory_core::privacy::cut(text, &reading.foreign);
    Draft {
        character: reading.character,
        source: source.name(),
        content: ContentHash::of(&document),
        document: Arc::new(document),
        cuts,
        sheet: Arc::new(reading.sheet),
        edited_at: reading.edited_at,
        captured_at: at,
        origin: Some(name.to_owned()),
        linked: reading.linked,
        restores: None,
    }
}

#[tokio::test]
async fn nothing_of_the_player_is_left_in_any_file_once_a_character_is_anonymised() {
    for kind in ["sqlite", "folder"] {
        let folder = TempDir::new().unwrap();
        let storage = plain(folder.path(), kind).await;
        let drafts = with_canaries(6);
        let clock = Dated::new(drafts.last().unwrap().captured_at + SignedDuration::from_mins(1));
        let library = Library::new(storage, registry::sources(), Arc::clone(&clock) as _, "test");
        library.capture(&drafts).await.unwrap();
        let bystander = long_life(2).collect::<Vec<_>>();
        library.capture(&bystander).await.unwrap();
        // Seen again, pinned, named, noted, archived, with a policy of its own.
        let again =
            Draft { captured_at: drafts[2].captured_at + SignedDuration::from_hours(1), ..drafts[2].clone() };
        library.capture(&[again]).await.unwrap();
        let id = drafts[0].character.clone();
        let second = library.version(&id, "2").await.unwrap();
        let second = library.pin(&second, true).await.unwrap();
        let second = library.tag(&second, &[CANARIES[5].to_owned()], &[]).await.unwrap();
        library.note(&second, Some(CANARIES[6])).await.unwrap();
        let moves = library
            .plan_archive(&Archiving { characters: vec![id.clone()], ..Archiving::default() })
            .await
            .unwrap();
        library.archive(&moves, &Silent, &Cancel::default()).await.unwrap();
        let encoding = Encoding { compression: Compression::None, delta: false, ..Encoding::default() };
        library.recompress(&encoding, &Silent, &Cancel::default()).await.unwrap();
        let holding = library.retention().await.unwrap();
        let own = Retention { characters: [(id.clone(), POLICY)].into(), ..holding.retention };
        library.set_retention(Some(own), holding.revision).await.unwrap();
        let before = library.find(id.as_str()).await.unwrap();
        let was = library.history(&HistoryQuery::all(id.clone())).await.unwrap().items;
        let files = bytes_of(folder.path());
        for canary in CANARIES {
            assert!(
                files.iter().any(|(_, bytes)| contains(bytes, canary)),
                "{kind}: {canary} was never there"
            );
        }

        let plan = library.plan_anonymise(&id).await.unwrap();
        assert_eq!((plan.versions, plan.tags, plan.notes, plan.origins, plan.unreadable), (6, 1, 1, 6, 0));
        let done = library.anonymise(&id, &Silent, &Cancel::default()).await.unwrap();
        library.scrub(&Silent, &Cancel::default()).await.unwrap();

        // What must stay of the id is its tombstone; so it is looked for everywhere else.
        let tombstone = format!("ddb-{}", CANARIES[8]);
        for (path, bytes) in bytes_of(folder.path()) {
            for canary in CANARIES.iter().take(8) {
                assert!(!contains(&bytes, canary), "{kind}: {canary} is in {}", path.display());
            }
            let rest = String::from_utf8_lossy(&bytes).replace(&tombstone, "");
            assert!(!rest.contains(CANARIES[8]), "{kind}: the number is in {}", path.display());
        }
        // Its history and its numbers stay.
        let after = library.find(done.character.as_str()).await.unwrap();
        assert_eq!(after.name, done.name);
        assert!(after.anonymised_at.is_some() && after.campaign.is_none());
        assert_eq!(
            (
                &after.classes,
                after.level,
                after.versions,
                after.captures,
                after.first_captured,
                after.last_captured
            ),
            (
                &before.classes,
                before.level,
                before.versions,
                before.captures,
                before.first_captured,
                before.last_captured
            )
        );
        let is = library.history(&HistoryQuery::all(done.character.clone())).await.unwrap().items;
        for (is, was) in is.iter().zip(&was) {
            assert_eq!(
                (is.version, is.captured_at, is.seen, is.pinned, is.archived, is.edited_at),
                (was.version, was.captured_at, was.seen, was.pinned, was.archived, was.edited_at)
            );
            assert_eq!(is.summary.changes, was.summary.changes.min(is.summary.changes));
            let sheet = library.sheet(is).await.unwrap();
            assert_eq!(sheet.name, done.name);
            assert!(sheet.notes.is_empty(), "{:?}", sheet.notes);
        }
        assert_eq!(library.find(id.as_str()).await.unwrap_err().code, Code::CharacterNotFound);
        assert!(library.retention().await.unwrap().retention.characters.is_empty());
        let report = library.check(CheckScope::Data, &Silent, &Cancel::default()).await.unwrap();
        assert_eq!(report.problems, []);
        let others = library.query(&QueryFilter::default()).await.unwrap().items;
        assert_eq!(others.len(), 2, "the bystander is untouched");
        assert_eq!(
            library.history(&HistoryQuery::all(bystander[0].character.clone())).await.unwrap().items.len(),
            2
        );
    }
}

#[tokio::test]
async fn a_character_that_nobody_looked_at_for_long_is_due_unless_it_is_marked() {
    let place = lived(10).await;
    let policy = RetentionPolicy {
        auto_delete_after_days: Some(20),
        anonymise_instead_of_delete: true,
        ..RetentionPolicy::default()
    };
    place.keep_by(policy).await;
    assert_eq!(place.plan().await.anonymise, []);
    place.clock.set(place.clock.later(21));
    let due = place.plan().await;
    assert_eq!(due.anonymise.len(), 1);
    assert_eq!(due.drop, []);
    let first = place.history().await.remove(0);
    place.library.pin(&first, true).await.unwrap();
    let marked = place.plan().await;
    assert_eq!((marked.anonymise.len(), marked.warnings[0].code), (0, WarningCode::Marked));
    place.library.pin(&place.history().await[0], false).await.unwrap();
    let done = place.library.anonymise(&place.id, &Silent, &Cancel::default()).await.unwrap();
    assert_ne!(done.character, place.id);
    assert_eq!(place.plan().await.anonymise, [], "once is enough");
}

/// Over every real character there is: what its names and its account say is nowhere in the files afterwards.
#[tokio::test]
async fn no_real_player_is_left_in_any_file() {
    let given = std::env::var_os("BACKSTORY_CORPUS").map(PathBuf::from);
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpus");
    let beside_trees = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus");
    let corpus = given.into_iter().chain([beside, beside_trees]).find(|path| path.is_dir());
    let Some(corpus) = corpus else {
        eprintln!("skipped: no corpus");
        return;
    };
    for kind in ["sqlite", "folder"] {
        nobody_is_left(&corpus, kind).await;
    }
}

/// What somebody wrote, and whose document it stands in.
type Written = Vec<(String, CharacterId)>;

async fn nobody_is_left(corpus: &Path, kind: &str) {
    let folder = TempDir::new().unwrap();
    let storage = plain(folder.path(), kind).await;
    let clock = Dated::new("2026-11-30T12:00:00Z".parse().unwrap());
    let library = Library::new(storage, registry::sources(), Arc::clone(&clock) as _, "test");
    let (mut secrets, mut written, mut texts): (Vec<String>, Written, Written) = Default::default();
    let mut ids = Vec::new();
    for kind in ["ddb", "foundry"] {
        for (path, bytes) in bytes_of(&corpus.join(kind)) {
            let Ok(text) = std::str::from_utf8(&bytes) else { continue };
            let Ok(json) = serde_json::from_str::<serde_json::Value>(text) else { continue };
            let Ok(tree) = backstory_core::json::Tree::parse(text) else { continue };
            let source = registry::sources().into_iter().find(|source| source.recognises(&tree));
            let Some(source) = source.filter(|source| source.read(&tree).is_ok()) else { continue };
            let character = ["/data", "/ddb/character", "/character", "/actor"]
                .iter()
                .find_map(|place| json.pointer(place).filter(|inner| inner.get("name").is_some()))
                .unwrap_or(&json);
            for key in ["username", "readonlyUrl", "socialName"] {
                secrets.extend(character[key].as_str().filter(|text| text.len() >= 4).map(str::to_owned));
            }
            let id = source.read(&tree).unwrap().character;
            let words =
                ["notes", "traits"].map(|key| character[key].as_object().cloned().unwrap_or_default());
            for text in words.iter().flat_map(|object| object.values()).filter_map(|value| value.as_str()) {
                // In a file of JSON, what is written differently there would not be found.
                if text.len() >= 32 && !text.contains(['"', '\\', '\n', '\r', '\t', '/']) && text.is_ascii() {
                    written.push((text.trim().to_owned(), id.clone()));
                }
            }
            // A name that is a word of the rules stands elsewhere for reasons of its own.
            let name = character["name"].as_str().unwrap_or_default().trim().to_owned();
            if name.split(' ').count() > 1 && name.is_ascii() {
                secrets.push(name);
            }
            let draft = read(&Files::new(), path.file_name().unwrap().to_str().unwrap(), &bytes, clock.now());
            texts.push((text.to_owned(), id));
            let captured = library.capture(&[draft]).await.unwrap();
            ids.push(captured[0].character.clone());
            clock.set(clock.later(1));
        }
    }
    // What stands in the documents of others too is out of the books.
    let is_own = |(text, whose): &(String, CharacterId)| {
        texts.iter().all(|(other, id)| id == whose || !other.contains(text.as_str()))
    };
    written.retain(is_own);
    secrets.extend(written.into_iter().map(|(text, _)| text));
    ids.sort();
    ids.dedup();
    secrets.sort();
    secrets.dedup();
    assert!(ids.len() >= 20 && secrets.len() >= 20, "{} characters, {} secrets", ids.len(), secrets.len());
    for id in &ids {
        library
            .anonymise(id, &Silent, &Cancel::default())
            .await
            .unwrap_or_else(|error| panic!("{id}: {error:?}"));
    }
    library.scrub(&Silent, &Cancel::default()).await.unwrap();
    let files = bytes_of(folder.path());
    let mut left = Vec::new();
    for secret in &secrets {
        left.extend(files.iter().any(|(_, bytes)| contains(bytes, secret)).then_some(secret));
    }
    assert!(left.is_empty(), "{} of {} are left: {left:?}", left.len(), secrets.len());
    let report = library.check(CheckScope::Data, &Silent, &Cancel::default()).await.unwrap();
    assert_eq!(report.problems, []);
}

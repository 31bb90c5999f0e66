//! The rules, one by one and against a second, naive implementation.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp, ToSpan, civil::date, tz::TimeZone};
use proptest::prelude::*;

use super::*;
use crate::{
    history::timeline,
    model::{Kind, Seen, Sentence, Summary, Topic, VersionMetadata},
    wording::say,
};

const NOW: &str = "2026-11-30T12:00:00Z";

fn now() -> Timestamp {
    NOW.parse().unwrap()
}

fn berlin() -> TimeZone {
    TimeZone::get("Europe/Berlin").unwrap()
}

/// A change at a moment; identities rise with the numbers.
fn version(number: u64, captured_at: Timestamp) -> VersionMetadata {
    VersionMetadata {
        id: SnapshotId(uuid::Uuid::from_u128(number.into())),
        character: CharacterId::new("ddb-1").unwrap(),
        version: number,
        captured_at,
        edited_at: None,
        content: ContentHash::of(&number.to_le_bytes()),
        bytes: 1_000,
        source: "ddb".to_owned(),
        origin: None,
        cuts: Vec::new(),
        summary: Summary {
            kind: Kind::Change,
            sentences: Vec::new(),
            changes: 1,
            state: 0,
            level: 1,
            landmark: false,
            deriver: 1,
        },
        seen: Seen { last: captured_at, count: 1 },
        pinned: false,
        tags: Vec::new(),
        note: None,
        restored: None,
        archived: false,
        stored: None,
        trace: None,
    }
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// A history of captures at these moments, numbered from 1.
fn history(moments: &[&str]) -> Vec<VersionMetadata> {
    (1..).zip(moments).map(|(number, moment)| version(number, at(moment))).collect()
}

fn days_ago(days: i64) -> Timestamp {
    now() - SignedDuration::from_hours(24 * days)
}

fn decided(history: &[VersionMetadata], policy: &RetentionPolicy, zone: &TimeZone) -> Vec<(u64, Fate)> {
    let scene = Scene { now: now(), zone, open: &BTreeSet::new() };
    let (decisions, _) = decide(history, policy, &scene);
    decisions.into_iter().map(|decision| (decision.version, decision.fate)).collect()
}

fn kept(history: &[VersionMetadata], policy: &RetentionPolicy, zone: &TimeZone) -> Vec<u64> {
    let stays = |(version, fate): (u64, Fate)| (!matches!(fate, Fate::Drop(_))).then_some(version);
    decided(history, policy, zone).into_iter().filter_map(stays).collect()
}

fn only(change: impl FnOnce(&mut RetentionPolicy)) -> RetentionPolicy {
    let mut policy = RetentionPolicy::default();
    change(&mut policy);
    policy
}

fn reasons(decided: &[(u64, Fate)], version: u64) -> Vec<KeepReason> {
    match &decided.iter().find(|(number, _)| *number == version).unwrap().1 {
        Fate::Keep(reasons) | Fate::Archive(reasons) => reasons.clone(),
        Fate::Drop(reason) => panic!("{version} goes: {reason:?}"),
    }
}

fn dropped(decided: &[(u64, Fate)], version: u64) -> DropReason {
    match &decided.iter().find(|(number, _)| *number == version).unwrap().1 {
        Fate::Drop(reason) => *reason,
        fate => panic!("{version} stays: {fate:?}"),
    }
}

#[test]
fn without_a_rule_everything_stays() {
    let old = history(&["1998-01-01T00:00:00Z", "1998-01-01T00:00:01Z", "1998-01-01T00:00:02Z"]);
    let decided = decided(&old, &RetentionPolicy::default(), &TimeZone::UTC);
    assert_eq!(reasons(&decided, 2), [KeepReason::Unlimited]);
    assert_eq!(reasons(&decided, 1), [KeepReason::Oldest, KeepReason::Unlimited]);
    assert_eq!(reasons(&decided, 3), [KeepReason::Newest, KeepReason::Unlimited]);
    assert!(!RetentionPolicy::default().does_something());
    assert_eq!(
        decide(
            &[],
            &RetentionPolicy::THINNED,
            &Scene { now: now(), zone: &TimeZone::UTC, open: &BTreeSet::new() }
        )
        .0,
        []
    );
}

#[test]
fn ages_end_to_the_nanosecond() {
    let nano = SignedDuration::from_nanos(1);
    let begin = version(1, days_ago(4_000));
    let table: [(RetentionPolicy, i64, DropReason); 3] = [
        (only(|policy| policy.keep_all_days = Some(30)), 30, DropReason::TooOld),
        (only(|policy| policy.daily_until_days = Some(90)), 90, DropReason::TooOld),
        (only(|policy| policy.weekly_until_days = Some(365)), 365, DropReason::TooOld),
    ];
    for (policy, days, reason) in table {
        let on_the_edge = [begin.clone(), version(2, days_ago(days)), version(3, now())];
        assert_eq!(kept(&on_the_edge, &policy, &TimeZone::UTC), [1, 2, 3], "{policy:?}");
        let over_it = [begin.clone(), version(2, days_ago(days) - nano), version(3, now())];
        assert_eq!(dropped(&decided(&over_it, &policy, &TimeZone::UTC), 2), reason, "{policy:?}");
    }
    let deletion = only(|policy| policy.auto_delete_after_days = Some(365));
    let on_the_edge = [begin.clone(), version(2, days_ago(365)), version(3, now())];
    assert_eq!(kept(&on_the_edge, &deletion, &TimeZone::UTC), [1, 2, 3]);
    let over_it = [begin, version(2, days_ago(365) - nano), version(3, now())];
    assert_eq!(dropped(&decided(&over_it, &deletion, &TimeZone::UTC), 2), DropReason::PastDeletion);
}

#[test]
fn the_last_of_each_day_is_kept_in_the_players_zone() {
    let daily = only(|policy| policy.daily_until_days = Some(90));
    // 22:30 and 23:30 UTC are 23:30 and 00:30 in Berlin in winter.
    let night = history(&[
        "2026-11-01T10:00:00Z",
        "2026-11-10T22:30:00Z",
        "2026-11-10T23:30:00Z",
        "2026-11-11T12:00:00Z",
        "2026-11-20T12:00:00Z",
    ]);
    assert_eq!(kept(&night, &daily, &TimeZone::UTC), [1, 3, 4, 5]);
    assert_eq!(kept(&night, &daily, &berlin()), [1, 2, 4, 5]);
    let reason = dropped(&decided(&night, &daily, &TimeZone::UTC), 2);
    assert_eq!(reason, DropReason::NotLastOfDay);
}

#[test]
fn days_of_23_and_25_hours_are_days() {
    let daily = only(|policy| policy.daily_until_days = Some(90));
    // On 25 October 2026 the hour from 2 to 3 came twice: 00:30 UTC is its first 2:30, 01:30 UTC its second.
    let twice = history(&[
        "2026-10-01T10:00:00Z",
        "2026-10-24T22:05:00Z",
        "2026-10-25T00:30:00Z",
        "2026-10-25T01:30:00Z",
        "2026-10-25T22:55:00Z",
        "2026-10-25T23:05:00Z",
        "2026-11-20T12:00:00Z",
    ]);
    assert_eq!(kept(&twice, &daily, &berlin()), [1, 5, 6, 7]);
    let spring = only(|policy| policy.daily_until_days = Some(400));
    let skipped = history(&[
        "2026-03-01T10:00:00Z",
        "2026-03-28T22:59:00Z",
        "2026-03-28T23:00:00Z",
        "2026-03-29T21:59:00Z",
        "2026-03-29T22:00:00Z",
        "2026-11-20T12:00:00Z",
    ]);
    assert_eq!(kept(&skipped, &spring, &berlin()), [1, 2, 4, 5, 6]);
}

#[test]
fn weeks_begin_on_monday_and_belong_to_iso_years() {
    let weekly = only(|policy| policy.weekly_until_days = Some(3_000));
    // 2026 begins on a Thursday: its first week begins on Monday, 29 December 2025. 2020 had 53 weeks.
    let turn = history(&[
        "2019-06-01T00:00:00Z",
        "2020-12-27T12:00:00Z",
        "2020-12-28T12:00:00Z",
        "2021-01-03T12:00:00Z",
        "2021-01-04T12:00:00Z",
        "2025-12-28T12:00:00Z",
        "2025-12-29T12:00:00Z",
        "2026-01-04T12:00:00Z",
        "2026-01-05T12:00:00Z",
        "2026-11-20T12:00:00Z",
    ]);
    let decided = decided(&turn, &weekly, &TimeZone::UTC);
    assert_eq!(dropped(&decided, 3), DropReason::NotLastOfWeek);
    assert_eq!(dropped(&decided, 7), DropReason::NotLastOfWeek);
    assert_eq!(kept(&turn, &weekly, &TimeZone::UTC), [1, 2, 4, 5, 6, 8, 9, 10]);
}

#[test]
fn months_end_on_their_last_day_in_leap_years_too() {
    let monthly = only(|policy| policy.monthly_forever = true);
    let years = history(&[
        "2023-12-31T12:00:00Z",
        "2024-02-28T12:00:00Z",
        "2024-02-29T12:00:00Z",
        "2024-03-01T12:00:00Z",
        "2025-02-28T12:00:00Z",
        "2025-03-01T00:00:00Z",
        "2025-03-31T23:30:00Z",
        "2026-03-31T12:00:00Z",
        "2026-11-20T12:00:00Z",
    ]);
    assert_eq!(kept(&years, &monthly, &TimeZone::UTC), [1, 3, 4, 5, 7, 8, 9]);
    let reason = dropped(&decided(&years, &monthly, &TimeZone::UTC), 2);
    assert_eq!(reason, DropReason::NotLastOfMonth);
    // In Berlin, 23:30 UTC of 31 March is April already.
    assert_eq!(kept(&years, &monthly, &berlin()), [1, 3, 4, 5, 6, 7, 8, 9]);
}

#[test]
fn rules_are_a_union_and_every_reason_is_told() {
    let versions: Vec<_> =
        (1..=5).map(|n| version(n, days_ago(20) + SignedDuration::from_mins(n as i64))).collect();
    let decided = decided(&versions, &RetentionPolicy::THINNED, &TimeZone::UTC);
    use KeepReason::{Daily, Monthly, Newest, Oldest, Recent, Weekly};
    assert_eq!(reasons(&decided, 1), [Oldest, Recent]);
    assert_eq!(reasons(&decided, 3), [Recent]);
    assert_eq!(reasons(&decided, 5), [Newest, Recent, Daily, Weekly, Monthly]);
    // What the month needs is not lost to the day, and stays when days and weeks count no longer.
    let old = history(&[
        "2024-01-01T00:00:00Z",
        "2024-05-29T12:00:00Z",
        "2024-05-31T09:00:00Z",
        "2024-06-02T12:00:00Z",
        "2026-11-20T12:00:00Z",
    ]);
    assert_eq!(kept(&old, &RetentionPolicy::THINNED, &TimeZone::UTC), [1, 3, 4, 5]);
}

#[test]
fn what_is_marked_or_looked_at_never_goes() {
    let policy = only(|policy| {
        policy.keep_all_days = Some(1);
        policy.max_versions_per_character = Some(2);
        policy.auto_delete_after_days = Some(2);
    });
    let mut versions: Vec<_> =
        (1..=7).map(|n| version(n, days_ago(900) + SignedDuration::from_hours(n as i64))).collect();
    versions[1].pinned = true;
    versions[2].tags.push("before the dragon".to_owned());
    versions[3].note = Some("Ada's wedding".to_owned());
    let open = BTreeSet::from([versions[4].id]);
    let scene = Scene { now: now(), zone: &TimeZone::UTC, open: &open };
    let (decisions, warnings) = decide(&versions, &policy, &scene);
    let told: Vec<_> = decisions.iter().map(|decision| decision.fate.clone()).collect();
    use KeepReason::{Newest, Noted, Oldest, Open, Pinned, Tagged};
    let keeps = |reason| Fate::Keep(vec![reason]);
    let expected = [
        keeps(Oldest),
        keeps(Pinned),
        keeps(Tagged),
        keeps(Noted),
        keeps(Open),
        Fate::Drop(DropReason::PastDeletion),
        keeps(Newest),
    ];
    assert_eq!(told, expected);
    assert_eq!(warnings.len(), 1);
    assert_eq!((warnings[0].code, warnings[0].count), (WarningCode::CountUnreachable, 6));
}

#[test]
fn what_is_of_the_future_is_kept_and_moves_nothing() {
    let mut versions: Vec<_> =
        (1..=4).map(|n| version(n, days_ago(100) + SignedDuration::from_hours(n as i64))).collect();
    let before = decided(&versions, &RetentionPolicy::THINNED, &TimeZone::UTC);
    versions.push(version(5, now() + SignedDuration::from_nanos(1)));
    versions.push(version(6, now() + SignedDuration::from_hours(24 * 3_650)));
    let with = decided(&versions, &RetentionPolicy::THINNED, &TimeZone::UTC);
    assert_eq!(with[..4], before[..]);
    assert_eq!(reasons(&with, 5), [KeepReason::Future]);
    assert_eq!(reasons(&with, 6), [KeepReason::Future]);
    // They do not count as versions that are too many either.
    let two = only(|policy| policy.max_versions_per_character = Some(4));
    assert_eq!(kept(&versions, &two, &TimeZone::UTC), [1, 2, 3, 4, 5, 6]);
    let scene = Scene { now: now(), zone: &TimeZone::UTC, open: &BTreeSet::new() };
    let (_, warnings) = decide(&versions, &two, &scene);
    assert_eq!(warnings.iter().map(|w| (w.code, w.count)).collect::<Vec<_>>(), [(WarningCode::Future, 2)]);
}

#[test]
fn too_many_give_up_the_least_first_and_say_so() {
    let cap = |most| only(|policy| policy.max_versions_per_character = Some(most));
    let hours = |n: u64| now() - SignedDuration::from_hours(24 * (100 - n as i64 * 7));
    let mut versions: Vec<_> = (1..=10).map(|n| version(n, hours(n))).collect();
    versions[2].summary.kind = Kind::Quiet;
    versions[5].summary.kind = Kind::State;
    versions[6].summary.landmark = true;
    // 8 stood for an hour, then came 9.
    versions[8].captured_at = versions[7].captured_at + SignedDuration::from_hours(1);
    let gone = |most| {
        let decided = decided(&versions, &cap(most), &TimeZone::UTC);
        decided
            .iter()
            .filter(|(_, fate)| matches!(fate, Fate::Drop(DropReason::OverCount)))
            .map(|(n, _)| *n)
            .collect::<Vec<_>>()
    };
    assert_eq!(gone(10), [0_u64; 0]);
    assert_eq!(gone(9), [3], "the quiet one");
    assert_eq!(gone(8), [3, 6], "then what a rest resets");
    assert_eq!(gone(7), [3, 6, 8], "then what stood the shortest");
    assert_eq!(gone(3), [2, 3, 4, 5, 6, 8, 9], "a turning point at last");
    assert_eq!(gone(2), [2, 3, 4, 5, 6, 7, 8, 9]);
    let scene = Scene { now: now(), zone: &TimeZone::UTC, open: &BTreeSet::new() };
    let (_, warnings) = decide(&versions, &cap(7), &scene);
    assert_eq!(
        warnings.iter().map(|w| (w.code, w.count)).collect::<Vec<_>>(),
        [(WarningCode::CountBites, 3)]
    );
}

#[test]
fn what_was_tried_goes_before_changes() {
    let spells = |n: u64, minutes: i64| {
        let mut version = version(n, days_ago(10) + SignedDuration::from_mins(minutes));
        version.summary.sentences = vec![Sentence { topic: Topic::Spells, said: say("rested") }];
        version
    };
    // 2 to 5 are one burst, of which 5 is the outcome; 6 stood for a minute.
    let mut versions =
        vec![version(1, days_ago(20)), spells(2, 0), spells(3, 40), spells(4, 80), spells(5, 120)];
    versions.push(version(6, days_ago(9)));
    versions.push(version(7, days_ago(9) + SignedDuration::from_mins(1)));
    versions.push(version(8, days_ago(1)));
    let cap = only(|policy| policy.max_versions_per_character = Some(5));
    assert_eq!(kept(&versions, &cap, &TimeZone::UTC), [1, 5, 6, 7, 8]);
}

#[test]
fn a_quiet_version_that_is_left_alone_stands_for_its_sheet() {
    // Age takes 2, which 3 is equal to: then 3 is all that is left of that sheet, and worth a change.
    let monthly = only(|policy| {
        policy.monthly_forever = true;
        policy.max_versions_per_character = Some(4);
    });
    let mut versions = history(&[
        "2025-01-01T00:00:00Z",
        "2025-02-03T00:00:00Z",
        "2025-02-20T00:00:00Z",
        "2025-03-10T00:00:00Z",
        "2025-03-11T00:00:00Z",
        "2025-04-01T00:00:00Z",
    ]);
    versions[2].summary.kind = Kind::Quiet;
    assert_eq!(kept(&versions, &monthly, &TimeZone::UTC), [1, 3, 5, 6]);
    // A quiet one behind it is one too many, and goes first.
    let mut more = versions.clone();
    more[3].summary.kind = Kind::Quiet;
    more[4].summary.kind = Kind::Quiet;
    let three = RetentionPolicy { max_versions_per_character: Some(3), ..monthly };
    assert_eq!(kept(&more, &three, &TimeZone::UTC), [1, 3, 6]);
}

#[test]
fn the_old_moves_into_the_archive_except_for_what_is_at_hand() {
    let policy = only(|policy| policy.archive_after_days = Some(60));
    let mut versions: Vec<_> =
        [400, 300, 200, 60, 59].iter().zip(1..).map(|(days, n)| version(n, days_ago(*days))).collect();
    versions[0].pinned = true;
    versions[1].archived = true;
    let is_moved = |fate: &Fate| matches!(fate, Fate::Archive(_));
    let moved = |versions: &[VersionMetadata]| -> Vec<u64> {
        decided(versions, &policy, &TimeZone::UTC)
            .iter()
            .filter(|(_, fate)| is_moved(fate))
            .map(|(n, _)| *n)
            .collect()
    };
    assert_eq!(moved(&versions), [1, 3]);
    versions.truncate(3);
    assert_eq!(moved(&versions), [1], "the newest stays at hand, however old");
}

#[test]
fn a_library_that_is_too_large_gives_up_the_least_of_all() {
    let mut one: Vec<_> = (1..=4).map(|n| version(n, days_ago(100 - n as i64 * 10))).collect();
    let mut two: Vec<_> = (11..=14).map(|n| version(n, days_ago(100 - n as i64))).collect();
    two.iter_mut().for_each(|version| version.character = CharacterId::new("ddb-2").unwrap());
    // Two versions of one have the same document: it goes with the second of them.
    one[2].content = one[1].content;
    two[1].summary.kind = Kind::Quiet;
    let scene = Scene { now: now(), zone: &TimeZone::UTC, open: &BTreeSet::new() };
    let ids = [one[0].character.clone(), two[0].character.clone()];
    let run = |most: u64| {
        let mut decisions =
            [&one, &two].map(|history| decide(history, &RetentionPolicy::default(), &scene).0);
        let [first, second] = &mut decisions;
        let mut library = [
            Measured { character: &ids[0], history: &one, decisions: first },
            Measured { character: &ids[1], history: &two, decisions: second },
        ];
        let warning = fit(&mut library, most).map(|warning| (warning.code, warning.count));
        let gone = decisions.iter().flatten().filter(|d| matches!(d.fate, Fate::Drop(DropReason::OverSize)));
        (gone.map(|decision| decision.version).collect::<Vec<_>>(), warning)
    };
    assert_eq!(run(7_000), (vec![], None));
    assert_eq!(run(6_000), (vec![12], Some((WarningCode::SizeBites, 1))));
    assert_eq!(run(5_000), (vec![12, 13], Some((WarningCode::SizeBites, 2))));
    assert_eq!(run(4_000), (vec![2, 3, 12, 13], Some((WarningCode::SizeBites, 4))));
    assert_eq!(run(1_000), (vec![2, 3, 12, 13], Some((WarningCode::SizeUnreachable, 4_000))));
}

#[test]
fn a_character_is_forgotten_when_nobody_looked_at_it_for_long() {
    let scene = Scene { now: now(), zone: &TimeZone::UTC, open: &BTreeSet::new() };
    let deletes = only(|policy| policy.auto_delete_after_days = Some(365));
    let forgets = RetentionPolicy { anonymise_instead_of_delete: true, ..deletes };
    assert_eq!(is_due(&forgets, &scene, days_ago(366), 0), Ok(true));
    assert_eq!(is_due(&forgets, &scene, days_ago(365), 0), Ok(false));
    assert_eq!(is_due(&forgets, &scene, days_ago(366), 2), Err(2), "what the player marked");
    assert_eq!(is_due(&deletes, &scene, days_ago(366), 0), Ok(false));
    // Then no version goes for its age alone.
    let versions: Vec<_> =
        [900, 800, 1].iter().zip(1..).map(|(days, n)| version(n, days_ago(*days))).collect();
    assert_eq!(kept(&versions, &deletes, &TimeZone::UTC), [1, 3]);
    assert_eq!(kept(&versions, &forgets, &TimeZone::UTC), [1, 2, 3]);
}

#[test]
fn presets_and_policies_are_told_apart() {
    for preset in Preset::ALL {
        assert_eq!(Preset::of(&preset.policy()), Some(preset));
        preset.policy().check().unwrap();
        assert_eq!(preset.policy().does_something(), preset != Preset::Everything);
    }
    assert_eq!(Preset::of(&only(|policy| policy.keep_all_days = Some(3))), None);
    for change in [
        |policy: &mut RetentionPolicy| policy.max_versions_per_character = Some(1),
        |policy: &mut RetentionPolicy| policy.auto_delete_after_days = Some(0),
        |policy: &mut RetentionPolicy| policy.max_total_size_mb = Some(0),
        |policy: &mut RetentionPolicy| policy.archive_after_days = Some(0),
    ] {
        assert_eq!(only(change).check().unwrap_err().code, Code::InvalidArgument);
    }
}

/// A generator of its own: 100,000 histories would take proptest minutes.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % sides
    }

    fn days(&mut self, most: u64) -> Option<u32> {
        (self.roll(3) > 0).then(|| self.roll(most) as u32 + 1)
    }

    fn policy(&mut self) -> RetentionPolicy {
        RetentionPolicy {
            keep_all_days: self.days(40),
            daily_until_days: self.days(120),
            weekly_until_days: self.days(400),
            monthly_forever: self.roll(2) == 0,
            max_versions_per_character: (self.roll(3) == 0).then(|| self.roll(12) as u32 + 2),
            max_total_size_mb: None,
            archive_after_days: self.days(300),
            auto_delete_after_days: (self.roll(4) == 0).then(|| self.roll(800) as u32 + 1),
            anonymise_instead_of_delete: self.roll(4) == 0,
        }
    }

    fn history(&mut self) -> Vec<VersionMetadata> {
        let count = self.roll(24) + 1;
        // Some histories take years, some an evening: edges of the calendar are met either way.
        let span = [3_600, 86_400 * 3, 86_400 * 60, 86_400 * 900][self.roll(4) as usize];
        let begin = now().as_second() - self.roll(86_400 * 900) as i64;
        (1..=count)
            .map(|n| {
                let mut version = version(n, Timestamp::from_second(begin + self.roll(span) as i64).unwrap());
                version.summary.kind =
                    [Kind::Change, Kind::Change, Kind::Quiet, Kind::State][self.roll(4) as usize];
                version.summary.landmark = self.roll(9) == 0;
                if self.roll(2) == 0 && version.summary.kind == Kind::Change {
                    version.summary.sentences = vec![Sentence { topic: Topic::Spells, said: say("rested") }];
                }
                version.pinned = self.roll(12) == 0;
                if self.roll(12) == 0 {
                    version.tags.push("named".to_owned());
                }
                version.note = (self.roll(12) == 0).then(|| "noted".to_owned());
                version.archived = self.roll(6) == 0;
                version
            })
            .collect()
    }
}

/// What stays, and what of it is archived, as somebody would say it who reads the rules aloud: bucket by bucket, version by
/// version, with nothing shared with the rules.
fn naive(
    history: &[VersionMetadata],
    policy: &RetentionPolicy,
    scene: &Scene<'_>,
) -> (BTreeSet<u64>, BTreeSet<u64>) {
    let mut sorted = history.to_vec();
    sorted.sort_by(|a, b| a.captured_at.cmp(&b.captured_at).then(a.id.cmp(&b.id)));
    let past: Vec<_> = sorted.iter().filter(|version| version.captured_at <= scene.now).cloned().collect();
    let oldest = past.first().map(|version| version.version);
    let newest = past.last().map(|version| version.version);
    let age = |version: &VersionMetadata| scene.now.as_nanosecond() - version.captured_at.as_nanosecond();
    let young = |version: &VersionMetadata, days: u32| age(version) <= i128::from(days) * 86_400_000_000_000;
    let (mut days, mut weeks, mut months) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    for version in &past {
        let day = version.captured_at.to_zoned(scene.zone.clone()).date();
        let since_monday = i64::from(day.weekday().to_monday_zero_offset());
        days.insert(day, version.version);
        weeks.insert(day.saturating_sub(since_monday.days()), version.version);
        months.insert(date(day.year(), day.month(), 1), version.version);
    }
    let is_last = |of: &BTreeMap<jiff::civil::Date, u64>, version: &VersionMetadata| {
        of.values().any(|&last| last == version.version)
    };
    let fixed = |version: &VersionMetadata| {
        Some(version.version) == oldest
            || Some(version.version) == newest
            || version.pinned
            || !version.tags.is_empty()
            || version.note.is_some()
            || scene.open.contains(&version.id)
    };
    let no_rule = policy.keep_all_days.is_none()
        && policy.daily_until_days.is_none()
        && policy.weekly_until_days.is_none()
        && !policy.monthly_forever;
    let mut stays: Vec<VersionMetadata> = Vec::new();
    for version in &past {
        let gone = policy.auto_delete_after_days.is_some_and(|limit| !young(version, limit))
            && !policy.anonymise_instead_of_delete;
        let ruled = no_rule
            || policy.keep_all_days.is_some_and(|limit| young(version, limit))
            || policy.daily_until_days.is_some_and(|limit| young(version, limit) && is_last(&days, version))
            || policy
                .weekly_until_days
                .is_some_and(|limit| young(version, limit) && is_last(&weeks, version))
            || (policy.monthly_forever && is_last(&months, version));
        if fixed(version) || (ruled && !gone) {
            stays.push(version.clone());
        }
    }
    if let Some(most) = policy.max_versions_per_character {
        let tried: BTreeSet<u64> = timeline::bursts(&sorted)
            .into_iter()
            .flat_map(|burst| (*burst.start()..*burst.end()).collect::<Vec<_>>())
            .map(|place| sorted[place].version)
            .collect();
        let mut candidates: Vec<_> = stays.iter().filter(|version| !fixed(version)).collect();
        let rank = |version: &VersionMetadata| {
            let place = sorted.iter().position(|other| other.version == version.version).unwrap();
            // Equal to the kept one before it, when everything since that one is quiet.
            let before =
                sorted[..place].iter().rposition(|other| stays.iter().any(|v| v.version == other.version));
            let equal = before.is_some_and(|before| {
                sorted[before + 1..=place].iter().all(|other| other.summary.kind == Kind::Quiet)
            });
            let class = if equal {
                0
            } else if tried.contains(&version.version) {
                1
            } else if version.summary.landmark {
                4
            } else if version.summary.kind == Kind::State {
                2
            } else {
                3
            };
            let stood = sorted.get(place + 1).map_or(i128::MAX, |next| {
                next.captured_at.as_nanosecond() - version.captured_at.as_nanosecond()
            });
            (class, stood, place)
        };
        candidates.sort_by_key(|version| rank(version));
        let too_many = stays.len().saturating_sub(most as usize);
        let gone: BTreeSet<u64> = candidates.iter().take(too_many).map(|version| version.version).collect();
        stays.retain(|version| !gone.contains(&version.version));
    }
    let moves = |version: &&VersionMetadata| {
        policy.archive_after_days.is_some_and(|limit| !young(version, limit))
            && !version.archived
            && Some(version.version) != newest
            && !scene.open.contains(&version.id)
    };
    let archived = stays.iter().filter(moves).map(|version| version.version).collect();
    let future = sorted.iter().filter(|version| version.captured_at > scene.now);
    (stays.iter().chain(future).map(|version| version.version).collect(), archived)
}

fn sets(decisions: &[Decision]) -> (BTreeSet<u64>, BTreeSet<u64>) {
    let stays = decisions.iter().filter(|decision| !matches!(decision.fate, Fate::Drop(_)));
    let moves = decisions.iter().filter(|decision| matches!(decision.fate, Fate::Archive(_)));
    (stays.map(|decision| decision.version).collect(), moves.map(|decision| decision.version).collect())
}

#[test]
fn a_naive_reading_of_the_rules_agrees_on_100_000_histories() {
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let zones = ["UTC", "Europe/Berlin", "America/Sao_Paulo", "Asia/Kolkata", "Pacific/Apia"];
    let zones = zones.map(|name| TimeZone::get(name).unwrap());
    let (mut dropped, mut moved) = (0, 0);
    for round in 0..100_000 {
        let (policy, history) = (dice.policy(), dice.history());
        let open = BTreeSet::from([history[dice.roll(history.len() as u64) as usize].id]);
        let scene = Scene { now: now(), zone: &zones[round % zones.len()], open: &open };
        let (stays, moves) = sets(&decide(&history, &policy, &scene).0);
        assert_eq!(
            (stays.clone(), moves.clone()),
            naive(&history, &policy, &scene),
            "{policy:?} {history:?}"
        );
        dropped += history.len() - stays.len();
        moved += moves.len();
    }
    assert!(
        dropped > 100_000 && moved > 10_000,
        "the histories must be worth deciding upon: {dropped}, {moved}"
    );
}

proptest! {
    #[test]
    fn a_second_run_takes_nothing_and_order_does_not_matter(seed in 1_u64.., shift in 0_i64..800) {
        let mut dice = Dice(seed);
        let (policy, mut history) = (dice.policy(), dice.history());
        let zone = berlin();
        let now = now() + SignedDuration::from_hours(24 * shift);
        let scene = Scene { now, zone: &zone, open: &BTreeSet::new() };
        let (first, warnings) = decide(&history, &policy, &scene);
        let len = history.len();
        history.rotate_left(seed as usize % len);
        history.reverse();
        prop_assert_eq!(&decide(&history, &policy, &scene), &(first.clone(), warnings));
        let (stays, _) = sets(&first);
        history.retain(|version| stays.contains(&version.version));
        let (again, _) = decide(&history, &policy, &scene);
        prop_assert_eq!(sets(&again).0, stays);
    }

    /// As time passes, what was taken early is what would have been taken late: thinning every day, or once, is the same.
    #[test]
    fn the_kept_set_only_shrinks_as_time_passes(seed in 1_u64.., steps in prop::collection::vec(0_i64..200, 1..6)) {
        let mut dice = Dice(seed);
        let mut policy = dice.policy();
        let history = dice.history();
        policy.max_versions_per_character = None;
        let zone = berlin();
        let (mut left, mut at, mut before) = (history.clone(), now(), None::<BTreeSet<u64>>);
        for step in steps {
            at += SignedDuration::from_hours(24 * step);
            let scene = Scene { now: at, zone: &zone, open: &BTreeSet::new() };
            let (from_all, _) = sets(&decide(&history, &policy, &scene).0);
            let (from_left, _) = sets(&decide(&left, &policy, &scene).0);
            prop_assert_eq!(&from_left, &from_all);
            prop_assert!(before.is_none_or(|before| before.is_superset(&from_all)));
            left.retain(|version| from_left.contains(&version.version));
            before = Some(from_all);
        }
    }

    #[test]
    fn the_outlook_is_what_comes(seed in 1_u64..) {
        let mut dice = Dice(seed);
        let policy = RetentionPolicy { max_versions_per_character: None, ..dice.policy() };
        let mut history = dice.history();
        history.retain(|version| version.captured_at <= now());
        let (zone, open) = (berlin(), BTreeSet::new());
        let scene = Scene { now: now(), zone: &zone, open: &open };
        for seen in outlook(&history, &policy, &scene) {
            let goes = |now: Timestamp| {
                let (decisions, _) = decide(&history, &policy, &Scene { now, ..scene });
                decisions.iter().any(|d| d.id == seen.id && matches!(d.fate, Fate::Drop(_)))
            };
            match seen.goes_after {
                None => prop_assert!(!goes(days_ago(-9_000))),
                Some(at) if at == now() => prop_assert!(goes(at)),
                Some(at) => {
                    prop_assert!(!goes(at));
                    prop_assert!(goes(at + SignedDuration::from_nanos(1)));
                }
            }
        }
    }

    #[test]
    fn never_fewer_than_asked_for(seed in 1_u64..) {
        let mut dice = Dice(seed);
        let (policy, history) = (dice.policy(), dice.history());
        let scene = Scene { now: now(), zone: &TimeZone::UTC, open: &BTreeSet::new() };
        let uncapped = RetentionPolicy { max_versions_per_character: None, ..policy };
        let by_age = sets(&decide(&history, &uncapped, &scene).0).0.len();
        let left = sets(&decide(&history, &policy, &scene).0).0.len();
        let most = policy.max_versions_per_character.map_or(usize::MAX, |most| most as usize);
        prop_assert!(left >= by_age.min(most));
    }
}

/// A clock that jumps makes another plan, and the mark keeps it from being carried out; a plan by a clock that went back takes
/// nothing that the right one would not.
#[test]
fn a_clock_that_jumps_ten_years_is_not_believed() {
    let mut dice = Dice(7);
    let mark = ClockMark { seen: now(), zone: "UTC".to_owned() };
    for _ in 0..200 {
        let (policy, history) = (dice.policy(), dice.history());
        let ahead = now().to_zoned(TimeZone::UTC).checked_add(10.years()).unwrap().timestamp();
        let back = now().to_zoned(TimeZone::UTC).checked_sub(10.years()).unwrap().timestamp();
        let edited = || history.iter().filter_map(|version| version.edited_at);
        assert_eq!(mark.judge(ahead, edited()).unwrap().by, HeldBy::ClockAhead);
        assert_eq!(mark.judge(back, edited()).unwrap().by, HeldBy::ClockBehind);
        let scene = Scene { now: back, zone: &TimeZone::UTC, open: &BTreeSet::new() };
        let (decisions, _) = decide(&history, &policy, &scene);
        assert_eq!(sets(&decisions).0.len(), history.len(), "ten years ago nothing of it had come");
    }
    assert_eq!(date(2026, 11, 30).weekday(), jiff::civil::Weekday::Monday, "what the tables above count on");
}

//! The rules: which versions of a history stay, and why.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};

use super::{DropReason, KeepReason, RetentionPolicy, Scene, Warning, WarningCode};
use crate::{
    history::timeline,
    model::{CharacterId, ContentHash, Kind, SnapshotId, VersionMetadata},
};

/// What becomes of a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// It stays as it is.
    Keep(Vec<KeepReason>),
    /// It stays and moves into the archive.
    Archive(Vec<KeepReason>),
    /// It goes.
    Drop(DropReason),
}

/// A version and what becomes of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// Its identity.
    pub id: SnapshotId,
    /// Its number.
    pub version: u64,
    /// When it was captured.
    pub captured_at: Timestamp,
    /// What becomes of it.
    pub fate: Fate,
}

/// A history while it is decided upon: sorted, with what each version may be given up for.
struct Course<'a> {
    versions: Vec<&'a VersionMetadata>,
    fates: Vec<Fate>,
}

/// Decides upon one history, given in any order. The same versions come back, in the order of the history.
pub fn decide(
    history: &[VersionMetadata],
    policy: &RetentionPolicy,
    scene: &Scene<'_>,
) -> (Vec<Decision>, Vec<Warning>) {
    let mut course = Course::by_age(history, policy, scene);
    let mut warnings = Vec::new();
    if let Some(most) = policy.max_versions_per_character {
        warnings.extend(course.thin_to(most as usize));
    }
    let future = course.fates.iter().filter(|fate| has(fate, KeepReason::Future)).count() as u64;
    if future > 0 && policy.thins() {
        warnings.push(course.warning(WarningCode::Future, future));
    }
    if let Some(days) = policy.archive_after_days {
        course.archive(days, scene);
    }
    (course.decisions(), warnings)
}

fn has(fate: &Fate, reason: KeepReason) -> bool {
    matches!(fate, Fate::Keep(reasons) | Fate::Archive(reasons) if reasons.contains(&reason))
}

fn is_kept(fate: &Fate) -> bool {
    !matches!(fate, Fate::Drop(_))
}

fn is_protected(fate: &Fate) -> bool {
    matches!(fate, Fate::Keep(reasons) | Fate::Archive(reasons) if reasons.iter().any(|reason| reason.protects()))
}

impl<'a> Course<'a> {
    fn by_age(history: &'a [VersionMetadata], policy: &RetentionPolicy, scene: &Scene<'_>) -> Self {
        let mut versions: Vec<_> = history.iter().collect();
        versions.sort_unstable_by_key(|version| (version.captured_at, version.id));
        let come = versions.partition_point(|version| version.captured_at <= scene.now);
        let ends = ends(&versions[..come], scene);
        let fates = (0..versions.len()).map(|at| {
            let version = versions[at];
            if at >= come {
                return Fate::Keep(marks(version, scene).chain([KeepReason::Future]).collect());
            }
            let mut reasons: Vec<_> = marks(version, scene).collect();
            reasons.extend((at + 1 == come).then_some(KeepReason::Newest));
            reasons.extend((at == 0).then_some(KeepReason::Oldest));
            let aged = by_age(version.captured_at, ends[at], policy, scene, &mut reasons);
            reasons.sort_unstable();
            match reasons.is_empty() {
                true => Fate::Drop(aged),
                false => Fate::Keep(reasons),
            }
        });
        let fates = fates.collect();
        Self { versions, fates }
    }

    /// Gives up the least versions until there are at most so many. Those whose time has not come do not count.
    fn thin_to(&mut self, most: usize) -> Option<Warning> {
        let counts = |fate: &&Fate| is_kept(fate) && !has(fate, KeepReason::Future);
        let kept = self.fates.iter().filter(counts).count();
        let excess = kept.saturating_sub(most);
        if excess == 0 {
            return None;
        }
        let order = self.least_first();
        let gone = order.len().min(excess);
        for &at in &order[..gone] {
            self.fates[at] = Fate::Drop(DropReason::OverCount);
        }
        let code = if gone < excess { WarningCode::CountUnreachable } else { WarningCode::CountBites };
        let count = if gone < excess { kept - gone } else { gone };
        Some(self.warning(code, count as u64))
    }

    /// The kept versions that may be given up, the least one first: what no player can tell from the kept one before it, then
    /// what was tried on the way, then what only a rest resets, then changes, then turning points; of each, what stood the
    /// shortest.
    fn least_first(&self) -> Vec<usize> {
        let worth = self.worth();
        let mut order: Vec<usize> = (0..self.versions.len())
            .filter(|&at| is_kept(&self.fates[at]) && !is_protected(&self.fates[at]))
            .collect();
        order.sort_unstable_by_key(|&at| (worth[at], self.stood(at), at));
        order
    }

    /// How long a version was the newest.
    fn stood(&self, at: usize) -> SignedDuration {
        let next = self.versions.get(at + 1).map(|next| next.captured_at);
        next.map_or(SignedDuration::MAX, |next| next.duration_since(self.versions[at].captured_at))
    }

    fn worth(&self) -> Vec<Worth> {
        let ordered: Vec<VersionMetadata> = self.versions.iter().map(|&version| version.clone()).collect();
        let mut worth: Vec<_> = ordered.iter().map(Worth::of).collect();
        for burst in timeline::bursts(&ordered) {
            // The last of it is what it came to.
            for tried in &mut worth[*burst.start()..*burst.end()] {
                *tried = Worth::Tried.min(*tried);
            }
        }
        // What went before it may have been where its sheet changed: then it stands for that.
        let mut same_as_kept = false;
        for at in 0..ordered.len() {
            same_as_kept &= ordered[at].summary.kind == Kind::Quiet;
            if same_as_kept {
                worth[at] = Worth::Nothing;
            }
            same_as_kept |= is_kept(&self.fates[at]);
        }
        worth
    }

    /// Moves what is older than so many days, except for the newest and what is open.
    fn archive(&mut self, days: u32, scene: &Scene<'_>) {
        for (version, fate) in self.versions.iter().zip(&mut self.fates) {
            let at_hand = [KeepReason::Newest, KeepReason::Open, KeepReason::Future]
                .iter()
                .any(|&reason| has(fate, reason));
            if at_hand || version.archived || !scene.is_past(version.captured_at, days) {
                continue;
            }
            if let Fate::Keep(reasons) = fate {
                *fate = Fate::Archive(std::mem::take(reasons));
            }
        }
    }

    fn warning(&self, code: WarningCode, count: u64) -> Warning {
        Warning { code, character: self.versions.first().map(|version| version.character.clone()), count }
    }

    fn decisions(self) -> Vec<Decision> {
        let decision = |(version, fate): (&VersionMetadata, Fate)| Decision {
            id: version.id,
            version: version.version,
            captured_at: version.captured_at,
            fate,
        };
        self.versions.into_iter().zip(self.fates).map(decision).collect()
    }
}

/// What a version is worth when too many are there, the least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Worth {
    Nothing,
    Tried,
    State,
    Change,
    Landmark,
}

impl Worth {
    fn of(version: &VersionMetadata) -> Self {
        match version.summary.kind {
            _ if version.summary.landmark => Self::Landmark,
            Kind::State => Self::State,
            _ => Self::Change,
        }
    }
}

/// What the player says of a version, and what an open screen does.
fn marks<'s>(version: &VersionMetadata, scene: &'s Scene<'_>) -> impl Iterator<Item = KeepReason> + use<'s> {
    [
        version.pinned.then_some(KeepReason::Pinned),
        (!version.tags.is_empty()).then_some(KeepReason::Tagged),
        version.note.is_some().then_some(KeepReason::Noted),
        scene.open.contains(&version.id).then_some(KeepReason::Open),
    ]
    .into_iter()
    .flatten()
}

/// Which spans of the calendar end with a version.
#[derive(Clone, Copy)]
struct Ends {
    day: bool,
    week: bool,
    month: bool,
}

/// Which spans end with each of these, which are in order.
fn ends(versions: &[&VersionMetadata], scene: &Scene<'_>) -> Vec<Ends> {
    let date = |version: &&VersionMetadata| version.captured_at.to_zoned(scene.zone.clone()).date();
    let dates: Vec<_> = versions.iter().map(date).collect();
    let end = |(at, date): (usize, &jiff::civil::Date)| match dates.get(at + 1) {
        None => Ends { day: true, week: true, month: true },
        Some(next) => Ends {
            day: next != date,
            week: week(*next) != week(*date),
            month: next.first_of_month() != date.first_of_month(),
        },
    };
    dates.iter().enumerate().map(end).collect()
}

fn week(date: jiff::civil::Date) -> (i16, i8) {
    let week = date.iso_week_date();
    (week.year(), week.week())
}

/// Adds why age keeps a version; says why it goes where nothing does.
fn by_age(
    captured_at: Timestamp,
    ends: Ends,
    policy: &RetentionPolicy,
    scene: &Scene<'_>,
    reasons: &mut Vec<KeepReason>,
) -> DropReason {
    let within = |days: Option<u32>| days.is_some_and(|days| !scene.is_past(captured_at, days));
    let limit = policy.auto_delete_after_days.filter(|_| !policy.anonymise_instead_of_delete);
    if limit.is_some() && !within(limit) {
        return DropReason::PastDeletion;
    }
    let (daily, weekly) = (within(policy.daily_until_days), within(policy.weekly_until_days));
    let rules = [
        (!policy.has_age_rules(), KeepReason::Unlimited),
        (within(policy.keep_all_days), KeepReason::Recent),
        (daily && ends.day, KeepReason::Daily),
        (weekly && ends.week, KeepReason::Weekly),
        (policy.monthly_forever && ends.month, KeepReason::Monthly),
    ];
    reasons.extend(rules.into_iter().filter_map(|(keeps, reason)| keeps.then_some(reason)));
    match (daily, weekly, policy.monthly_forever) {
        (true, _, _) => DropReason::NotLastOfDay,
        (_, true, _) => DropReason::NotLastOfWeek,
        (_, _, true) => DropReason::NotLastOfMonth,
        _ => DropReason::TooOld,
    }
}

/// What the years will do to a version if nothing is captured any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outlook {
    /// Its identity.
    pub id: SnapshotId,
    /// Its number.
    pub version: u64,
    /// The last moment at which it stays; none: it stays for ever, by age.
    pub goes_after: Option<Timestamp>,
    /// The last moment at which it is at hand; none: it stays so, or is in the archive.
    pub archived_after: Option<Timestamp>,
}

/// When each version goes, by age alone: how many there may be is not looked at. In the order of the history.
pub fn outlook(history: &[VersionMetadata], policy: &RetentionPolicy, scene: &Scene<'_>) -> Vec<Outlook> {
    let uncounted = RetentionPolicy { max_versions_per_character: None, ..*policy };
    let course = Course::by_age(history, &uncounted, scene);
    let come = course.versions.partition_point(|version| version.captured_at <= scene.now);
    let ends = ends(&course.versions[..come], scene);
    let one = |(at, (version, fate)): (usize, (&&VersionMetadata, &Fate))| {
        let after = |days: u32| add_days(version.captured_at, days);
        let goes_after = match fate {
            Fate::Drop(_) => Some(scene.now),
            _ if is_protected(fate) => None,
            _ => ends.get(at).and_then(|ends| stays_until(version.captured_at, *ends, policy)),
        };
        let at_hand = has(fate, KeepReason::Newest) || version.archived;
        Outlook {
            id: version.id,
            version: version.version,
            goes_after,
            archived_after: policy.archive_after_days.filter(|_| !at_hand).map(after),
        }
    };
    course.versions.iter().zip(&course.fates).enumerate().map(one).collect()
}

/// The last moment at which age keeps a version; none: for ever.
fn stays_until(captured_at: Timestamp, ends: Ends, policy: &RetentionPolicy) -> Option<Timestamp> {
    let limit = policy.auto_delete_after_days.filter(|_| !policy.anonymise_instead_of_delete);
    let for_ever = !policy.has_age_rules() || (policy.monthly_forever && ends.month);
    let longest = [
        policy.keep_all_days,
        policy.daily_until_days.filter(|_| ends.day),
        policy.weekly_until_days.filter(|_| ends.week),
    ];
    let longest = if for_ever { None } else { longest.into_iter().flatten().max() };
    let days = longest.into_iter().chain(limit).min()?;
    Some(add_days(captured_at, days))
}

/// So many days of 24 hours later, as far as there is a later.
fn add_days(at: Timestamp, days: u32) -> Timestamp {
    at.checked_add(SignedDuration::from_hours(24 * i64::from(days))).unwrap_or(Timestamp::MAX)
}

/// A history that was decided upon, and what its documents take.
#[derive(Debug)]
pub struct Measured<'a> {
    /// Whose.
    pub character: &'a CharacterId,
    /// Its versions, in any order, with how they are stored.
    pub history: &'a [VersionMetadata],
    /// What was decided, in the order of the history.
    pub decisions: &'a mut Vec<Decision>,
}

/// Gives up the least versions of all characters until their documents take at most so many bytes. A document goes with the
/// last version that has it.
pub fn fit(library: &mut [Measured<'_>], most: u64) -> Option<Warning> {
    let mut courses: Vec<Course<'_>> = Vec::new();
    for one in library.iter() {
        let mut versions: Vec<_> = one.history.iter().collect();
        versions.sort_unstable_by_key(|version| (version.captured_at, version.id));
        let fates = one.decisions.iter().map(|decision| decision.fate.clone()).collect();
        courses.push(Course { versions, fates });
    }
    let mut users: HashMap<(usize, ContentHash), u64> = HashMap::new();
    let mut bytes = 0;
    for (number, course) in courses.iter().enumerate() {
        for (version, _) in course.versions.iter().zip(&course.fates).filter(|(_, fate)| is_kept(fate)) {
            let known = users.entry((number, version.content)).or_default();
            bytes += if *known == 0 { size(version) } else { 0 };
            *known += 1;
        }
    }
    let mut order = Vec::new();
    for (number, course) in courses.iter().enumerate() {
        let worth = course.worth();
        order.extend(course.least_first().into_iter().map(|at| {
            let version = course.versions[at];
            ((worth[at], course.stood(at), version.captured_at, version.id), number, at)
        }));
    }
    order.sort_unstable();
    let mut gone = 0;
    for (_, number, at) in order {
        if bytes <= most {
            break;
        }
        courses[number].fates[at] = Fate::Drop(DropReason::OverSize);
        let version = courses[number].versions[at];
        if let Some(left) = users.get_mut(&(number, version.content)) {
            *left -= 1;
            bytes -= if *left == 0 { size(version) } else { 0 };
        }
        gone += 1;
    }
    for (one, course) in library.iter_mut().zip(courses) {
        *one.decisions = course.decisions();
    }
    match (bytes > most, gone) {
        (true, _) => Some(Warning { code: WarningCode::SizeUnreachable, character: None, count: bytes }),
        (false, 0) => None,
        (false, gone) => Some(Warning { code: WarningCode::SizeBites, character: None, count: gone }),
    }
}

/// What a version's document takes in the store; where that is not known, as it came in.
fn size(version: &VersionMetadata) -> u64 {
    version.stored.as_ref().map_or(version.bytes, |stored| stored.bytes)
}

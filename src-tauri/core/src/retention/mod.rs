//! What is kept of a history as time passes: the policy, and the plan that follows from it.
//!
//! The rules of a policy are a union: a version stays while any of them keeps it. So what a later rule needs is never lost to
//! an earlier one, the kept set only shrinks as time passes, and thinning what was thinned changes nothing. `rules` decides,
//! as a pure function of versions, policy, time and zone; `clock` says whether the time is to be believed; [`crate::library`]
//! does what was planned.

mod clock;
mod rules;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use serde::{Deserialize, Serialize};

pub use self::{
    clock::{ClockDoubt, ClockMark, HeldBy, STEP},
    rules::{Decision, Fate, Measured, Outlook, decide, fit, outlook},
};
use crate::{
    error::{Code, Error, Result},
    model::{CharacterId, ContentHash, SnapshotId},
};

/// The setting of the library's policy: it goes along when the library moves.
pub const SETTING: &str = "library.retention";

/// How long versions are kept. What is not said does nothing: without a rule of age, every version is kept whatever its age.
///
/// An age is a span of 24-hour days since the capture, so that it does not depend on a zone. Days, weeks and months are those
/// of the library's zone; of each, the last version is kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct RetentionPolicy {
    /// Every version that is not older is kept.
    pub keep_all_days: Option<u32>,
    /// Until this age, the last version of each day is kept.
    pub daily_until_days: Option<u32>,
    /// Until this age, the last version of each week is kept: ISO weeks, Monday to Sunday.
    pub weekly_until_days: Option<u32>,
    /// The last version of each month is kept for ever.
    pub monthly_forever: bool,
    /// At most so many of one character. The last rule: it goes before those of age, and says so.
    pub max_versions_per_character: Option<u32>,
    /// At most so many megabytes of documents in the whole library, as they are stored.
    pub max_total_size_mb: Option<u32>,
    /// What is older moves into the archive.
    pub archive_after_days: Option<u32>,
    /// What is older goes, whichever rule of age keeps it.
    pub auto_delete_after_days: Option<u32>,
    /// Nothing goes for being older than that. Instead, a character of which nothing was captured for so long loses its name,
    /// its notes and all that tells of its player, and keeps its history.
    pub anonymise_instead_of_delete: bool,
}

impl RetentionPolicy {
    /// All for a month, then one a day, a week, a month.
    pub const THINNED: Self = Self {
        keep_all_days: Some(30),
        daily_until_days: Some(90),
        weekly_until_days: Some(365),
        monthly_forever: true,
        max_versions_per_character: Some(100),
        max_total_size_mb: None,
        archive_after_days: None,
        auto_delete_after_days: None,
        anonymise_instead_of_delete: false,
    };

    /// As little as tells the story.
    pub const SMALL: Self = Self {
        keep_all_days: Some(7),
        daily_until_days: Some(30),
        weekly_until_days: Some(90),
        monthly_forever: true,
        max_versions_per_character: Some(50),
        max_total_size_mb: None,
        archive_after_days: Some(90),
        auto_delete_after_days: None,
        anonymise_instead_of_delete: false,
    };

    /// Whether any rule can ever take something or move it.
    pub fn does_something(&self) -> bool {
        self.thins()
            || self.archive_after_days.is_some()
            || (self.auto_delete_after_days.is_some() && self.anonymise_instead_of_delete)
    }

    /// Whether any rule can ever take a version.
    fn thins(&self) -> bool {
        self.has_age_rules()
            || self.max_versions_per_character.is_some()
            || self.max_total_size_mb.is_some()
            || (self.auto_delete_after_days.is_some() && !self.anonymise_instead_of_delete)
    }

    /// Whether age decides anything.
    fn has_age_rules(&self) -> bool {
        self.keep_all_days.is_some()
            || self.daily_until_days.is_some()
            || self.weekly_until_days.is_some()
            || self.monthly_forever
    }

    /// # Errors
    /// `invalid_argument` for a policy that nobody can mean: one that keeps less than the first and the last version, or
    /// deletes what was captured a moment ago.
    pub fn check(&self) -> Result<()> {
        let wrong = |key: &str, least: u32| {
            Err(Error::new(Code::InvalidArgument, format!("`{key}` must be at least {least}."))
                .kept("The policy of before still holds.")
                .hint("Leave it out, and the rule does not exist."))
        };
        if self.max_versions_per_character.is_some_and(|most| most < 2) {
            return wrong("max_versions_per_character", 2);
        }
        let at_least_one = [
            ("auto_delete_after_days", self.auto_delete_after_days),
            ("max_total_size_mb", self.max_total_size_mb),
            ("archive_after_days", self.archive_after_days),
        ];
        match at_least_one.iter().find(|(_, value)| *value == Some(0)) {
            Some((key, _)) => wrong(key, 1),
            None => Ok(()),
        }
    }
}

/// A policy by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub enum Preset {
    /// Nothing ever goes: what a new library does.
    Everything,
    /// [`RetentionPolicy::THINNED`].
    Thinned,
    /// [`RetentionPolicy::SMALL`].
    Small,
}

impl Preset {
    /// Every one of them.
    pub const ALL: [Self; 3] = [Self::Everything, Self::Thinned, Self::Small];

    /// What it says.
    pub fn policy(self) -> RetentionPolicy {
        match self {
            Self::Everything => RetentionPolicy::default(),
            Self::Thinned => RetentionPolicy::THINNED,
            Self::Small => RetentionPolicy::SMALL,
        }
    }

    /// The name of a policy, where it has one.
    pub fn of(policy: &RetentionPolicy) -> Option<Self> {
        Self::ALL.into_iter().find(|preset| preset.policy() == *policy)
    }
}

/// Nothing goes by itself so shortly after somebody changed what is kept: whoever took the wrong rule has time to see it.
pub const GRACE: SignedDuration = SignedDuration::from_hours(24);

/// What a library is told about keeping, as its setting says it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Retention {
    /// For every character that has none of its own.
    pub policy: RetentionPolicy,
    /// The zone of days, weeks and months, by its IANA name. It belongs to the library: a computer that travels, or two in
    /// different zones, thin alike.
    pub zone: String,
    /// For single characters, in the place of the library's. How large the library may be is not theirs to say.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[cfg_attr(test, ts(type = "{ [key in string]: RetentionPolicy }"))]
    pub characters: BTreeMap<CharacterId, RetentionPolicy>,
    /// When this was set. [`GRACE`] begins then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(as = "Option<String>", optional))]
    pub set_at: Option<Timestamp>,
}

impl Retention {
    /// Whether it was set so short a time ago that nothing goes by itself yet, in whichever direction the clock went since.
    pub fn is_fresh(&self, now: Timestamp) -> bool {
        self.set_at.is_some_and(|at| now.duration_since(at).abs() < GRACE)
    }

    /// What holds for a character.
    pub fn of(&self, character: &CharacterId) -> &RetentionPolicy {
        self.characters.get(character).unwrap_or(&self.policy)
    }

    /// Whether any policy in it ever does something.
    pub fn does_something(&self) -> bool {
        self.policy.does_something() || self.characters.values().any(RetentionPolicy::does_something)
    }
}

/// Why a version stays. It may have several reasons.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub enum KeepReason {
    /// It is what the character is now.
    Newest,
    /// It is where the history begins.
    Oldest,
    /// The player keeps it for ever.
    Pinned,
    /// The player named it.
    Tagged,
    /// The player wrote to it.
    Noted,
    /// It is looked at, or compared with, on an open screen.
    Open,
    /// Its time has not come: nothing is decided about it.
    Future,
    /// No rule of age is set.
    Unlimited,
    /// It is young enough for every version to be kept.
    Recent,
    /// The last of its day.
    Daily,
    /// The last of its week.
    Weekly,
    /// The last of its month.
    Monthly,
}

impl KeepReason {
    /// Whether nothing overrules it.
    pub fn protects(self) -> bool {
        matches!(
            self,
            Self::Newest
                | Self::Oldest
                | Self::Pinned
                | Self::Tagged
                | Self::Noted
                | Self::Open
                | Self::Future
        )
    }
}

/// Why a version goes: the rule nearest to keeping it, or the limit that took it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub enum DropReason {
    /// A later version of the same day stays.
    NotLastOfDay,
    /// A later version of the same week stays.
    NotLastOfWeek,
    /// A later version of the same month stays.
    NotLastOfMonth,
    /// No rule reaches back so far.
    TooOld,
    /// It is older than anything may be.
    PastDeletion,
    /// There are too many.
    OverCount,
    /// They take too much room.
    OverSize,
}

/// A version that stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct KeptVersion {
    /// Whose.
    pub character: CharacterId,
    /// Its number.
    pub version: u64,
    /// Its identity.
    pub id: SnapshotId,
    /// When it was captured.
    #[cfg_attr(test, ts(as = "String"))]
    pub captured_at: Timestamp,
    /// Why it stays.
    pub reasons: Vec<KeepReason>,
}

/// Why a version moves into the archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub enum ArchiveReason {
    /// It is older than what is kept at hand.
    PastArchiving,
}

/// A version that stays and moves into the archive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct ArchivedVersion {
    /// Whose.
    pub character: CharacterId,
    /// Its number.
    pub version: u64,
    /// Its identity.
    pub id: SnapshotId,
    /// When it was captured.
    #[cfg_attr(test, ts(as = "String"))]
    pub captured_at: Timestamp,
    /// Why it moves.
    pub reason: ArchiveReason,
    /// Why it stays.
    pub reasons: Vec<KeepReason>,
}

/// A version that goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct DroppedVersion {
    /// Whose.
    pub character: CharacterId,
    /// Its number.
    pub version: u64,
    /// Its identity.
    pub id: SnapshotId,
    /// When it was captured.
    #[cfg_attr(test, ts(as = "String"))]
    pub captured_at: Timestamp,
    /// Why it goes.
    pub reason: DropReason,
}

/// A character that loses what tells of its player.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct DueCharacter {
    /// Which.
    pub character: CharacterId,
    /// When it was last looked at.
    #[cfg_attr(test, ts(as = "String"))]
    pub last_captured: Timestamp,
}

/// What about a warning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub enum WarningCode {
    /// The greatest number takes versions that the rules of age keep: so many of them.
    CountBites,
    /// More versions may not go than the greatest number allows: so many of them.
    CountUnreachable,
    /// The greatest size takes versions that every other rule keeps: so many of them.
    SizeBites,
    /// What may not go is larger than the greatest size: so many bytes.
    SizeUnreachable,
    /// So many versions bear a time that has not come.
    Future,
    /// A character whose player is to be forgotten has versions that are pinned, named or noted, and stays: so many of them.
    Marked,
}

/// What somebody should know before going on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Warning {
    /// What about.
    pub code: WarningCode,
    /// Whose history; none: the whole library.
    pub character: Option<CharacterId>,
    /// How many, or how much.
    pub count: u64,
}

/// What would become of every version, and why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct RetentionPlan {
    /// The time it is made for.
    #[cfg_attr(test, ts(as = "String"))]
    pub at: Timestamp,
    /// The zone of its days, weeks and months.
    pub zone: String,
    /// What stays as it is.
    pub keep: Vec<KeptVersion>,
    /// What stays and moves into the archive.
    pub archive: Vec<ArchivedVersion>,
    /// What goes.
    pub drop: Vec<DroppedVersion>,
    /// Whose player is forgotten.
    pub anonymise: Vec<DueCharacter>,
    /// What somebody should know first.
    pub warnings: Vec<Warning>,
    /// Why nothing of it is done now, where that is so: the clock is not to be believed.
    pub held: Option<ClockDoubt>,
    /// Stands for exactly this plan.
    pub token: String,
}

impl RetentionPlan {
    /// An empty plan.
    pub fn new(at: Timestamp, zone: &str) -> Self {
        Self {
            at,
            zone: zone.to_owned(),
            keep: Vec::new(),
            archive: Vec::new(),
            drop: Vec::new(),
            anonymise: Vec::new(),
            warnings: Vec::new(),
            held: None,
            token: String::new(),
        }
    }

    /// Takes over what was decided of one character.
    pub fn add(&mut self, character: &CharacterId, decisions: Vec<Decision>) {
        for Decision { id, version, captured_at, fate } in decisions {
            let character = character.clone();
            match fate {
                Fate::Keep(reasons) => {
                    self.keep.push(KeptVersion { character, version, id, captured_at, reasons });
                }
                Fate::Archive(reasons) => {
                    let reason = ArchiveReason::PastArchiving;
                    let moved = ArchivedVersion { character, version, id, captured_at, reason, reasons };
                    self.archive.push(moved);
                }
                Fate::Drop(reason) => {
                    self.drop.push(DroppedVersion { character, version, id, captured_at, reason });
                }
            }
        }
    }

    /// The same, with its token: it stands for what would be done, not for the moment at which that was asked.
    #[must_use]
    pub fn sealed(mut self) -> Self {
        let dropped: Vec<_> = self.drop.iter().map(|version| (&version.character, version.id)).collect();
        let moved: Vec<_> = self.archive.iter().map(|version| (&version.character, version.id)).collect();
        let due: Vec<_> = self.anonymise.iter().map(|due| &due.character).collect();
        let text = serde_json::to_vec(&(dropped, moved, due)).unwrap_or_default();
        self.token = ContentHash::of(&text).to_string()[..16].to_owned();
        self
    }

    /// The characters it does something to.
    pub fn characters(&self) -> BTreeSet<CharacterId> {
        let dropped = self.drop.iter().map(|version| &version.character);
        let moved = self.archive.iter().map(|version| &version.character);
        dropped.chain(moved).chain(self.anonymise.iter().map(|due| &due.character)).cloned().collect()
    }
}

/// When and where a decision is made, and what is looked at meanwhile.
#[derive(Debug, Clone, Copy)]
pub struct Scene<'a> {
    /// The time.
    pub now: Timestamp,
    /// The zone of days, weeks and months.
    pub zone: &'a TimeZone,
    /// Versions that open screens show or compare with.
    pub open: &'a BTreeSet<SnapshotId>,
}

impl Scene<'_> {
    /// Whether something is more than so many days old.
    fn is_past(&self, at: Timestamp, days: u32) -> bool {
        self.now.duration_since(at) > SignedDuration::from_hours(24 * i64::from(days))
    }
}

/// Whether a character's player is to be forgotten: nothing was captured of it for longer than its policy allows. What the
/// player marked keeps it, and that is warned of.
///
/// # Errors
/// Inside: how many marks keep it.
pub fn is_due(
    policy: &RetentionPolicy,
    scene: &Scene<'_>,
    last_captured: Timestamp,
    marks: u64,
) -> std::result::Result<bool, u64> {
    let days = policy.auto_delete_after_days.filter(|_| policy.anonymise_instead_of_delete);
    match days.is_some_and(|days| scene.is_past(last_captured, days)) {
        true if marks > 0 => Err(marks),
        due => Ok(due),
    }
}

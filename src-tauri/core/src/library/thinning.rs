//! Keeping less as time passes: what a policy would take, and taking it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, PoisonError},
};

use jiff::{Timestamp, tz::TimeZone};
use serde::{Deserialize, Serialize};

use super::{Library, RETRIES, auditing::Recorded, writing::made_anew};
use crate::{
    access::{self, Operation},
    error::{Code, Error, Result},
    job::{Cancel, Progress, ProgressEvent},
    model::{CharacterId, CharacterIndex, SnapshotId, VersionMetadata},
    privacy::audit::{Act, Action},
    retention::{
        self, ClockMark, Decision, DropReason, DueCharacter, Fate, HeldBy, Measured, Outlook, Retention,
        RetentionPlan, RetentionPolicy, Scene, Warning, WarningCode, decide, fit, is_due, outlook,
    },
    sheet::Sheet,
    storage::{Expect, HistoryQuery, QueryFilter, Setting, Write},
};

/// What a plan is asked for.
#[derive(Debug, Clone, Default)]
pub struct Thinning {
    /// Only these characters. Empty: all of those that are this person's to thin, the bin left out.
    pub characters: Vec<CharacterId>,
    /// What would be so at this time, with nothing captured until then. None: now.
    pub at: Option<Timestamp>,
    /// Versions that open screens show or compare with.
    pub open: BTreeSet<SnapshotId>,
    /// Another policy than the one that holds, to see what it would do.
    pub instead: Option<Retention>,
}

/// What was done of a plan.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Thinned {
    /// Versions that went.
    pub dropped: u64,
    /// Versions of the plan that stayed, since something of them had changed: pinned, named, newest by now.
    pub spared: u64,
    /// Characters with a version that went.
    pub characters: u64,
}

/// The policy that holds, and where it comes from.
#[derive(Debug, Clone, PartialEq)]
pub struct Holding {
    /// What holds.
    pub retention: Retention,
    /// Whether the library says so itself; else the configuration does, or nobody.
    pub own: bool,
    /// The revision of the library's setting.
    pub revision: u64,
}

/// Everything of one character that a decision needs.
struct Subject {
    index: CharacterIndex,
    history: Vec<VersionMetadata>,
    decisions: Vec<Decision>,
}

impl Library {
    /// The policy that holds. Without a word in the library, it is the one that the configuration gives.
    ///
    /// # Errors
    /// `store_damaged` for a policy that this program does not understand whole: it must not thin by half of one.
    pub async fn retention(&self) -> Result<Holding> {
        let (own, revision) = self.setting::<Retention>(retention::SETTING).await?;
        let is_own = own.is_some();
        let mut retention = own.unwrap_or_else(|| Retention {
            policy: *self.policy.read().unwrap_or_else(PoisonError::into_inner),
            ..Retention::default()
        });
        if retention.zone.is_empty() {
            let (mark, _) = self.setting::<ClockMark>(ClockMark::SETTING).await?;
            retention.zone = mark.map_or_else(|| self.clock.zone(), |mark| mark.zone);
        }
        Ok(Holding { retention, own: is_own, revision })
    }

    /// Sets what holds, or takes it back, so that the configuration says it again. `revision` is the one of what was read.
    ///
    /// # Errors
    /// `invalid_argument` for a policy or a zone that is none; `conflict` when somebody else set one since.
    pub async fn set_retention(&self, mut retention: Option<Retention>, revision: u64) -> Result<()> {
        if let Some(retention) = &mut retention {
            retention.set_at = Some(self.clock.now());
            retention.policy.check()?;
            retention.characters.values().try_for_each(RetentionPolicy::check)?;
            self.zone(&retention.zone)?;
        }
        self.set_setting(retention::SETTING, retention.as_ref(), revision).await.map(drop)
    }

    /// The write that takes a character's own policy away, where it has one: its id must not stay in a setting.
    ///
    /// # Errors
    /// As [`Library::retention`].
    pub(super) async fn without_policy(&self, character: &CharacterId) -> Result<Option<Write>> {
        let (own, revision) = self.setting::<Retention>(retention::SETTING).await?;
        let Some(mut retention) = own else { return Ok(None) };
        if retention.characters.remove(character).is_none() {
            return Ok(None);
        }
        let value = serde_json::to_string(&retention)
            .map_err(|error| Error::internal("A setting cannot be written.").caused_by(error))?;
        let key = retention::SETTING.to_owned();
        let setting = Setting { key, value: Some(value), revision: revision + 1 };
        Ok(Some(Write::Setting { setting, expect: Expect::Revision(revision) }))
    }

    fn zone(&self, name: &str) -> Result<TimeZone> {
        self.clock.zone_called(name).ok_or_else(|| {
            Error::new(Code::InvalidArgument, format!("This computer knows no time zone {name:?}."))
                .kept("Nothing was changed.")
                .hint("Give one by its usual name, as in Europe/Berlin, or UTC.")
        })
    }

    /// What would become of every version, and why. Nothing is changed.
    ///
    /// # Errors
    /// `character_not_found`; as [`Library::retention`] and [`Library::history`].
    pub async fn plan_retention(&self, thinning: &Thinning) -> Result<RetentionPlan> {
        let holding = self.retention().await?;
        let retention = thinning.instead.clone().unwrap_or(holding.retention);
        let zone = self.zone(&retention.zone)?;
        let now = self.clock.now();
        let at = thinning.at.unwrap_or(now);
        let mut plan = RetentionPlan::new(at, &retention.zone);
        let scene = |now| Scene { now, zone: &zone, open: &thinning.open };
        let mut subjects = Vec::new();
        for index in self.own_rows(&thinning.characters).await? {
            let stored = retention.policy.max_total_size_mb.is_some();
            let query = HistoryQuery { stored, ..HistoryQuery::all(index.id.clone()) };
            let history = self.storage.history(&query).await?.items;
            let policy = retention.of(&index.id);
            let (decisions, warnings) = decide(&history, policy, &scene(now.min(at)));
            plan.warnings.extend(warnings);
            subjects.push(Subject { index, history, decisions });
        }
        if let Some(megabytes) = retention.policy.max_total_size_mb
            && thinning.characters.is_empty()
        {
            let mut library: Vec<Measured<'_>> = subjects.iter_mut().map(Subject::measured).collect();
            plan.warnings.extend(fit(&mut library, u64::from(megabytes) << 20));
        }
        if at > now {
            for subject in &mut subjects {
                plan.warnings.extend(subject.wait_until(retention.of(&subject.index.id), &scene(at)));
            }
        }
        plan.held = self.held(at, now, &subjects).await?;
        for subject in subjects {
            let policy = retention.of(&subject.index.id);
            plan.warnings.extend(due(&mut plan.anonymise, &subject, policy, &scene(at)));
            plan.add(&subject.index.id, subject.decisions);
        }
        plan.warnings.sort();
        plan.warnings.dedup();
        Ok(plan.sealed())
    }

    /// What the years will do to each version of a character, by age alone.
    ///
    /// # Errors
    /// As [`Library::retention`].
    pub async fn outlook(
        &self,
        character: &CharacterId,
        history: &[VersionMetadata],
    ) -> Result<Vec<Outlook>> {
        let retention = self.retention().await?.retention;
        let zone = self.zone(&retention.zone)?;
        let scene = Scene { now: self.clock.now(), zone: &zone, open: &BTreeSet::new() };
        Ok(outlook(history, retention.of(character), &scene))
    }

    /// The characters that are whoever's who asks, and not in the bin.
    pub(super) async fn own_rows(&self, characters: &[CharacterId]) -> Result<Vec<CharacterIndex>> {
        let filter = QueryFilter { ids: characters.to_vec(), ..QueryFilter::default() };
        let mut rows = self.storage.query(&filter).await?.items;
        if let Some(principal) = self.storage.info().principal {
            let members = self.storage.members().await?;
            let may = |row: &CharacterIndex| {
                access::allows(access::relation(&principal, row, &members), Operation::Dispose)
            };
            rows.retain(may);
        }
        rows.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(rows)
    }

    /// Why nothing may be destroyed by this time, if so.
    async fn held(
        &self,
        at: Timestamp,
        now: Timestamp,
        subjects: &[Subject],
    ) -> Result<Option<retention::ClockDoubt>> {
        let (mark, _) = self.setting::<ClockMark>(ClockMark::SETTING).await?;
        let versions = || subjects.iter().flat_map(|subject| &subject.history);
        let captures = versions().map(|version| version.captured_at);
        let mark = mark.unwrap_or_else(|| ClockMark::first(captures, now, "UTC"));
        // A time that the library has seen pass is past, whatever the clock says.
        if at < now && at <= mark.seen {
            return Ok(None);
        }
        Ok(mark.judge(at.min(now), versions().filter_map(|version| version.edited_at)))
    }

    /// Takes what a plan takes, a character at a time, each in one transaction. What was pinned, named, noted or captured
    /// since the plan was made stays, with whatever it needs. What is archived and who is forgotten is not done here.
    ///
    /// # Errors
    /// `clock_doubtful` where the time is not to be believed and the player did not say that it is; `invalid_argument` for a
    /// plan of the future; `cancelled`, as [`CharacterStorage::begin`](crate::storage::CharacterStorage::begin): what went by
    /// then is gone.
    pub async fn apply_retention(
        &self,
        plan: &RetentionPlan,
        thinning: &Thinning,
        clock_is_right: bool,
        progress: &dyn Progress,
        cancel: &Cancel,
    ) -> Result<Thinned> {
        self.must_be_now(plan, clock_is_right)?;
        let mut planned: BTreeMap<&CharacterId, BTreeMap<SnapshotId, DropReason>> = BTreeMap::new();
        for version in &plan.drop {
            planned.entry(&version.character).or_default().insert(version.id, version.reason);
        }
        let (total, mut thinned) = (planned.len() as u64, Thinned::default());
        let retention = match &thinning.instead {
            Some(retention) => retention.clone(),
            None => self.retention().await?.retention,
        };
        let zone = self.zone(&plan.zone)?;
        let scene = Scene { now: plan.at, zone: &zone, open: &thinning.open };
        for (done, (character, versions)) in (0..).zip(planned) {
            cancel.check()?;
            progress.report(ProgressEvent::Advanced { done, total });
            let dropped = self.thin(character, &versions, retention.of(character), &scene).await?;
            thinned.dropped += dropped;
            thinned.spared += versions.len() as u64 - dropped;
            thinned.characters += u64::from(dropped > 0);
        }
        progress.report(ProgressEvent::Advanced { done: total, total });
        if retention.does_something() {
            self.vouch(plan, clock_is_right).await?;
        }
        Ok(thinned)
    }

    fn must_be_now(&self, plan: &RetentionPlan, clock_is_right: bool) -> Result<()> {
        if plan.at > self.clock.now() {
            return Err(Error::new(Code::InvalidArgument, "This plan is of a time that has not come.")
                .kept("Nothing was dropped.")
                .hint("Look at it as often as you like, and apply it when its time has come."));
        }
        let Some(held) = plan.held.filter(|_| !clock_is_right) else { return Ok(()) };
        let (now, seen) = (held.now.strftime("%Y-%m-%d"), held.seen.strftime("%Y-%m-%d"));
        let message = match held.by {
            HeldBy::ClockAhead => format!(
                "This computer's clock says {now}, and the last day that the library vouches for is {seen}."
            ),
            HeldBy::ClockBehind => {
                format!("This computer's clock says {now}, and the library has seen {seen} already.")
            }
        };
        Err(Error::new(Code::ClockDoubtful, message)
            .kept("Nothing was dropped: a wrong clock must not destroy anything.")
            .hint("Set the clock, or say that it is right."))
    }

    /// Notes that the library has seen this time.
    async fn vouch(&self, plan: &RetentionPlan, clock_is_right: bool) -> Result<()> {
        let now = if clock_is_right { self.clock.now() } else { plan.at };
        for attempt in 0.. {
            let (mark, revision) = self.setting::<ClockMark>(ClockMark::SETTING).await?;
            let mark = mark.unwrap_or_else(|| ClockMark { seen: now, zone: plan.zone.clone() });
            let moved = mark.clone().moved(now, clock_is_right);
            if moved == mark && revision > 0 {
                return Ok(());
            }
            match self.set_setting(ClockMark::SETTING, Some(&moved), revision).await {
                Err(error) if error.code == Code::Conflict && attempt < RETRIES => {}
                done => return done.map(drop),
            }
        }
        Err(Error::internal("The time was not noted, without a reason."))
    }

    async fn thin(
        &self,
        character: &CharacterId,
        planned: &BTreeMap<SnapshotId, DropReason>,
        policy: &RetentionPolicy,
        scene: &Scene<'_>,
    ) -> Result<u64> {
        for attempt in 0.. {
            match self.try_thin(character, planned, policy, scene).await {
                Err(error) if error.code == Code::Conflict && attempt < RETRIES => {}
                done => return done,
            }
        }
        Err(Error::internal("A history was not thinned, without a reason."))
    }

    async fn try_thin(
        &self,
        character: &CharacterId,
        planned: &BTreeMap<SnapshotId, DropReason>,
        policy: &RetentionPolicy,
        scene: &Scene<'_>,
    ) -> Result<u64> {
        let mut tx = self.begin().await?;
        let query = HistoryQuery { newest_first: false, ..HistoryQuery::all(character.clone()) };
        let versions = tx.history(&query).await?.items;
        let (decisions, _) = decide(&versions, policy, scene);
        let goes = |decision: &&Decision| match (&decision.fate, planned.get(&decision.id)) {
            (_, None) => false,
            (Fate::Drop(_), Some(_)) => true,
            // How large the whole library is was known when the plan was made.
            (Fate::Keep(reasons) | Fate::Archive(reasons), Some(reason)) => {
                *reason == DropReason::OverSize && !reasons.iter().any(|reason| reason.protects())
            }
        };
        let dropped: Vec<_> = decisions.iter().filter(goes).map(|decision| decision.id).collect();
        let Some(newest) = versions.last().filter(|_| !dropped.is_empty()) else { return Ok(0) };
        let index = tx.surroundings(character, newest.captured_at).await?.character;
        let Some(index) = index.filter(|index| index.deleted_at.is_none()) else { return Ok(0) };
        let expect = Expect::Revision(index.revision);
        let (left, mut writes) = self.without(&mut tx, versions, &dropped).await?;
        let Some(newest) = left.last() else { return Ok(0) };
        let sheet = self.sheet_in(&mut tx, newest).await?;
        let mut index = made_anew(index, &left, &sheet);
        self.keyed(&mut index)?;
        let count = dropped.len() as u64;
        let act = Act::of(Action::Retention, &index).count("versions", count);
        writes.insert(0, Write::Character { index: Box::new(index), expect });
        writes.push(Write::DropVersions { character: character.clone(), versions: dropped });
        tx.write(writes).await?;
        tx.commit(vec![act]).await?;
        Ok(count)
    }

    /// A history without some of its versions, each behind a gap told anew; and what is to be written for that.
    async fn without(
        &self,
        tx: &mut Recorded<'_>,
        versions: Vec<VersionMetadata>,
        dropped: &[SnapshotId],
    ) -> Result<(Vec<VersionMetadata>, Vec<Write>)> {
        let gone: BTreeSet<_> = dropped.iter().collect();
        let (mut left, mut writes): (Vec<VersionMetadata>, _) = (Vec::new(), Vec::new());
        let mut is_behind_gap = false;
        for mut version in versions {
            if gone.contains(&version.id) {
                is_behind_gap = true;
                continue;
            }
            if std::mem::take(&mut is_behind_gap) && self.retell_in(tx, left.last(), &mut version).await? {
                writes.push(Write::Version { metadata: Box::new(version.clone()) });
            }
            left.push(version);
        }
        Ok((left, writes))
    }

    /// Tells a version anew behind another one. What cannot be read stays as it was told.
    async fn retell_in(
        &self,
        tx: &mut Recorded<'_>,
        before: Option<&VersionMetadata>,
        version: &mut VersionMetadata,
    ) -> Result<bool> {
        let told = async {
            let old = match before {
                Some(before) => Some(self.sheet_in(tx, before).await?),
                None => None,
            };
            let new = self.sheet_in(tx, version).await?;
            self.told(old.as_deref(), &new, &version.source, version.restored)
        };
        match told.await {
            Ok((summary, trace)) => {
                (version.summary, version.trace) = (summary, Some(Arc::new(trace)));
                Ok(true)
            }
            Err(error) if matches!(error.code, Code::FormatUnsupported | Code::StoreDamaged) => Ok(false),
            Err(error) => Err(error),
        }
    }

    async fn sheet_in(&self, tx: &mut Recorded<'_>, version: &VersionMetadata) -> Result<Arc<Sheet>> {
        if let Some(sheet) = self.known_sheet(version) {
            return Ok(sheet);
        }
        let document = tx.document(&version.character, &version.content).await?;
        self.derive(version, &document)
    }
}

/// Adds a character whose player is to be forgotten; warns where marks keep it from that.
fn due(
    anonymise: &mut Vec<DueCharacter>,
    subject: &Subject,
    policy: &RetentionPolicy,
    scene: &Scene<'_>,
) -> Option<Warning> {
    let index = &subject.index;
    let is_marked = |version: &&VersionMetadata| {
        version.pinned
            || !version.tags.is_empty()
            || version.note.is_some()
            || scene.open.contains(&version.id)
    };
    let marks = subject.history.iter().filter(is_marked).count() as u64;
    if index.anonymised_at.is_some() {
        return None;
    }
    match is_due(policy, scene, index.last_captured, marks) {
        Ok(is_due) => {
            let due = DueCharacter { character: index.id.clone(), last_captured: index.last_captured };
            anonymise.extend(is_due.then_some(due));
            None
        }
        Err(count) => Some(Warning { code: WarningCode::Marked, character: Some(index.id.clone()), count }),
    }
}

impl Subject {
    fn measured(&mut self) -> Measured<'_> {
        Measured { character: &self.index.id, history: &self.history, decisions: &mut self.decisions }
    }

    /// Decides for a time to come, behind what is decided for now: what goes now is not there any more then.
    fn wait_until(&mut self, policy: &RetentionPolicy, scene: &Scene<'_>) -> Vec<Warning> {
        let goes = |decision: &Decision| matches!(decision.fate, Fate::Drop(_));
        let gone: BTreeSet<_> =
            self.decisions.iter().filter(|d| goes(d)).map(|decision| decision.id).collect();
        let left: Vec<_> = self.history.iter().filter(|v| !gone.contains(&v.id)).cloned().collect();
        let (then, warnings) = decide(&left, policy, scene);
        let mut fates: BTreeMap<_, _> =
            then.into_iter().map(|decision| (decision.id, decision.fate)).collect();
        for decision in &mut self.decisions {
            if let Some(fate) = fates.remove(&decision.id) {
                decision.fate = fate;
            }
        }
        warnings
    }
}

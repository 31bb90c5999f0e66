//! Moving a library to another store: every character with every version, byte for byte, through the contract alone.
//!
//! - **The source is read, never written**, until [`StorageMigrator::release`].
//! - **Any moment may be the last**: what a run left behind is found by the identities of versions, and the next run goes on.
//!   Running again over a finished target writes nothing.
//! - **The source may change meanwhile**: its change feed is followed until it is empty.
//! - **Nothing at the target is lost**: a character is overwritten only where all of it is in the source too.
//! - **Believed is what was read back**: every copied character is compared again, every document by its hash.
//!
//! A library that is used from both stores at once (*gradual*, *hybrid*) is a store of its own and no business of this module;
//! finishing it is a migration from that store to its newer half.

mod copy;
mod log;
mod plan;
mod sealing;
mod verify;
mod whole;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use serde::{Deserialize, Serialize};

use self::{
    copy::{Copied, Copier, Meter},
    plan::{Stance, decide},
    verify::Demand,
};
pub use self::{
    plan::{Action, MigrationPlan, PlanItem},
    sealing::Sealing,
    whole::Whole,
};
use crate::{
    error::{Code, Error, Result},
    job::{Cancel, Doing, Progress},
    model::{CharacterId, Member},
    privacy::audit::{Act, Action as AuditAction, Scribe},
    storage::{Change, CharacterStorage, Expect, Setting, Write},
};

/// How many entries of a change feed are asked for at a time.
const FEED: u32 = 1_000;
/// How often a source that changes again and again is followed.
const ROUNDS: u32 = 16;
/// How often a character is tried when somebody else writes to it just then.
const TRIES: u32 = 8;

/// How to migrate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MigrationOptions {
    /// At most so many versions of new characters a transaction.
    pub batch_size: u32,
    /// The target is a backup, which nobody uses as a library: the source is right, and the target keeps what the source has
    /// no longer.
    pub backup: bool,
    /// Also take away at the target what was erased at the source.
    pub erase_gone: bool,
}

impl Default for MigrationOptions {
    fn default() -> Self {
        Self { batch_size: 100, backup: false, erase_gone: false }
    }
}

/// Something that is not, or not wholly, at the target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Left {
    /// Which character; none where it is about somebody's place in a campaign.
    pub character: Option<CharacterId>,
    /// A stable name: `newer`, `differs`, `incomplete`, `gone`, or the code of the error that kept it from being copied.
    pub code: String,
    /// Why, in whole sentences.
    pub message: String,
}

/// What a migration did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MigrationReport {
    /// Characters of the source that are at the target now.
    pub characters: u64,
    /// Their versions.
    pub versions: u64,
    /// How many of those were read back from the target and are equal.
    pub verified: u64,
    /// How many of those were there already.
    pub skipped: u64,
    /// Places in campaigns that were written.
    pub members: u64,
    /// What was left alone or failed, and why.
    pub left: Vec<Left>,
    /// It was stopped before the end; what was copied stays, and the next run goes on.
    pub stopped: bool,
    /// The source's revision up to which it was followed: [`StorageMigrator::run_since`] goes on from there.
    #[serde(default)]
    pub revision: u64,
}

/// What a release took away from the source.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Released {
    /// Characters taken away.
    pub characters: u64,
    /// Their versions, each read back from the target before.
    pub versions: u64,
    /// What was not taken away, and why.
    pub left: Vec<Left>,
    /// It was stopped before the end.
    pub stopped: bool,
}

/// Moves a library from one store to another.
#[derive(Debug, Clone)]
pub struct StorageMigrator {
    from: Arc<dyn CharacterStorage>,
    to: Arc<dyn CharacterStorage>,
    /// Who notes in the logs of both what is done.
    scribe: Option<Scribe>,
}

impl StorageMigrator {
    /// From the store that has the characters to the one that shall have them.
    ///
    /// # Errors
    /// `invalid_argument` when both are the same store.
    pub fn new(from: Arc<dyn CharacterStorage>, to: Arc<dyn CharacterStorage>) -> Result<Self> {
        let (one, other) = (from.info(), to.info());
        let is_same_place =
            one.capabilities.persistent && (one.kind, one.location) == (other.kind, other.location);
        if Arc::ptr_eq(&from, &to) || is_same_place {
            return Err(Error::new(Code::InvalidArgument, "Both addresses name the same library.")
                .kept("Nothing was changed.")
                .hint("Give the library to copy from, and another one to copy to."));
        }
        Ok(Self { from, to, scribe: None })
    }

    /// The same, with what it does noted in the audit log of the store it writes to, and the source's log brought along.
    #[must_use]
    pub fn recorded_by(self, scribe: Scribe) -> Self {
        Self { scribe: Some(scribe), ..self }
    }

    /// What is written, with the entry that tells of it.
    fn noted(&self, write: Write, act: Act) -> Vec<Write> {
        let note = self.scribe.iter().map(|scribe| scribe.write(act.clone()));
        std::iter::once(write).chain(note).collect()
    }

    /// Says what a migration would do. Writes nothing.
    ///
    /// # Errors
    /// `cancelled`; as [`CharacterStorage::history`] of both.
    pub async fn plan(&self, options: &MigrationOptions, cancel: &Cancel) -> Result<MigrationPlan> {
        let (changes, _) = feed(&*self.from, 0).await?;
        let mut plan = MigrationPlan {
            from: self.from.info(),
            to: self.to.info(),
            characters: 0,
            versions: 0,
            documents: 0,
            bytes: 0,
            skipped: 0,
            members: self.members_to_write(options.backup).await?.len() as u64,
            items: Vec::new(),
            left_alone: self.left_alone(&changes).await?,
        };
        for change in &changes {
            cancel.check()?;
            let (item, skipped) = self.plan_item(change, options).await?;
            plan.skipped += skipped;
            plan.items.extend(item);
        }
        let copied = plan.items.iter().filter(|item| item.action == Action::Copy);
        for item in copied {
            plan.characters += 1;
            plan.versions += item.versions;
            plan.documents += item.documents;
            plan.bytes = plan.bytes.saturating_add(item.bytes);
        }
        Ok(plan)
    }

    /// What becomes of one character, and how many of its versions are there already; none for one nobody has.
    async fn plan_item(
        &self,
        change: &Change,
        options: &MigrationOptions,
    ) -> Result<(Option<PlanItem>, u64)> {
        let id = &change.character;
        let target = Whole::look(&*self.to, id).await?.brought_to(&*self.to);
        if change.erased {
            let item = (!target.is_empty()).then(|| gone(id, &target));
            return Ok((item, 0));
        }
        let source = Whole::read(&*self.from, id).await?.brought_to(&*self.to);
        if source.is_empty() {
            return Ok((None, 0));
        }
        let stance = if options.backup { Stance::Backup } else { Stance::Library };
        let decision = decide(&source, &target, stance);
        let there = |version: &&crate::model::VersionMetadata| target.version(version.id) == Some(version);
        let skipped = source.versions.iter().filter(there).count() as u64;
        let mut item = PlanItem {
            character: id.clone(),
            name: source.index.as_ref().map(|index| index.name.clone()),
            action: decision.action,
            reason: decision.reason,
            versions: 0,
            documents: 0,
            bytes: 0,
        };
        if item.action == Action::Copy {
            let have = target.contents();
            let missing = source.contents().into_iter().filter(|(hash, _)| !have.contains_key(hash));
            item.versions = source.versions.len() as u64 - skipped;
            for (_, bytes) in missing {
                item.documents += 1;
                item.bytes = item.bytes.saturating_add(bytes);
            }
        }
        Ok((Some(item), skipped))
    }

    /// How many characters only the target has.
    async fn left_alone(&self, source: &[Change]) -> Result<u64> {
        let known: BTreeSet<_> = source.iter().map(|change| &change.character).collect();
        let (target, _) = feed(&*self.to, 0).await?;
        let only = target.iter().filter(|change| !change.erased && !known.contains(&change.character));
        Ok(only.count() as u64)
    }

    /// Copies every character, follows what the source writes meanwhile, and reads everything back.
    ///
    /// # Errors
    /// What keeps the whole from going on: `storage_full`, `store_unreachable`, `store_read_only`, … What was committed stays,
    /// and another run goes on. A character that cannot be copied is in [`MigrationReport::left`] and does not stop the others.
    pub async fn run(
        &self,
        options: &MigrationOptions,
        progress: &dyn Progress,
        cancel: &Cancel,
    ) -> Result<MigrationReport> {
        self.run_since(0, options, progress, cancel).await
    }

    /// The same for what the source wrote behind a revision: behind [`MigrationReport::revision`] of a run before, that is what
    /// came since. Everything before that is believed to be at the target.
    ///
    /// # Errors
    /// As [`StorageMigrator::run`].
    pub async fn run_since(
        &self,
        since: u64,
        options: &MigrationOptions,
        progress: &dyn Progress,
        cancel: &Cancel,
    ) -> Result<MigrationReport> {
        let versions = if since == 0 { self.from.statistics().await?.versions } else { 0 };
        let mut run = Run {
            migrator: self,
            options,
            cancel,
            copier: Copier::new(self, options, cancel),
            meter: Meter::new(progress, 2 * versions),
            characters: BTreeMap::new(),
            tries: BTreeMap::new(),
            members: 0,
            revision: since,
        };
        match run.follow().await {
            Ok(()) => {
                if let Some(scribe) = &self.scribe {
                    match log::take(&*self.from, &*self.to, scribe, cancel).await {
                        Err(error) if error.code == Code::Cancelled => return Ok(run.report(true)),
                        taken => taken?,
                    }
                }
                let mut report = run.report(false);
                report.left.extend(self.members_left().await?);
                report.left.extend(self.settings_left().await?);
                Ok(report)
            }
            Err(error) if error.code == Code::Cancelled => {
                run.copier.give_up();
                Ok(run.report(true))
            }
            Err(error) => Err(error.kept(
                "What was copied until then stays at the target, and nothing was changed at the source. \
                 The same migration goes on where this one ended.",
            )),
        }
    }

    /// Reads back whether everything of the source is at the target, which may have more: what a library that is joined from
    /// both must hold. Writes nothing.
    ///
    /// # Errors
    /// As [`CharacterStorage::history`] of both. What is missing is in [`MigrationReport::left`].
    pub async fn compare(&self, progress: &dyn Progress, cancel: &Cancel) -> Result<MigrationReport> {
        let mut meter = Meter::new(progress, self.from.statistics().await?.versions);
        let mut report = MigrationReport::default();
        let (changes, _) = feed(&*self.from, 0).await?;
        for Change { character: id, .. } in changes.iter().filter(|change| !change.erased) {
            let source = Whole::read(&*self.from, id).await?.brought_to(&*self.to);
            if source.is_empty() {
                continue;
            }
            let place = (&source, &*self.to);
            match verify::verify(id, place, |_| Demand::Contained, cancel, &mut meter).await {
                Ok(verified) => {
                    report.characters += 1;
                    report.versions += source.versions.len() as u64;
                    report.verified += verified;
                    report.skipped += verified;
                }
                Err(error) if error.code == Code::Cancelled => {
                    report.stopped = true;
                    break;
                }
                Err(error) if concerns_one(error.code) => report.left.push(failed(id, &error)),
                Err(error) => return Err(error),
            }
        }
        Ok(report)
    }

    /// Reads every version of the source, as a copy would, and compares each with its hash. Writes nothing.
    ///
    /// # Errors
    /// As [`CharacterStorage::history`]; `cancelled` never: what was read until then is told. What cannot be read is in
    /// [`MigrationReport::left`].
    pub async fn read_source(&self, progress: &dyn Progress, cancel: &Cancel) -> Result<MigrationReport> {
        let mut meter = Meter::new(progress, self.from.statistics().await?.versions);
        let mut report = MigrationReport::default();
        let (changes, _) = feed(&*self.from, 0).await?;
        for Change { character: id, .. } in changes.iter().filter(|change| !change.erased) {
            let source = Whole::read(&*self.from, id).await?;
            meter.at(Doing::Reading, &source);
            match copy::read(&*self.from, &source, cancel, &mut meter).await {
                Ok(verified) => {
                    report.characters += u64::from(!source.is_empty());
                    report.versions += verified;
                    report.verified += verified;
                }
                Err(error) if error.code == Code::Cancelled => {
                    report.stopped = true;
                    break;
                }
                Err(error) if concerns_one(error.code) => report.left.push(failed(id, &error)),
                Err(error) => return Err(error),
            }
        }
        Ok(report)
    }

    /// Takes away at the source what the target has: each character right after it was read back from there, document by
    /// document, and only if nobody wrote to it since. This cannot be undone; it is for after the player said so.
    ///
    /// # Errors
    /// `invalid_argument` when both turn out to be one store; `store_read_only` and whatever else keeps the source from being
    /// written to. A character that is not wholly at the target is in [`Released::left`].
    pub async fn release(&self, progress: &dyn Progress, cancel: &Cancel) -> Result<Released> {
        self.prove_apart().await?;
        let mut meter = Meter::new(progress, self.from.statistics().await?.versions);
        let mut released = Released::default();
        let (changes, _) = feed(&*self.from, 0).await?;
        for Change { character: id, .. } in changes.iter().filter(|change| !change.erased) {
            match self.release_one(id, cancel, &mut meter).await {
                Ok(None) => {}
                Ok(Some(versions)) => {
                    released.characters += 1;
                    released.versions += versions;
                }
                Err(error) if error.code == Code::Cancelled => {
                    released.stopped = true;
                    break;
                }
                Err(error) if error.code == Code::Conflict || concerns_one(error.code) => {
                    released.left.push(failed(id, &error));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(released)
    }

    async fn release_one(
        &self,
        id: &CharacterId,
        cancel: &Cancel,
        meter: &mut Meter<'_>,
    ) -> Result<Option<u64>> {
        let source = Whole::read(&*self.from, id).await?.brought_to(&*self.to);
        if source.is_empty() {
            return Ok(None);
        }
        let versions = verify::verify(id, (&source, &*self.to), |_| Demand::Contained, cancel, meter).await?;
        let expect = source.revision().map_or(Expect::Absent, Expect::Revision);
        let act = source
            .index
            .as_ref()
            .map_or_else(|| Act::new(AuditAction::Migrate), |index| Act::of(AuditAction::Migrate, index));
        let act = act.about("released").count("versions", versions);
        let mut transaction = self.from.begin().await?;
        transaction.write(self.noted(Write::Erase { character: id.clone(), expect }, act)).await?;
        transaction.commit().await?;
        Ok(Some(versions))
    }

    /// Two addresses may name one store: a commit at the source must not be felt at the target, or a release would take away
    /// the only copy.
    async fn prove_apart(&self) -> Result<()> {
        let (source, target) = (self.from.revision().await?, self.to.revision().await?);
        // Taking away a place that nobody has changes nothing, and is a commit also where an empty one is none.
        let nobody = Write::Member { campaign: String::new(), user: String::new(), role: None };
        let mut transaction = self.from.begin().await?;
        transaction.write(self.noted(nobody, Act::new(AuditAction::Member))).await?;
        let risen = transaction.commit().await? > source;
        if risen && self.to.revision().await? == target {
            return Ok(());
        }
        Err(Error::new(Code::InvalidArgument, "Both addresses may name the same library, or it is in use.")
            .kept("Nothing was taken away.")
            .hint("Close every other program that uses the new library, and try again."))
    }

    /// The places in campaigns that say something else at the target.
    async fn members_left(&self) -> Result<Vec<Left>> {
        let there = self.to.members().await?;
        let differs = |member: Member| {
            let is_same = there.contains(&member);
            (!is_same).then(|| Left {
                character: None,
                code: "differs".to_owned(),
                message: format!(
                    "{} has another place in {:?} in the new library. It was left as it is.",
                    member.user, member.campaign
                ),
            })
        };
        Ok(self.from.members().await?.into_iter().filter_map(differs).collect())
    }

    /// The places in campaigns that the target lacks. One that says something else there is left alone, but in a backup.
    async fn members_to_write(&self, backup: bool) -> Result<Vec<Member>> {
        let there = self.to.members().await?;
        let is_missing = |member: &Member| {
            let same =
                there.iter().find(|other| other.campaign == member.campaign && other.user == member.user);
            same.is_none_or(|other| backup && other.role != member.role)
        };
        Ok(self.from.members().await?.into_iter().filter(is_missing).collect())
    }

    /// The settings that go along and say something else at the target.
    async fn settings_left(&self) -> Result<Vec<Left>> {
        let there = self.to.settings().await?;
        let differs = |setting: &Setting| {
            let same = there.iter().find(|other| other.key == setting.key);
            setting.goes_along() && same.and_then(|other| other.value.as_ref()) != setting.value.as_ref()
        };
        let left = |setting: Setting| Left {
            character: None,
            code: "differs".to_owned(),
            message: format!(
                "What is set under {} is another thing in the new library. It was left as it is.",
                setting.key
            ),
        };
        Ok(self.from.settings().await?.into_iter().filter(differs).map(left).collect())
    }

    /// The settings that go along and that the target never had; in a backup, also those that say something else there.
    async fn settings_to_write(&self, backup: bool) -> Result<Vec<Write>> {
        let there = self.to.settings().await?;
        let write = |setting: Setting| match there.iter().find(|other| other.key == setting.key) {
            None => Some(Write::Setting { setting, expect: Expect::Absent }),
            Some(other) if backup && other.value != setting.value => {
                let revision = setting.revision.max(other.revision + 1);
                let setting = Setting { revision, ..setting };
                Some(Write::Setting { setting, expect: Expect::Revision(other.revision) })
            }
            Some(_) => None,
        };
        let own = self.from.settings().await?.into_iter().filter(Setting::goes_along);
        Ok(own.filter_map(write).collect())
    }
}

/// What became of one character in this run.
#[derive(Debug)]
enum Outcome {
    /// It is at the target.
    There {
        versions: u64,
        written: u64,
        verified: u64,
    },
    Left(Left),
}

/// One migration under way.
struct Run<'m> {
    migrator: &'m StorageMigrator,
    options: &'m MigrationOptions,
    cancel: &'m Cancel,
    copier: Copier<'m>,
    meter: Meter<'m>,
    characters: BTreeMap<CharacterId, Outcome>,
    /// How often a character was tried again.
    tries: BTreeMap<CharacterId, u32>,
    members: u64,
    /// Up to where the source was followed.
    revision: u64,
}

impl Run<'_> {
    /// Copies and verifies what changed at the source, until nothing does.
    async fn follow(&mut self) -> Result<()> {
        let (mut changes, mut since) = feed(&*self.migrator.from, self.revision).await?;
        let mut again = BTreeSet::new();
        for _ in 0..ROUNDS {
            let mut ids = std::mem::take(&mut again);
            let (erased, written): (Vec<_>, Vec<_>) = changes.into_iter().partition(|change| change.erased);
            ids.extend(written.into_iter().map(|change| change.character));
            self.copy_shared().await?;
            for Change { character: id, .. } in &erased {
                ids.remove(id);
                self.follow_erasure(id).await?;
            }
            again = self.copy_all(&ids).await?;
            self.verify_all(&ids, &mut again).await?;
            (changes, since) = feed(&*self.migrator.from, since).await?;
            if changes.is_empty() && again.is_empty() {
                self.revision = since;
                return Ok(());
            }
        }
        again.extend(changes.into_iter().map(|change| change.character));
        for id in again {
            let error = Error::new(Code::Conflict, format!("{id} is written to all the time."))
                .hint("Migrate again when the other programs are done.");
            self.characters.insert(id.clone(), Outcome::Left(failed(&id, &error)));
        }
        Ok(())
    }

    /// What belongs to no character: places in campaigns, and what is set for the library.
    async fn copy_shared(&mut self) -> Result<()> {
        let members = self.migrator.members_to_write(self.options.backup).await?;
        let settings = self.migrator.settings_to_write(self.options.backup).await?;
        if members.is_empty() && settings.is_empty() {
            return Ok(());
        }
        self.members += members.len() as u64;
        let write = |member: Member| Write::Member {
            campaign: member.campaign,
            user: member.user,
            role: Some(member.role),
        };
        self.copier.note(Act::new(AuditAction::Member).count("members", members.len() as u64));
        self.copier.write(members.into_iter().map(write).chain(settings).collect()).await?;
        self.copier.commit().await
    }

    /// A half of a character that this run copied goes with it; of a whole one, the player decides.
    async fn follow_erasure(&mut self, id: &CharacterId) -> Result<()> {
        self.characters.remove(id);
        let target = Whole::look(&*self.migrator.to, id).await?.brought_to(&*self.migrator.to);
        if target.is_empty() {
            return Ok(());
        }
        let is_our_half = target.index.is_none() && self.copier.stance(id, &target) == Stance::Ours;
        if is_our_half || self.options.erase_gone {
            return self.copier.erase(id, &target).await;
        }
        let item = gone(id, &target);
        self.leave(id, item.action, item.reason);
        Ok(())
    }

    /// Gives those that must be tried again.
    async fn copy_all(&mut self, ids: &BTreeSet<CharacterId>) -> Result<BTreeSet<CharacterId>> {
        let mut again = BTreeSet::new();
        for id in ids {
            self.cancel_if_asked().await?;
            let copied = self.copier.copy(id, &mut self.meter).await;
            match copied {
                Ok(copied) => self.note(id, copied),
                Err(error) => {
                    again.append(&mut self.copier.give_up());
                    self.judge(id, error, &mut again)?;
                }
            }
        }
        if let Err(error) = self.copier.commit().await {
            again.append(&mut self.copier.give_up());
            if error.code != Code::Conflict {
                return Err(error);
            }
        }
        Ok(again)
    }

    /// Between two characters, what is copied is made to stay before the work ends.
    async fn cancel_if_asked(&mut self) -> Result<()> {
        if self.cancel.is_cancelled() {
            self.copier.commit().await?;
        }
        self.cancel.check()
    }

    /// Whether an error ends the whole, one character, or only this try.
    fn judge(&mut self, id: &CharacterId, error: Error, again: &mut BTreeSet<CharacterId>) -> Result<()> {
        again.remove(id);
        let tries = self.tries.entry(id.clone()).or_default();
        *tries += 1;
        match error.code {
            Code::Conflict | Code::VersionNotFound if *tries < TRIES => {
                again.insert(id.clone());
            }
            code if code == Code::Conflict || concerns_one(code) => {
                self.characters.insert(id.clone(), Outcome::Left(failed(id, &error)));
            }
            _ => return Err(error),
        }
        Ok(())
    }

    fn note(&mut self, id: &CharacterId, copied: Copied) {
        let Copied { decision, versions, written } = copied;
        match decision.action {
            Action::Copy | Action::UpToDate => {
                let before = match self.characters.get(id) {
                    Some(Outcome::There { written, .. }) => *written,
                    _ => 0,
                };
                let written = (before + written).min(versions);
                self.characters.insert(id.clone(), Outcome::There { versions, written, verified: 0 });
            }
            Action::Incomplete if decision.want.is_empty() => {
                self.characters.remove(id);
            }
            action => self.leave(id, action, decision.reason),
        }
    }

    fn leave(&mut self, id: &CharacterId, action: Action, message: String) {
        let code = match action {
            Action::Newer => "newer",
            Action::Differs => "differs",
            Action::Incomplete => "incomplete",
            Action::Gone => "gone",
            Action::Copy | Action::UpToDate => "failed",
        };
        let left = Left { character: Some(id.clone()), code: code.to_owned(), message };
        self.characters.insert(id.clone(), Outcome::Left(left));
    }

    async fn verify_all(
        &mut self,
        ids: &BTreeSet<CharacterId>,
        again: &mut BTreeSet<CharacterId>,
    ) -> Result<()> {
        for id in ids.iter().filter(|id| !again.contains(*id)).cloned().collect::<Vec<_>>() {
            let Some(Outcome::There { .. }) = self.characters.get(&id) else { continue };
            match self.verify_one(&id).await {
                Ok(count) => {
                    if let Some(Outcome::There { verified, .. }) = self.characters.get_mut(&id) {
                        *verified = count;
                    }
                }
                // Somebody wrote to it between the copy and this look: the feed tells so, and it comes again.
                Err(error) => self.judge(&id, error, again)?,
            }
        }
        Ok(())
    }

    async fn verify_one(&mut self, id: &CharacterId) -> Result<u64> {
        let Self { migrator, copier, meter, cancel, .. } = self;
        let source = Whole::read(&*migrator.from, id).await?.brought_to(&*migrator.to);
        meter.at(Doing::Comparing, &source);
        let written = copier.written(id);
        let demand = |target: &Whole| Demand::Same(written.stance(target));
        verify::verify(id, (&source, &*migrator.to), demand, cancel, meter).await
    }

    fn report(self, stopped: bool) -> MigrationReport {
        let mut report = MigrationReport {
            members: self.members,
            revision: self.revision,
            stopped,
            ..MigrationReport::default()
        };
        for outcome in self.characters.into_values() {
            match outcome {
                Outcome::There { versions, written, verified } => {
                    report.characters += 1;
                    report.versions += versions;
                    report.verified += verified;
                    report.skipped += versions - written;
                }
                Outcome::Left(left) => report.left.push(left),
            }
        }
        report
    }
}

/// Everything that happened at a store since a revision, and the revision to go on from.
async fn feed(storage: &dyn CharacterStorage, since: u64) -> Result<(Vec<Change>, u64)> {
    let (mut all, mut since) = (Vec::new(), since);
    loop {
        let page = storage.changes_since(since, FEED).await?;
        all.extend(page.changes);
        since = page.revision;
        if !page.more {
            return Ok((all, since));
        }
    }
}

/// A character that was erased at the source and is still at the target.
fn gone(id: &CharacterId, target: &Whole) -> PlanItem {
    PlanItem {
        character: id.clone(),
        name: target.index.as_ref().map(|index| index.name.clone()),
        action: Action::Gone,
        reason: "It was erased in the old library and is still in the new one.".to_owned(),
        versions: 0,
        documents: 0,
        bytes: 0,
    }
}

/// Whether an error is about one character, so that the others can go on.
fn concerns_one(code: Code) -> bool {
    use Code::{AccessDenied, Internal, InvalidArgument, StoreDamaged, VersionNotFound};
    matches!(code, AccessDenied | InvalidArgument | Internal | StoreDamaged | VersionNotFound)
}

fn failed(id: &CharacterId, error: &Error) -> Left {
    let code = serde_json::to_value(error.code).ok().and_then(|code| code.as_str().map(str::to_owned));
    let words = std::iter::once(&error.message).chain(&error.kept).chain(&error.hint);
    let message = words.map(String::as_str).collect::<Vec<_>>().join(" ");
    Left { character: Some(id.clone()), code: code.unwrap_or_default(), message }
}

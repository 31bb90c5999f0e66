//! `retention`, `archive` and `anonymise`: what becomes of the old.

use std::fmt::Write as _;

use backstory_core::{
    api::{
        App,
        app::Empty,
        archiving::{self, ArchiveGet, anonymise_plan, archive_plan},
        character::CharacterGet,
        retention::{
            RetentionDone, RetentionGet, RetentionSet, RetentionView, retention_get, retention_plan,
            retention_run, retention_set,
        },
    },
    archive::{ArchivePlan, ArchiveReport},
    error::{Code, Error, Result},
    job::Silent,
    privacy::anonymise::{AnonymisePlan, Anonymised},
    retention::{
        DropReason, HeldBy, KeepReason, Preset, RetentionPlan, RetentionPolicy, Warning, WarningCode,
    },
};
use clap::{Args, Subcommand, ValueEnum};
use jiff::Timestamp;
use serde::Serialize;

use crate::{
    commands::stoppable,
    erasing,
    print::{self, Bar, bytes, count, table},
};

/// What can be done about keeping.
#[derive(Debug, Subcommand)]
pub(crate) enum RetentionCommand {
    /// The policy that holds.
    Show,
    /// Set the policy of the library, or of one character. Nothing goes by that alone.
    Set(Box<PolicyArgs>),
    /// What would stay, move into the archive and go, and why. Nothing is changed.
    Plan {
        /// Ids, or names where only one has it. Without any: all.
        characters: Vec<String>,
        /// At this time, with nothing captured until then.
        #[arg(long, value_name = "TIME")]
        at: Option<Timestamp>,
    },
    /// Let go what the plan lets go. There is no way back.
    Apply {
        /// Ids, or names where only one has it. Without any: all.
        characters: Vec<String>,
        /// By this time, which has come.
        #[arg(long, value_name = "TIME")]
        at: Option<Timestamp>,
        /// This computer's clock is right, though the library has not seen this time come.
        #[arg(long)]
        clock_is_right: bool,
    },
}

/// A policy by name.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum PresetArg {
    /// Nothing ever goes.
    Everything,
    /// All for 30 days, one a day until 90, one a week until 365, one a month for ever, at most 100.
    Thinned,
    /// All for 7 days, one a day until 30, one a week until 90, one a month for ever, at most 50; archived after 90.
    Small,
}

impl From<PresetArg> for Preset {
    fn from(preset: PresetArg) -> Self {
        match preset {
            PresetArg::Everything => Self::Everything,
            PresetArg::Thinned => Self::Thinned,
            PresetArg::Small => Self::Small,
        }
    }
}

/// A number, or none of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limit(Option<u32>);

fn limit(text: &str) -> Result<Limit, String> {
    match text {
        "none" => Ok(Limit(None)),
        text => {
            text.parse().map(|number| Limit(Some(number))).map_err(|_| "a whole number, or none".to_owned())
        }
    }
}

/// What a policy is changed to. What is not named stays; `none` takes a rule away.
#[derive(Debug, Args)]
pub(crate) struct PolicyArgs {
    /// For this character alone: an id, or a name where only one has it.
    #[arg(long)]
    character: Option<String>,
    /// Begin with this one.
    #[arg(long, value_enum)]
    preset: Option<PresetArg>,
    /// Keep every version that is not older.
    #[arg(long, value_name = "DAYS", value_parser = limit)]
    keep_all_days: Option<Limit>,
    /// Until this age, keep the last version of each day.
    #[arg(long, value_name = "DAYS", value_parser = limit)]
    daily_until_days: Option<Limit>,
    /// Until this age, keep the last version of each week.
    #[arg(long, value_name = "DAYS", value_parser = limit)]
    weekly_until_days: Option<Limit>,
    /// Keep the last version of each month for ever.
    #[arg(long, value_name = "BOOL")]
    monthly_forever: Option<bool>,
    /// At most so many of one character, whatever the other rules say.
    #[arg(long, value_name = "COUNT", value_parser = limit)]
    max_versions: Option<Limit>,
    /// At most so many megabytes of documents in the library.
    #[arg(long, value_name = "MB", value_parser = limit)]
    max_total_size_mb: Option<Limit>,
    /// Move what is older into the archive.
    #[arg(long, value_name = "DAYS", value_parser = limit)]
    archive_after_days: Option<Limit>,
    /// Let go what is older, whichever rule keeps it.
    #[arg(long, value_name = "DAYS", value_parser = limit)]
    auto_delete_after_days: Option<Limit>,
    /// Instead of that, take name, notes and account out of characters that nobody looked at for so long.
    #[arg(long, value_name = "BOOL")]
    anonymise_instead_of_delete: Option<bool>,
    /// The zone of days, weeks and months: Europe/Berlin, UTC, …
    #[arg(long)]
    zone: Option<String>,
    /// Take the word back: the character as its library, the library as the configuration.
    #[arg(long, conflicts_with_all = ["preset", "keep_all_days", "daily_until_days", "weekly_until_days", "monthly_forever",
        "max_versions", "max_total_size_mb", "archive_after_days", "auto_delete_after_days", "anonymise_instead_of_delete", "zone"])]
    reset: bool,
}

impl PolicyArgs {
    /// The policy after the change, where one is named.
    fn over(&self, before: RetentionPolicy) -> Option<RetentionPolicy> {
        let begin = self.preset.map_or(before, |preset| Preset::from(preset).policy());
        let number = |change: Option<Limit>, was: Option<u32>| change.map_or(was, |Limit(value)| value);
        let after = RetentionPolicy {
            keep_all_days: number(self.keep_all_days, begin.keep_all_days),
            daily_until_days: number(self.daily_until_days, begin.daily_until_days),
            weekly_until_days: number(self.weekly_until_days, begin.weekly_until_days),
            monthly_forever: self.monthly_forever.unwrap_or(begin.monthly_forever),
            max_versions_per_character: number(self.max_versions, begin.max_versions_per_character),
            max_total_size_mb: number(self.max_total_size_mb, begin.max_total_size_mb),
            archive_after_days: number(self.archive_after_days, begin.archive_after_days),
            auto_delete_after_days: number(self.auto_delete_after_days, begin.auto_delete_after_days),
            anonymise_instead_of_delete: self
                .anonymise_instead_of_delete
                .unwrap_or(begin.anonymise_instead_of_delete),
        };
        (self.preset.is_some() || after != before).then_some(after)
    }
}

/// A plan that was carried out, and what came of it.
#[derive(Debug, Serialize)]
struct Applied {
    #[serde(flatten)]
    plan: RetentionPlan,
    done: RetentionDone,
}

/// Does one of them.
pub(crate) async fn run(app: &App, what: RetentionCommand, json: bool, quiet: bool) -> Result<()> {
    match what {
        RetentionCommand::Show => print::result(json, &retention_get(app, Empty {}, &Silent).await?, shown),
        RetentionCommand::Set(change) => print::result(json, &set(app, *change).await?, shown),
        RetentionCommand::Plan { characters, at } => {
            let request = RetentionGet { characters, at, ..RetentionGet::default() };
            print::result(json, &retention_plan(app, request, &Silent).await?, planned)
        }
        RetentionCommand::Apply { characters, at, clock_is_right } => {
            let request = RetentionGet { characters, at, ..RetentionGet::default() };
            let bar = Bar::new(quiet || json);
            let work = retention_run(app, request, clock_is_right, &bar);
            let (plan, done) = stoppable(app, work).await.map_err(|error| match error.code {
                Code::ClockDoubtful => error.hint("Set the clock, or say --clock-is-right."),
                _ => error,
            })?;
            bar.finish();
            print::result(json, &Applied { plan, done }, applied)
        }
    }
}

async fn set(app: &App, change: PolicyArgs) -> Result<RetentionView> {
    let view = retention_get(app, Empty {}, &Silent).await?;
    let mut before = view.policy;
    if let Some(character) = &change.character {
        let id = app.library()?.find(character).await?.id;
        // The size of the library is not the character's to say.
        before = RetentionPolicy { max_total_size_mb: None, ..before };
        if let Some(own) = view.characters.iter().find(|entry| entry.character == id) {
            before = own.policy;
        }
    }
    let policy = change.over(before);
    if policy.is_none() && change.zone.is_none() && !change.reset {
        return Err(Error::new(Code::InvalidArgument, "There is nothing to set.")
            .hint("Name what is to hold, as in `--preset thinned` or `--keep-all-days 30`."));
    }
    let request = RetentionSet { character: change.character, policy, zone: change.zone };
    retention_set(app, request, &Silent).await
}

fn shown(view: &RetentionView) -> String {
    let source = if view.own { "set for this library" } else { "nobody set another one for this library" };
    let mut out = format!("{}; {source}. Days end as they do in {}.\n", words(&view.policy), view.zone);
    for entry in &view.characters {
        let _ = writeln!(out, "{}: {}.", entry.name, words(&entry.policy));
    }
    out
}

/// A policy in words.
fn words(policy: &RetentionPolicy) -> String {
    let days = |days: u32| count(days.into(), "day", "days");
    let mut parts = Vec::new();
    parts.extend(policy.keep_all_days.map(|n| format!("all versions for {}", days(n))));
    parts.extend(policy.daily_until_days.map(|n| format!("one a day until {}", days(n))));
    parts.extend(policy.weekly_until_days.map(|n| format!("one a week until {}", days(n))));
    parts.extend(policy.monthly_forever.then(|| "one a month for ever".to_owned()));
    if parts.is_empty() {
        parts.push("every version, whatever its age".to_owned());
    }
    parts.extend(policy.max_versions_per_character.map(|n| format!("at most {n} of one character")));
    parts.extend(policy.max_total_size_mb.map(|n| format!("at most {n} MB in all")));
    parts.extend(policy.archive_after_days.map(|n| format!("archived after {}", days(n))));
    let end = match policy.anonymise_instead_of_delete {
        true => "characters anonymised after",
        false => "nothing older than",
    };
    parts.extend(policy.auto_delete_after_days.map(|n| format!("{end} {}", days(n))));
    format!("Kept: {}", parts.join(", "))
}

fn planned(plan: &RetentionPlan) -> String {
    let mut rows = Vec::new();
    for version in &plan.drop {
        let name = format!("v{}", version.version);
        rows.push(vec![
            version.character.to_string(),
            name,
            "goes".to_owned(),
            drop_words(version.reason).to_owned(),
        ]);
    }
    for version in &plan.archive {
        let why = version.reasons.iter().map(|reason| keep_words(*reason)).collect::<Vec<_>>().join(", ");
        rows.push(vec![
            version.character.to_string(),
            format!("v{}", version.version),
            "archive".to_owned(),
            why,
        ]);
    }
    let mut out = table(&rows);
    out += &counted(plan);
    for due in &plan.anonymise {
        let _ = writeln!(out, "{} loses what tells of its player.", due.character);
    }
    plan.warnings.iter().for_each(|warning| out += &warned(warning));
    if let Some(held) = plan.held {
        let (now, seen) = (held.now.strftime("%Y-%m-%d"), held.seen.strftime("%Y-%m-%d"));
        let why = match held.by {
            HeldBy::ClockAhead => {
                format!("the clock says {now}, and the library has seen no later day than {seen}")
            }
            HeldBy::ClockBehind => format!("the clock says {now}, and the library has seen {seen} already"),
        };
        let _ = writeln!(out, "It waits: {why}. `backstory retention apply --clock-is-right` goes on.");
    }
    out
}

fn counted(plan: &RetentionPlan) -> String {
    let kept = count((plan.keep.len() + plan.archive.len()) as u64, "version stays", "versions stay");
    let gone = count(plan.drop.len() as u64, "goes", "go");
    format!("{kept}, {} of them in the archive; {gone}.\n", plan.archive.len())
}

fn applied(applied: &Applied) -> String {
    let done = &applied.done;
    let mut out = count(done.dropped, "version went", "versions went") + ".\n";
    if done.spared > 0 {
        let _ = writeln!(out, "{} since the plan was made.", count(done.spared, "was spared", "were spared"));
    }
    applied.plan.warnings.iter().for_each(|warning| out += &warned(warning));
    out
}

fn warned(warning: &Warning) -> String {
    let whose = warning.character.as_ref().map(|id| format!("{id}: ")).unwrap_or_default();
    let versions = count(warning.count, "version", "versions");
    let what = match warning.code {
        WarningCode::CountBites => {
            format!("the greatest number takes {versions} that the rules of age would keep")
        }
        WarningCode::CountUnreachable => {
            format!("{versions} stay though that is too many: the others may not go")
        }
        WarningCode::SizeBites => {
            format!("the greatest size takes {versions} that every other rule would keep")
        }
        WarningCode::SizeUnreachable => {
            format!("{} stay though that is too much: the others may not go", bytes(warning.count))
        }
        WarningCode::Future => {
            format!("{versions} bear a time that has not come; they stay and do not count")
        }
        WarningCode::Marked => {
            format!("it is not anonymised, since {versions} of it are pinned, named or noted")
        }
    };
    format!("{whose}{what}.\n")
}

fn drop_words(reason: DropReason) -> &'static str {
    match reason {
        DropReason::NotLastOfDay => "a later one of the same day stays",
        DropReason::NotLastOfWeek => "a later one of the same week stays",
        DropReason::NotLastOfMonth => "a later one of the same month stays",
        DropReason::TooOld => "no rule reaches back so far",
        DropReason::PastDeletion => "older than anything may be",
        DropReason::OverCount => "there are too many",
        DropReason::OverSize => "they take too much room",
    }
}

fn keep_words(reason: KeepReason) -> &'static str {
    match reason {
        KeepReason::Newest => "the newest",
        KeepReason::Oldest => "the oldest",
        KeepReason::Pinned => "pinned",
        KeepReason::Tagged => "named",
        KeepReason::Noted => "noted",
        KeepReason::Open => "on an open screen",
        KeepReason::Future => "of a time that has not come",
        KeepReason::Unlimited => "no rule of age",
        KeepReason::Recent => "young",
        KeepReason::Daily => "the last of its day",
        KeepReason::Weekly => "the last of its week",
        KeepReason::Monthly => "the last of its month",
    }
}

/// Moves versions into the archive, or out of it.
pub(crate) async fn archive(
    app: &App,
    request: ArchiveGet,
    dry_run: bool,
    json: bool,
    quiet: bool,
) -> Result<()> {
    if dry_run {
        return print::result(json, &archive_plan(app, request, &Silent).await?, moving);
    }
    let restore = request.restore;
    let bar = Bar::new(quiet || json);
    let report = stoppable(app, archiving::archive(app, request, &bar)).await?;
    bar.finish();
    print::result(json, &report, if restore { taken_back } else { archived })
}

fn moving(plan: &ArchivePlan) -> String {
    let row = |version: &backstory_core::archive::MovedVersion| {
        let captured = version.captured_at.strftime("%Y-%m-%d %H:%M").to_string();
        vec![version.character.to_string(), format!("v{}", version.version), captured]
    };
    let where_to = if plan.restore { "would come back" } else { "would move into the archive" };
    let versions = count(plan.versions.len() as u64, "version", "versions");
    table(&plan.versions.iter().map(row).collect::<Vec<_>>()) + &format!("{versions} {where_to}.\n")
}

fn archived(report: &ArchiveReport) -> String {
    let moved = count(report.moved, "version", "versions");
    let mut out = format!(
        "{moved} moved into the archive; {} read back.\n",
        count(report.verified, "document", "documents")
    );
    if report.bytes_after < report.bytes_before {
        let _ = writeln!(out, "{} before, {} now.", bytes(report.bytes_before), bytes(report.bytes_after));
    }
    out + &stayed(report)
}

fn taken_back(report: &ArchiveReport) -> String {
    format!("{} came back.\n", count(report.moved, "version", "versions")) + &stayed(report)
}

fn stayed(report: &ArchiveReport) -> String {
    match report.stayed {
        0 => String::new(),
        stayed => {
            format!("{} stayed: gone, damaged or the newest by now.\n", count(stayed, "version", "versions"))
        }
    }
}

/// Takes the player out of a character.
pub(crate) async fn anonymise(
    app: &App,
    character: String,
    dry_run: bool,
    yes: bool,
    json: bool,
    quiet: bool,
) -> Result<()> {
    let plan = anonymise_plan(app, CharacterGet { character }, &Silent).await?;
    if dry_run {
        return print::result(json, &plan, leaving);
    }
    if !yes {
        erasing::ask(&leaving(&plan), "anonymise", "Anonymising")?;
    }
    let bar = Bar::new(quiet || json);
    let request = CharacterGet { character: plan.character.to_string() };
    let done = stoppable(app, archiving::anonymise(app, request, &bar)).await?;
    bar.finish();
    print::result(json, &done, left)
}

fn leaving(plan: &AnonymisePlan) -> String {
    let versions = count(plan.versions, "version", "versions");
    let mut out = format!(
        "{} loses its name, its notes and whatever tells of its player, in {versions}. There is no way back.\n",
        plan.name
    );
    let _ = writeln!(
        out,
        "Beside the documents: names of {}, notes of {}, file names of {}.",
        count(plan.tags, "version", "versions"),
        count(plan.notes, "version", "versions"),
        count(plan.origins, "version", "versions"),
    );
    out.push_str("Levels, numbers, and when it was looked at stay.\n");
    if plan.unreadable > 0 {
        let versions = count(plan.unreadable, "version", "versions");
        let _ = writeln!(out, "{versions} cannot be read: as long as that is so, nothing is done.");
    }
    out
}

fn left(done: &Anonymised) -> String {
    let versions = count(done.versions, "version", "versions");
    format!("It is {} from now on, {}: {versions} written anew and read back.\n", done.name, done.character)
}

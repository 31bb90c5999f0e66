//! How answers look on a terminal.

pub(crate) mod past;
pub(crate) mod standing;

use std::{
    fmt::Write as _,
    io::{IsTerminal, Write as _},
    process::ExitCode,
};

use backstory_core::{
    api::{
        app::VerifyReport,
        character::{CharacterEntry, CharacterList, History, HistoryEntry, SheetView},
        compare::{Comparison, RawComparison},
        export::Exported,
        import::{FileResult, ImportReport, Outcome},
    },
    diff::{Change, ChangeKind, TextOpKind},
    error::{Code, Error, Result},
    history::sentences::classes,
    job::{Progress, ProgressEvent},
    model::Kind,
    sheet::Ability,
    storage::{Recompressed, StorageStatistics},
};
use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

/// Prints a result: one JSON document, or text.
pub(crate) fn result<T: Serialize>(json: bool, value: &T, text: fn(&T) -> String) -> Result<()> {
    let out = if json {
        let out = serde_json::to_string_pretty(value);
        out.map_err(|e| Error::internal("The answer could not be written as JSON.").caused_by(e))? + "\n"
    } else {
        text(value)
    };
    std::io::stdout().lock().write_all(out.as_bytes()).map_err(|e| no_output(&e))
}

/// Says something besides the result.
pub(crate) fn aside(text: &str) {
    let _nobody_reads_it = std::io::stderr().lock().write_all(text.as_bytes());
}

/// Prints why a command failed.
pub(crate) fn failure(json: bool, error: &Error) -> ExitCode {
    if json {
        let body = serde_json::json!({ "error": error });
        let _ = writeln!(std::io::stdout().lock(), "{body:#}");
    } else {
        let _ = writeln!(std::io::stderr().lock(), "{}", explained(error, ""));
    }
    ExitCode::from(if error.code == Code::InvalidArgument { 2 } else { 1 })
}

/// Output that nobody reads any more is no failure worth words.
pub(crate) fn no_output(error: &std::io::Error) -> Error {
    if error.kind() == std::io::ErrorKind::BrokenPipe {
        std::process::exit(0);
    }
    Error::new(Code::StorageFailed, format!("The result could not be written out: {error}."))
}

pub(crate) fn no_runtime(error: &std::io::Error) -> Error {
    Error::new(Code::StorageFailed, format!("The system gave Backstory no room to run: {error}."))
}

/// What happened, what was kept, what to do.
pub(crate) fn explained(error: &Error, indent: &str) -> String {
    let mut out = format!("{indent}{}", error.message);
    for line in error.kept.iter().chain(&error.hint) {
        let _ = write!(out, "\n{indent}{line}");
    }
    out
}

/// Minutes are enough for people; JSON has the exact time.
fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M").to_string()
}

pub(crate) fn count(n: u64, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

/// Rows with columns as wide as their widest cell.
pub(crate) fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let mut widths = vec![0; columns];
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut out = String::new();
    for row in rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            let _ = write!(line, "{cell}{:1$}", "", width - cell.chars().count() + 2);
        }
        let _ = writeln!(out, "{}", line.trim_end());
    }
    out
}

pub(crate) fn import(report: &ImportReport) -> String {
    let mut out = String::new();
    for file in &report.files {
        out += &imported(file);
    }
    out + &totals(report)
}

/// How many files ended in which way.
pub(crate) fn totals(report: &ImportReport) -> String {
    let mut out = String::new();
    let n = |outcome| report.totals.get(&outcome).copied().unwrap_or(0);
    let parts = [
        (Outcome::Added, "new"),
        (Outcome::Changed, "changed"),
        (Outcome::Quiet, "quiet"),
        (Outcome::Identical, "identical"),
        (Outcome::Failed, "failed"),
    ];
    let parts: Vec<String> = parts.iter().map(|(outcome, word)| format!("{} {word}", n(*outcome))).collect();
    let files = count(report.files.len() as u64, "file", "files");
    let _ = writeln!(out, "{files}: {}", parts.join(", "));
    if report.stopped {
        out.push_str("Stopped before the end. What is listed as new, changed or quiet is kept.\n");
    }
    out
}

/// What became of one file; nothing where nothing did.
pub(crate) fn imported(file: &FileResult) -> String {
    let name = file.name.as_deref().unwrap_or_default();
    let version = file.version.unwrap_or_default();
    let told = match file.outcome {
        // Of an export, which brings many versions at once.
        Outcome::Added if file.sentences.is_empty() => {
            format!("new character {name}, up to version {version}")
        }
        Outcome::Changed if file.sentences.is_empty() => format!("{name}: brought what was missing"),
        Outcome::Added => format!("new character {name}: {}", file.sentences.join(". ")),
        Outcome::Changed => format!("{name}, version {version}: {}", file.sentences.join(". ")),
        Outcome::Quiet => format!("{name}, version {version}: nothing a player sees changed"),
        Outcome::Identical => return String::new(),
        Outcome::Failed => match &file.error {
            Some(error) => format!("not imported\n{}", explained(error, "    ")),
            None => "not imported".to_owned(),
        },
    };
    format!("{}: {told}\n", file.path)
}

pub(crate) fn list(list: &CharacterList) -> String {
    if list.characters.is_empty() {
        return "No characters.\n".to_owned();
    }
    let row = |c: &CharacterEntry| {
        vec![
            c.id.to_string(),
            c.name.clone(),
            classes(&c.classes),
            c.campaign.clone().unwrap_or_default(),
            count(c.versions, "version", "versions"),
            time(c.last_changed),
            c.last_sentence.clone().unwrap_or_default(),
        ]
    };
    let mut out = table(&list.characters.iter().map(row).collect::<Vec<_>>());
    let hidden = list.total - list.characters.len() as u64;
    if hidden > 0 {
        let _ = writeln!(out, "and {hidden} more");
    }
    out
}

pub(crate) fn history(history: &History) -> String {
    let mut out = String::new();
    for entry in &history.entries {
        let mark = if entry.landmark { "*" } else { " " };
        let told = match (entry.kind, entry.sentences.as_slice()) {
            (Kind::Quiet, _) => "nothing a player sees changed".to_owned(),
            (_, sentences) => sentences.join(". "),
        };
        let seen = match entry.seen.count {
            0 | 1 => String::new(),
            n => format!(" (seen {n} times until {})", time(entry.seen.last)),
        };
        let _ = writeln!(
            out,
            "{} {mark} v{:<4} {told}{seen}{}",
            time(entry.captured_at),
            entry.version,
            player_marks(entry)
        );
        out.push_str(&note(entry));
    }
    let hidden = history.total - history.entries.len() as u64;
    if hidden > 0 {
        let _ = writeln!(out, "and {hidden} more");
    }
    out
}

pub(crate) fn sheet(sheet: &SheetView) -> String {
    let or = |text: &Option<String>| text.clone().unwrap_or_else(|| "none".to_owned());
    let subclass = |class: &backstory_core::sheet::Class| class.subclass.clone();
    let subclasses: Vec<String> = sheet.classes.iter().filter_map(subclass).collect();
    let hit_points = &sheet.hit_points;
    let parts: Vec<String> =
        sheet.armor_class.parts.iter().map(|part| format!("{} {}", part.label, part.value)).collect();
    let abilities = Ability::ALL.iter().map(|&a| {
        let score = sheet.abilities.get(a);
        format!("{} {score} ({:+})", a.key().to_uppercase(), sheet.abilities.modifier(a))
    });
    let speeds: Vec<String> = sheet.speeds.iter().map(|(kind, feet)| format!("{kind} {feet} ft")).collect();
    let rows = [
        ("Name", format!("{} ({})", sheet.name, sheet.id)),
        ("Version", format!("{}, captured {}", sheet.version, time(sheet.captured_at))),
        ("Class", classes(&sheet.classes)),
        ("Subclass", if subclasses.is_empty() { "none".to_owned() } else { subclasses.join(", ") }),
        ("Species", or(&sheet.species)),
        ("Background", or(&sheet.background)),
        ("Campaign", or(&sheet.campaign)),
        ("Abilities", abilities.collect::<Vec<_>>().join("  ")),
        ("Hit points", format!("{} of {}", hit_points.current, hit_points.max)),
        ("Armor Class", format!("{} ({})", sheet.armor_class.value, parts.join(", "))),
        ("Initiative", format!("{:+}", sheet.initiative.value)),
        ("Proficiency", format!("{:+}", sheet.proficiency_bonus)),
        ("Speed", speeds.join(", ")),
        ("Senses", names(sheet.senses.iter().map(|(sense, feet)| format!("{sense} {feet} ft")))),
        ("Saves", signed(sheet.saves.iter().map(|(ability, n)| (ability.key().to_uppercase(), n.value)))),
        ("Skills", signed(sheet.skill_bonuses.iter().map(|(skill, n)| (skill.clone(), n.value)))),
        ("Passive", names(sheet.passive.iter().map(|(skill, n)| format!("{skill} {}", n.value)))),
        ("Slots", names(sheet.spell_slots.iter().map(slots))),
        ("Spells", names(sheet.spells.iter().map(|spell| spell.name.clone()))),
        ("Inventory", names(sheet.inventory.iter().map(item))),
        ("Feats", names(sheet.feats.iter().map(|feat| feat.name.clone()))),
        ("Features", names(sheet.features.iter().map(|feature| feature.name.clone()))),
    ];
    table(&rows.map(|(label, value)| vec![label.to_owned(), value]))
}

fn signed(numbers: impl Iterator<Item = (String, i32)>) -> String {
    names(numbers.map(|(name, n)| format!("{name} {n:+}")))
}

/// `1st 2 of 4`.
fn slots(slots: &backstory_core::api::character::SlotView) -> String {
    let pact = if slots.pact { "pact " } else { "" };
    let left = slots.max.saturating_sub(slots.used);
    format!("{pact}level {}: {left} of {}", slots.level, slots.max)
}

fn item(item: &backstory_core::api::character::ItemView) -> String {
    if item.quantity == 1 { item.name.clone() } else { format!("{} {}", item.quantity, item.name) }
}

fn names(names: impl Iterator<Item = String>) -> String {
    let names: Vec<String> = names.collect();
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

fn plain(value: &Option<Value>) -> String {
    match value {
        None => "none".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Bool(true)) => "yes".to_owned(),
        Some(Value::Bool(false)) => "no".to_owned(),
        Some(other) => other.to_string(),
    }
}

pub(crate) fn comparison(comparison: &Comparison) -> String {
    let side = |side: &backstory_core::api::compare::Side| {
        format!("{} version {} ({})", side.name, side.version, time(side.captured_at))
    };
    let mut out = format!("{} → {}\n", side(&comparison.from), side(&comparison.to));
    let mut section = None;
    for change in &comparison.changes {
        if section != Some(change.section) {
            section = Some(change.section);
            let _ = writeln!(out, "\n{:?}", change.section);
        }
        let _ = writeln!(out, "  {}", row(change));
    }
    let (counts, folded) = (&comparison.counts, &comparison.folded);
    let (a, r, c, m) = (counts.added, counts.removed, counts.changed, counts.moved);
    let _ = writeln!(out, "\n{a} added, {r} removed, {c} changed, {m} moved");
    if folded.state > 0 {
        let _ = writeln!(out, "{} more that a rest resets (--state shows them)", folded.state);
    }
    out
}

fn row(change: &Change) -> String {
    let label = match &change.attribute {
        Some(attribute) => format!("{} ({attribute})", change.label),
        None => change.label.clone(),
    };
    if let Some(text) = &change.text {
        let told = text.iter().filter(|op| op.op != TextOpKind::Equal).map(|op| match op.op {
            TextOpKind::Insert => format!("{{+{}+}}", op.value),
            _ => format!("[-{}-]", op.value),
        });
        return format!("~ {label}: {}", told.collect::<Vec<_>>().join(" "));
    }
    match change.kind {
        ChangeKind::Added => format!("+ {label}{}", unless_said(&change.label, &change.new)),
        ChangeKind::Removed => format!("- {label}{}", unless_said(&change.label, &change.old)),
        _ => format!("~ {label}: {} → {}", plain(&change.old), plain(&change.new)),
    }
}

/// `: value`, where the value says more than the label.
fn unless_said(label: &str, value: &Option<Value>) -> String {
    let value = plain(value);
    if value == label { String::new() } else { format!(": {value}") }
}

pub(crate) fn raw(comparison: &RawComparison) -> String {
    let mut out = String::new();
    for change in &comparison.changes {
        let text = |value: &Option<String>| value.as_deref().map(short).unwrap_or_default();
        let _ = match change.kind {
            ChangeKind::Added => writeln!(out, "+ {} {}", change.pointer, text(&change.new)),
            ChangeKind::Removed => writeln!(out, "- {} {}", change.pointer, text(&change.old)),
            _ => writeln!(out, "~ {} {} → {}", change.pointer, text(&change.old), text(&change.new)),
        };
    }
    out
}

/// One line of at most 100 characters.
fn short(json: &str) -> String {
    let line: String = json.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(100) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

pub(crate) fn check(report: &VerifyReport) -> String {
    let mut out = String::new();
    for problem in &report.repaired {
        let _ = writeln!(out, "mended: {}: {}", problem.r#where, problem.message);
    }
    for problem in &report.problems {
        let _ = writeln!(out, "{}: {}", problem.r#where, problem.message);
    }
    let checked = &report.checked;
    let what = [
        count(checked.characters, "character", "characters"),
        count(checked.versions, "version", "versions"),
        count(checked.contents, "document", "documents"),
    ];
    let read = if checked.bytes > 0 { ", every document read and compared with its hash" } else { "" };
    let found = match report.problems.len() as u64 {
        0 => "nothing is wrong".to_owned(),
        n => count(n, "problem", "problems"),
    };
    let _ = writeln!(out, "{}{read}: {found}", what.join(", "));
    out
}

pub(crate) fn binned(index: &CharacterEntry) -> String {
    format!(
        "{} is in the bin, with {}. `backstory undelete {}` takes it back.\n",
        index.name,
        count(index.versions, "version", "versions"),
        index.id
    )
}

pub(crate) fn taken_back(index: &CharacterEntry) -> String {
    format!("{} is back, with {}.\n", index.name, count(index.versions, "version", "versions"))
}

/// What the player said of a version.
pub(crate) fn marks(entry: &HistoryEntry) -> String {
    format!("{} v{}{}\n{}", time(entry.captured_at), entry.version, player_marks(entry), note(entry))
}

fn player_marks(entry: &HistoryEntry) -> String {
    let pinned = if entry.pinned { ", pinned" } else { "" };
    let tags: String = entry.tags.iter().map(|tag| format!(", \u{201c}{tag}\u{201d}")).collect();
    let archived = if entry.archived { ", archived" } else { "" };
    format!("{pinned}{tags}{archived}")
}

fn note(entry: &HistoryEntry) -> String {
    let lines = entry.note.iter().flat_map(|note| note.lines());
    lines.map(|line| format!("{:>20}{line}\n", "")).collect()
}

fn statistics(sum: &StorageStatistics) -> String {
    let rows = [
        ("Characters", sum.characters.to_string()),
        ("Versions", sum.versions.to_string()),
        ("Looks", sum.captures.to_string()),
        ("Documents", format!("{}, {} as they came in", sum.contents, bytes(sum.document_bytes))),
        ("Kept in", bytes(sum.encoded_bytes)),
        ("The whole library", bytes(sum.store_bytes)),
    ];
    let keys = sum.keys.iter().map(|key| {
        let of = count(key.characters, "character", "characters");
        vec!["Encrypted".to_owned(), format!("{}, key {}, {of}", key.algorithm, key.id)]
    });
    table(
        &rows.map(|(label, value)| vec![label.to_owned(), value]).into_iter().chain(keys).collect::<Vec<_>>(),
    )
}

pub(crate) fn recompressed(done: &Recompressed) -> String {
    format!(
        "{} of {} stored anew and compared with their hashes: {} before, {} now\n",
        done.rewritten,
        count(done.contents, "document", "documents"),
        bytes(done.bytes_before),
        bytes(done.bytes_after)
    )
}

pub(crate) fn exported(done: &Exported) -> String {
    format!(
        "{}: {}, {}, {}\nSHA-256 {}\n",
        done.file.as_deref().unwrap_or_default(),
        count(done.characters, "character", "characters"),
        count(done.versions, "version", "versions"),
        bytes(done.bytes),
        done.sha256
    )
}

/// A number of bytes for people.
pub(crate) fn bytes(number: u64) -> String {
    #[allow(clippy::cast_precision_loss, reason = "two digits are shown")]
    let value = number as f64;
    match number {
        0..1_000 => format!("{number} B"),
        1_000..1_000_000 => format!("{:.1} kB", value / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", value / 1e6),
        _ => format!("{:.1} GB", value / 1e9),
    }
}

/// Progress on a terminal; nothing in a pipe.
pub(crate) struct Bar(ProgressBar);

impl Bar {
    pub(crate) fn new(hidden: bool) -> Self {
        if hidden || !std::io::stderr().is_terminal() {
            return Self(ProgressBar::hidden());
        }
        let style = ProgressStyle::with_template("{bar:30} {pos} of {len}  {wide_msg}");
        Self(ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar())))
    }

    pub(crate) fn finish(&self) {
        self.0.finish_and_clear();
    }
}

impl Progress for Bar {
    fn report(&self, event: ProgressEvent) {
        match event {
            ProgressEvent::Started { total, .. } => self.0.set_length(total),
            ProgressEvent::Reading { path, .. } => self.0.set_message(path),
            ProgressEvent::Character { name, .. } => self.0.set_message(name),
            ProgressEvent::File { .. } => self.0.inc(1),
            ProgressEvent::Advanced { done, total } => {
                self.0.set_length(total);
                self.0.set_position(done);
            }
            ProgressEvent::Waiting { until } => {
                self.0.set_message(format!("waiting until {} UTC", until.strftime("%H:%M:%S")));
            }
        }
    }
}

//! What can be typed.

use std::path::PathBuf;

use backstory_core::{
    api::{activity::LogForm, export::Form},
    config::Address,
    diff::Section,
    privacy::audit::Action,
    storage::{Compression, Sort},
};
use clap::{Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use jiff::Timestamp;

use crate::encryption::EncryptionCommand;

/// Every version of your D&D characters.
#[derive(Debug, Parser)]
#[command(name = "backstory", version, max_term_width = 100)]
pub(crate) struct Args {
    /// The library: a name out of the configuration, a .sqlite file, or an address. Without it, the one in
    /// BACKSTORY_LIBRARY, else the one the window uses.
    #[arg(long, global = true, value_name = "NAME|PATH|URL", value_parser = address)]
    pub(crate) library: Option<Address>,
    /// The configuration file. Without it, the one in BACKSTORY_CONFIG, else config.toml or config.yaml in the usual place.
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// What opens an encrypted library, its passphrase or its recovery phrase: the first line of this file; - is standard input.
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) unlock: Option<PathBuf>,
    /// Print one JSON document instead of text.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Print results only: no progress.
    #[arg(long, global = true)]
    pub(crate) quiet: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Bring characters in: files, folders, exports of Backstory, or - for standard input.
    Import {
        /// Files, folders, .backstory exports. A folder is imported in the order of capture.
        #[arg(required = true)]
        paths: Vec<PathBuf>,
        /// When these were captured. Without it: the time in the file's name, else the document's own, else the file's.
        #[arg(long, value_name = "TIME")]
        captured_at: Option<Timestamp>,
        /// Only say what would happen.
        #[arg(long)]
        dry_run: bool,
        /// Take the passphrase of encrypted exports from the first line of standard input.
        #[arg(long)]
        decrypt: bool,
    },
    /// Take data along: everything, in a form that Backstory takes back or that other programs read.
    Export {
        /// Ids, or names where only one has it.
        #[arg(required_unless_present = "all", conflicts_with = "all")]
        characters: Vec<String>,
        /// Every character, the bin included.
        #[arg(long)]
        all: bool,
        /// The file to be written. It appears when it is whole.
        #[arg(long, value_name = "FILE")]
        to: PathBuf,
        /// What it looks like.
        #[arg(long, value_enum, default_value_t = FormArg::Backstory)]
        format: FormArg,
        /// Leave out what is personal, to show it to others: account, notes, traits, group. See the guide.
        #[arg(long)]
        redact: bool,
        /// Encrypt it with age; takes the passphrase from the first line of standard input.
        #[arg(long)]
        encrypt: bool,
    },
    /// Fetch characters from D&D Beyond as they are now.
    #[command(after_long_help = backstory_sources::fetch::WORDS)]
    Fetch {
        /// The address of a character's page on D&D Beyond, or the number in it.
        #[arg(required = true, value_name = "ID|URL")]
        characters: Vec<String>,
        /// Agree that D&D Beyond is asked: needed once. What that means is below (`backstory help fetch`).
        #[arg(long)]
        agree: bool,
    },
    /// Let fetch see your private characters: takes your session from standard input and keeps it in the system's keychain.
    Login {
        /// Where.
        #[arg(value_enum)]
        site: Site,
    },
    /// Forget that session.
    Logout {
        /// Where.
        #[arg(value_enum)]
        site: Site,
    },
    /// What you agreed to, since when; and taking it back.
    Consent {
        /// Take it back: nothing is asked there until you agree again. What was fetched stays.
        #[arg(long, value_enum, value_name = "SITE")]
        withdraw: Option<Site>,
    },
    /// Take in what is new or changed in folders, until Ctrl-C.
    Watch {
        /// Folders; those in them are watched too.
        #[arg(required = true, value_name = "FOLDER")]
        folders: Vec<PathBuf>,
        /// Take what is there, then end.
        #[arg(long)]
        once: bool,
    },
    /// The characters.
    List {
        /// The name contains this.
        #[arg(long)]
        name: Option<String>,
        /// Has this class; may be given several times.
        #[arg(long)]
        class: Vec<String>,
        /// Total level, as 3 or 2..5.
        #[arg(long, value_parser = level_range)]
        level: Option<(Option<u32>, Option<u32>)>,
        /// In this campaign.
        #[arg(long)]
        campaign: Option<String>,
        /// Last changed at or after this time.
        #[arg(long, value_name = "TIME")]
        changed_after: Option<Timestamp>,
        /// Last changed before this time.
        #[arg(long, value_name = "TIME")]
        changed_before: Option<Timestamp>,
        /// The order.
        #[arg(long, value_enum, default_value_t = SortArg::Changed)]
        sort: SortArg,
        /// At most so many.
        #[arg(long)]
        limit: Option<u32>,
        /// Leave out so many first.
        #[arg(long, default_value_t = 0)]
        offset: u32,
        /// The bin instead.
        #[arg(long)]
        deleted: bool,
    },
    /// The sheet at a version.
    Show {
        /// An id, or a name where only one has it.
        character: String,
        /// A number, an id, latest, first, ~N (N before the latest) or a date.
        #[arg(long, value_name = "V")]
        version: Option<String>,
    },
    /// What happened, newest first.
    History {
        /// An id, or a name where only one has it.
        character: String,
        /// Also versions in which nothing a player sees changed.
        #[arg(long)]
        quiet_too: bool,
        /// At most so many.
        #[arg(long)]
        limit: Option<u32>,
        /// Leave out so many first.
        #[arg(long, default_value_t = 0)]
        offset: u32,
    },
    /// Two versions side by side: CHARACTER A B, or CHARACTER@A CHARACTER@B.
    Diff {
        /// A character and two versions, or two of CHARACTER@VERSION.
        #[arg(required = true, num_args = 2..=3, value_name = "WHAT")]
        what: Vec<String>,
        /// Only this section of the sheet.
        #[arg(long, value_parser = section)]
        section: Option<Section>,
        /// Also what a rest resets.
        #[arg(long)]
        state: bool,
        /// Every value of the two documents instead of the sheets.
        #[arg(long)]
        raw: bool,
    },
    /// Since when every field of the sheet has its value, and what happened then.
    Blame {
        /// An id, or a name where only one has it.
        character: String,
        /// Only this field: its key, the beginning of one (`inventory`), or its label (`Armor Class`).
        field: Option<String>,
        /// The sheet of this version instead of the latest.
        #[arg(long, value_name = "V")]
        version: Option<String>,
    },
    /// Where words appeared: names, things, spells, features and notes of all versions.
    Search {
        /// The words: all of them, each from its beginning; case and accents do not matter.
        text: String,
        /// Only in this character: an id, or a name where only one has it.
        #[arg(long)]
        character: Option<String>,
        /// Only where each text appeared first, the oldest first.
        #[arg(long)]
        first: bool,
        /// At most so many.
        #[arg(long)]
        limit: Option<u32>,
    },
    /// How level, hit points, Armor Class, abilities, gold, spells and things grew.
    Progress {
        /// An id, or a name where only one has it.
        character: String,
    },
    /// Make an old version the newest again. Everything that is there stays in the history.
    Restore {
        /// An id, or a name where only one has it.
        character: String,
        /// A number, an id, latest, first, ~N (N before the latest) or a date.
        version: String,
    },
    /// Tell every version anew that an older Backstory told.
    Retell {
        /// Every version: where what was told of one is damaged.
        #[arg(long)]
        all: bool,
    },
    /// A version's document, byte for byte, and nothing else.
    Document {
        /// An id, or a name where only one has it.
        character: String,
        /// A number, an id, latest, first, ~N (N before the latest) or a date.
        #[arg(long, value_name = "V")]
        version: Option<String>,
    },
    /// Copy the library to another store and read everything back, or use two stores as one.
    Migrate(crate::migrate::Options),
    /// Look after a library that a group shares on a PostgreSQL server.
    Db {
        #[command(subcommand)]
        what: crate::db::Db,
    },
    /// Look for damage.
    Verify {
        /// Also decode every document and compare it with its hash.
        #[arg(long)]
        read_data: bool,
        /// Mend what can be mended. Never touches a document or a version that can be read.
        #[arg(long)]
        repair: bool,
    },
    /// Work that is done by itself while nobody uses the library: what there is, and doing it now.
    Jobs {
        #[command(subcommand)]
        what: Option<crate::upkeep::JobsCommand>,
    },
    /// How the library and what is around it stands. Exit code 1 where something is critical.
    Health {
        /// Serve what is measured as Prometheus reads it, at the address metrics.listen, until Ctrl-C.
        #[arg(long)]
        serve: bool,
    },
    /// Backups of the library: which there are, making one, bringing one back, trying the newest.
    Backup {
        #[command(subcommand)]
        what: Option<crate::backups::BackupCommand>,
    },
    /// Put a character into the bin: it leaves the list and keeps everything.
    Delete {
        /// An id, or a name where only one has it.
        character: String,
    },
    /// Take a character out of the bin.
    Undelete {
        /// An id, or a name where only one in the bin has it.
        character: String,
    },
    /// Erase a character, or everything, for good: every version, every copy, every trace. Gives a receipt.
    Erase {
        /// An id, or a name where only one has it, in the bin or not.
        #[arg(required_unless_present = "everything", conflicts_with = "everything")]
        character: Option<String>,
        /// Everything Backstory keeps of you on this computer, settings and all.
        #[arg(long)]
        everything: bool,
        /// Only say what would go and what would stay.
        #[arg(long)]
        dry_run: bool,
        /// Do not ask.
        #[arg(long)]
        yes: bool,
        /// Also write the receipt into this file, as JSON. It is kept nowhere else.
        #[arg(long, value_name = "FILE")]
        receipt: Option<PathBuf>,
    },
    /// What was done with the library, newest first; and whether the log of it holds together.
    #[command(after_long_help = crate::auditing::ACTIONS)]
    Audit {
        /// Only what concerns this character: an id, or a name where only one has it, in the bin or not.
        #[arg(long)]
        character: Option<String>,
        /// Only this, say export; may be given several times. The names are below (`backstory help audit`).
        #[arg(long = "action", value_name = "ACTION", value_parser = action)]
        actions: Vec<Action>,
        /// Only from there: window, command, watch, rest.
        #[arg(long)]
        origin: Option<String>,
        /// At or after this time.
        #[arg(long, value_name = "TIME")]
        since: Option<Timestamp>,
        /// Before this time.
        #[arg(long, value_name = "TIME")]
        until: Option<Timestamp>,
        /// At most so many.
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1000))]
        limit: u32,
        /// Only before the entry of this number: the next page.
        #[arg(long, value_name = "N")]
        before: Option<u64>,
        /// Write them into this file instead, oldest first.
        #[arg(long, value_name = "FILE", conflicts_with_all = ["limit", "before"])]
        to: Option<PathBuf>,
        /// What the file looks like.
        #[arg(long, value_enum, default_value_t = LogFormArg::Lines, requires = "to")]
        format: LogFormArg,
        /// Whether no entry was changed, left out or added, and the log goes on from what was last seen on this computer.
        #[arg(long, conflicts_with_all = ["character", "actions", "origin", "since", "until", "to", "verify_receipt"])]
        verify: bool,
        /// Take the log as it is from now on, although it is not the one that was last seen here: after a backup was put back.
        #[arg(long, conflicts_with_all = ["character", "actions", "origin", "since", "until", "to", "verify_receipt", "verify"])]
        accept: bool,
        /// Whether this receipt of an erasure is as it was made.
        #[arg(long, value_name = "FILE")]
        verify_receipt: Option<PathBuf>,
    },
    /// Keep a version for ever.
    Pin {
        /// An id, or a name where only one has it.
        character: String,
        /// A number, an id, latest, first, ~N (N before the latest) or a date.
        version: String,
        /// No longer.
        #[arg(long)]
        off: bool,
    },
    /// Give a version names, or take them away.
    Tag {
        /// An id, or a name where only one has it.
        character: String,
        /// A number, an id, latest, first, ~N (N before the latest) or a date.
        version: String,
        /// Names it gets.
        #[arg(required_unless_present = "remove")]
        names: Vec<String>,
        /// A name it loses; may be given several times.
        #[arg(long, value_name = "NAME")]
        remove: Vec<String>,
    },
    /// Write a note to a version, or take it away.
    Note {
        /// An id, or a name where only one has it.
        character: String,
        /// A number, an id, latest, first, ~N (N before the latest) or a date.
        version: String,
        /// The words. They take the place of those before.
        #[arg(required_unless_present = "remove", conflicts_with = "remove")]
        note: Option<String>,
        /// No note any more.
        #[arg(long)]
        remove: bool,
    },
    /// Move versions into the archive: smaller, and listed and opened like any other.
    Archive {
        /// Ids, or names where only one has it. Without any: all.
        characters: Vec<String>,
        /// Those that are older. Without it: as the policy says; where it says nothing, all but the newest.
        #[arg(long, value_name = "DAYS")]
        older_than: Option<u32>,
        /// Take archived versions back instead.
        #[arg(long, conflicts_with = "older_than")]
        restore: bool,
        /// Only say which.
        #[arg(long)]
        dry_run: bool,
    },
    /// Take the player out of a character for good: names, notes and account go, its history and its numbers stay.
    Anonymise {
        /// An id, or a name where only one has it, in the bin or not.
        character: String,
        /// Only say what would go.
        #[arg(long)]
        dry_run: bool,
        /// Do not ask.
        #[arg(long)]
        yes: bool,
    },
    /// How long versions are kept, what would go by that, and letting it go.
    Retention {
        #[command(subcommand)]
        what: crate::keeping::RetentionCommand,
    },
    /// How much there is, what it takes, and how the cache stands.
    Stats,
    /// Store every document anew, smaller or openable with other tools. Every one is compared with its hash.
    Recompress {
        /// How documents are made small.
        #[arg(long, value_enum, default_value_t = CompressionArg::Zstd)]
        compression: CompressionArg,
        /// How hard it tries, in the compression's own measure.
        #[arg(long)]
        level: Option<i32>,
        /// Keep every document whole, none as its difference from another.
        #[arg(long)]
        whole: bool,
        /// As small as can be, however long it takes.
        #[arg(long, conflicts_with_all = ["compression", "level", "whole"])]
        smallest: bool,
    },
    /// Encryption of the library: on, off, new keys, another passphrase.
    Encryption {
        #[command(subcommand)]
        what: EncryptionCommand,
    },
    /// The configuration: every value, and where it comes from.
    Config {
        #[command(subcommand)]
        what: Option<ConfigCommand>,
    },
    /// Print what lets a shell complete the command: `backstory completions bash > backstory.bash`.
    Completions {
        /// Which shell.
        shell: Shell,
    },
    /// Write the manual into a folder: a page for the command, and one for each of its commands.
    Manual {
        /// The folder, made where it is not there.
        folder: PathBuf,
    },
}

/// What an export looks like.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum FormArg {
    /// Everything, to be imported again.
    Backstory,
    /// Everything, as one JSON document.
    Json,
    /// What happened, to read.
    Markdown,
    /// How the characters grew, for a spreadsheet.
    Csv,
}

impl From<FormArg> for Form {
    fn from(form: FormArg) -> Self {
        match form {
            FormArg::Backstory => Self::Backstory,
            FormArg::Json => Self::Json,
            FormArg::Markdown => Self::Markdown,
            FormArg::Csv => Self::Csv,
        }
    }
}

/// What an export of the audit log looks like.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum LogFormArg {
    /// A line of JSON for each entry, with its hash: everything that verifying takes.
    Lines,
    /// A table, for a spreadsheet.
    Csv,
}

impl From<LogFormArg> for LogForm {
    fn from(form: LogFormArg) -> Self {
        match form {
            LogFormArg::Lines => Self::Lines,
            LogFormArg::Csv => Self::Csv,
        }
    }
}

/// Where a session can be.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Site {
    /// D&D Beyond
    Ddb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// The libraries there are: name, kind, place.
    List,
    /// Write a value into the configuration file. Everything else in the file stays as it is.
    Set {
        /// Which, as in alerts.slow_ms: `backstory config` shows those that hold, docs/configuration.md all of them.
        key: String,
        /// What is to hold. `-` takes the first line of standard input, for what other users of the computer must not see.
        #[arg(allow_hyphen_values = true)]
        value: String,
    },
    /// Take a value out of the configuration file, so that the default holds again.
    Unset {
        /// Which.
        key: String,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum SortArg {
    Name,
    Level,
    Changed,
}

impl From<SortArg> for Sort {
    fn from(sort: SortArg) -> Self {
        match sort {
            SortArg::Name => Self::Name,
            SortArg::Level => Self::Level,
            SortArg::Changed => Self::Changed,
        }
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum CompressionArg {
    None,
    Gzip,
    Zstd,
    Lz4,
}

impl From<CompressionArg> for Compression {
    fn from(compression: CompressionArg) -> Self {
        match compression {
            CompressionArg::None => Self::None,
            CompressionArg::Gzip => Self::Gzip,
            CompressionArg::Zstd => Self::Zstd,
            CompressionArg::Lz4 => Self::Lz4,
        }
    }
}

/// `3`, `2..5`, `2..`, `..5`.
fn level_range(text: &str) -> Result<(Option<u32>, Option<u32>), String> {
    let number = |text: &str| match text {
        "" => Ok(None),
        text => text.parse().map(Some).map_err(|_| format!("{text:?} is not a level; use 3 or 2..5")),
    };
    match text.split_once("..") {
        Some((from, to)) => Ok((number(from)?, number(to)?)),
        None => number(text).map(|level| (level, level)),
    }
}

/// An address may hold a password: it is hidden from here on. The environment is not clap's business, since its help would
/// show what is in there.
pub(crate) fn address(text: &str) -> Result<Address, String> {
    match text.trim() {
        "" => Err("a library has a name, a path or an address".to_owned()),
        _ => Ok(Address::new(text)),
    }
}

fn action(text: &str) -> Result<Action, String> {
    Action::called(text).ok_or_else(|| "not an action; `backstory help audit` names them".to_owned())
}

fn section(text: &str) -> Result<Section, String> {
    serde_json::from_value(text.into()).map_err(|_| {
        "not a section; use identity, abilities, combat, spells, inventory, features, proficiencies, currency, notes or state"
            .to_owned()
    })
}

//! `encryption`, and what opens a library that is encrypted.

use std::{
    collections::BTreeMap,
    fs,
    io::{IsTerminal as _, Write as _},
    path::{Path, PathBuf},
};

use backstory_core::{
    api::{
        App,
        app::Empty,
        encryption::{
            EncryptionStart, Phrase, RelockSet, encryption_get, encryption_off, encryption_phrase,
            encryption_relock, encryption_resume, encryption_start,
        },
    },
    encryption::{Clear, Encryption, EncryptionState, LockKind},
    error::{Code, Error, Result},
    job::Silent,
    storage::Secret,
};
use clap::{Args, Subcommand};
use console::Term;

use crate::{
    commands::stoppable,
    print::{self, Bar, count},
};

#[derive(Debug, Subcommand)]
pub(crate) enum EncryptionCommand {
    /// How far the library is encrypted, with what, and what stays clear in it.
    Status,
    /// Encrypt everything personal in the library. Shows a recovery phrase of 24 words first, and asks for some of them back.
    /// Copies that Backstory made of the library before updates are deleted, since they are not encrypted.
    On(NewKeys),
    /// Encrypt everything anew under new keys, with a new recovery phrase. The old ones open nothing any more.
    Rotate(NewKeys),
    /// Keep everything plain again.
    Off {
        /// Do not ask.
        #[arg(long)]
        yes: bool,
    },
    /// End what was interrupted.
    Resume,
    /// Put the same keys under another passphrase, or under the keychain.
    ChangePassphrase(NewLock),
    /// Open the library with the recovery phrase, and give it a new passphrase, or put it under the keychain.
    Recover(NewLock),
}

/// What is to open the library.
#[derive(Debug, Args)]
pub(crate) struct NewLock {
    /// The keychain of this computer opens it, without anybody typing anything.
    #[arg(long, conflicts_with = "passphrase_file")]
    keychain: bool,
    /// A passphrase opens it: the first line of this file. Without it, it is asked for.
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

/// New keys, and what is to open them.
#[derive(Debug, Args)]
pub(crate) struct NewKeys {
    #[command(flatten)]
    lock: NewLock,
    /// Write the recovery phrase into this new file instead of showing it, where nobody can be asked. Keep it elsewhere than
    /// the library.
    #[arg(long, value_name = "FILE")]
    phrase_to: Option<PathBuf>,
}

impl EncryptionCommand {
    /// Whether the library is opened with the recovery phrase, which is asked for.
    pub(crate) fn recovers(&self) -> bool {
        matches!(self, Self::Recover(_))
    }
}

/// Does it.
pub(crate) async fn run(app: &App, what: EncryptionCommand, json: bool, quiet: bool) -> Result<()> {
    let bar = Bar::new(quiet || json);
    let done = match what {
        EncryptionCommand::Status => encryption_get(app, Empty {}, &Silent).await?,
        EncryptionCommand::On(keys) => start(app, keys, false, &bar).await?,
        EncryptionCommand::Rotate(keys) => start(app, keys, true, &bar).await?,
        EncryptionCommand::Off { yes } => {
            if !yes {
                agree("Everything in the library can be read by anybody who has its file then. Go on?")?;
            }
            stoppable(app, encryption_off(app, Empty {}, &bar)).await?
        }
        EncryptionCommand::Resume => stoppable(app, encryption_resume(app, Empty {}, &bar)).await?,
        EncryptionCommand::ChangePassphrase(lock) | EncryptionCommand::Recover(lock) => {
            let (lock, passphrase) = lock.read()?;
            encryption_relock(app, RelockSet { lock, passphrase }, &bar).await?
        }
    };
    bar.finish();
    print::result(json, &done, told)
}

async fn start(app: &App, keys: NewKeys, renew: bool, bar: &Bar) -> Result<Encryption> {
    // What cannot be done is learnt before anybody writes 24 words down.
    let now = encryption_get(app, Empty {}, &Silent).await?;
    let fits = matches!((now.state, renew), (EncryptionState::Off, false) | (EncryptionState::On, true));
    let (lock, passphrase) = if fits { keys.lock.read()? } else { (LockKind::Keychain, None) };
    let phrase = encryption_phrase(app, Empty {}, &Silent).await?;
    let typed = match (&keys.phrase_to, fits) {
        (_, false) => phrase.ask.iter().map(|&place| (place, phrase.words[place - 1].clone())).collect(),
        (Some(file), _) => written(&phrase, file)?,
        (None, _) => shown(&phrase)?,
    };
    let phrase = Secret::new(phrase.words.join(" "));
    let request = EncryptionStart { renew, lock, passphrase, phrase, typed };
    stoppable(app, encryption_start(app, request, bar)).await
}

impl NewLock {
    fn read(&self) -> Result<(LockKind, Option<Secret>)> {
        if self.keychain {
            return Ok((LockKind::Keychain, None));
        }
        if let Some(file) = &self.passphrase_file {
            return Ok((LockKind::Passphrase, Some(first_line(file)?)));
        }
        if !can_ask() {
            return Err(Error::new(
                Code::PassphraseNeeded,
                "What is to open the library is not said, and nobody can be asked.",
            )
            .kept("Nothing was changed.")
            .hint("Say --keychain, or --passphrase-file with a file whose first line is the passphrase."));
        }
        let words = hidden("New passphrase: ")?;
        if hidden("Once more: ")? != words {
            return Err(
                Error::new(Code::InvalidArgument, "These were two passphrases.").kept("Nothing was changed.")
            );
        }
        Ok((LockKind::Passphrase, Some(words)))
    }
}

/// What opens a library, out of a file: its first line.
///
/// # Errors
/// `file_unreadable`; `passphrase_needed` for an empty one.
pub(crate) fn first_line(file: &Path) -> Result<Secret> {
    let text = match file.as_os_str() == "-" {
        true => {
            let mut line = String::new();
            std::io::stdin().read_line(&mut line).map(|_| line)
        }
        false => fs::read_to_string(file),
    };
    let text = text.map_err(|error| {
        Error::new(Code::FileUnreadable, format!("{} cannot be read: {error}.", file.display()))
            .caused_by(error)
    })?;
    match text.lines().next().map(str::trim).filter(|line| !line.is_empty()) {
        Some(line) => Ok(Secret::new(line)),
        None => {
            Err(Error::new(Code::PassphraseNeeded, format!("There is no passphrase in {}.", file.display()))
                .kept("Nothing was read or written.")
                .hint("Its first line must be the passphrase, or the recovery phrase."))
        }
    }
}

/// Asks for what opens the library, where there is somebody to ask.
pub(crate) fn ask_to_open(why: &Error) -> Option<Result<Secret>> {
    if !can_ask() {
        return None;
    }
    let _ = writeln!(std::io::stderr(), "{why}");
    Some(hidden("Passphrase, or recovery phrase: "))
}

fn can_ask() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

fn hidden(question: &str) -> Result<Secret> {
    let _ = write!(std::io::stderr(), "{question}");
    let line = Term::stderr().read_secure_line();
    line.map(Secret::new)
        .map_err(|e| Error::new(Code::FileUnreadable, "The terminal could not be read.").caused_by(e))
}

fn agree(question: &str) -> Result<()> {
    let refused = |message: &str| {
        Err(Error::new(Code::InvalidArgument, message)
            .kept("Nothing was changed.")
            .hint("Say --yes where nobody can be asked."))
    };
    if !can_ask() {
        return refused("This is asked for once more, and here nobody can be asked.");
    }
    let _ = write!(std::io::stderr(), "{question} [y/N] ");
    let mut line = String::new();
    let read = std::io::stdin().read_line(&mut line);
    match read.is_ok() && ["y", "yes"].contains(&line.trim().to_lowercase().as_str()) {
        true => Ok(()),
        false => refused("You thought better of it."),
    }
}

/// Shows a recovery phrase, and asks for some words of it when it is out of sight.
fn shown(phrase: &Phrase) -> Result<BTreeMap<usize, String>> {
    if !can_ask() {
        return Err(Error::new(
            Code::InvalidArgument,
            "The recovery phrase is shown to somebody, and here is nobody.",
        )
        .kept("Nothing was encrypted.")
        .hint("Say --phrase-to with a new file that the phrase is to be written into."));
    }
    let mut text = "\nYour recovery phrase. Write these 24 words down, on paper, in this order. They are shown once; without them, a\n\
         forgotten passphrase or a new computer means that everything in the library is lost.\n\n"
        .to_owned();
    for (n, word) in (1..).zip(&phrase.words) {
        text += &format!("  {n:2}. {word:<12}{}", if n % 4 == 0 { "\n" } else { "" });
    }
    let term = Term::stderr();
    let lines = text.lines().count() + 1;
    let read = |question: &str| -> Result<String> {
        let _ = write!(std::io::stderr(), "{question}");
        term.read_line()
            .map_err(|e| Error::new(Code::FileUnreadable, "The terminal could not be read.").caused_by(e))
    };
    let _ = write!(std::io::stderr(), "{text}");
    read("Written down? Enter ")?;
    let _ = term.clear_last_lines(lines);
    phrase.ask.iter().map(|&place| Ok((place, read(&format!("Word {place}: "))?))).collect()
}

/// Writes a recovery phrase into a file that nobody else may read, and reads it back from there.
fn written(phrase: &Phrase, file: &Path) -> Result<BTreeMap<usize, String>> {
    let failed = |error: std::io::Error| {
        Error::new(
            Code::StorageFailed,
            format!("The recovery phrase cannot be written to {}: {error}.", file.display()),
        )
        .kept("Nothing was encrypted.")
        .hint("Name a new file in a folder that you may write to.")
        .caused_by(error)
    };
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut out = options.open(file).map_err(failed)?;
    out.write_all((phrase.words.join(" ") + "\n").as_bytes())
        .and_then(|()| out.sync_all())
        .map_err(failed)?;
    let back = fs::read_to_string(file).map_err(failed)?;
    let words: Vec<_> = back.split_whitespace().collect();
    let word = |&place: &usize| Some((place, (*words.get(place - 1)?).to_owned()));
    Ok(phrase.ask.iter().filter_map(word).collect())
}

fn told(now: &Encryption) -> String {
    let state = match now.state {
        EncryptionState::Unsupported => {
            return "A library of this kind cannot be encrypted by Backstory.\n".to_owned();
        }
        EncryptionState::Off => return "The library is not encrypted.\n".to_owned(),
        EncryptionState::On => "The library is encrypted.",
        EncryptionState::Encrypting => {
            "Encrypting the library was interrupted. `backstory encryption resume` ends it."
        }
        EncryptionState::Renewing => {
            "Renewing the keys was interrupted. `backstory encryption resume` ends it."
        }
        EncryptionState::Decrypting => {
            "Decrypting the library was interrupted. `backstory encryption resume` ends it."
        }
    };
    let opened = match now.lock {
        Some(LockKind::Keychain) => "The keychain of this computer opens it, or the recovery phrase.",
        Some(LockKind::Passphrase) => "A passphrase opens it, or the recovery phrase.",
        None => "The recovery phrase opens it.",
    };
    let mut lines = vec![state.to_owned(), opened.to_owned()];
    for key in &now.keys {
        let of = count(key.characters, "character", "characters");
        lines.push(format!("Key {}, {}: {of}.", key.id, key.algorithm));
    }
    let clear: Vec<_> = now.clear.iter().map(|&clear| stays(clear)).collect();
    lines.push(format!("Clear in it: {}.", clear.join("; ")));
    lines.join("\n") + "\n"
}

fn stays(clear: Clear) -> &'static str {
    match clear {
        Clear::Ids => "ids of characters and versions",
        Clear::Times => "when something was captured, edited or deleted",
        Clear::Counts => "how many versions there are, and which changed something",
        Clear::Levels => "levels",
        Clear::Sizes => "how long documents are",
        Clear::Fingerprints => "a fingerprint (BLAKE3) of each document",
        Clear::Settings => "how the library is set up",
    }
}

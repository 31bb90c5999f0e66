//! Encryption at rest: switched on with a recovery phrase that the player has written down, renewed, switched off.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    api::{
        App,
        app::{Empty, overview},
        backup::{back_up_anew, back_up_around},
        opening::{OpenLibrary, Opened, exchange},
    },
    backup::Reason,
    encryption::{Encryption, EncryptionState, KeyChange, Lock, LockKind},
    error::{Code, Error, Result},
    job::{Progress, ProgressEvent},
    storage::Secret,
};

/// A recovery phrase that was made and is not in use.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Phrase {
    /// Its words, in their order.
    pub words: Vec<String>,
    /// The places of words that the player is to type back, counted from 1.
    pub ask: Vec<usize>,
}

/// A library is to be encrypted, or to get new keys.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
pub struct EncryptionStart {
    /// It is encrypted already, and gets new keys.
    #[serde(default)]
    #[cfg_attr(test, ts(as = "Option<bool>"))]
    pub renew: bool,
    /// What opens it.
    pub lock: LockKind,
    /// The words, for [`LockKind::Passphrase`].
    #[serde(default)]
    #[cfg_attr(test, ts(as = "Option<String>"))]
    pub passphrase: Option<Secret>,
    /// The recovery phrase that was shown.
    #[cfg_attr(test, ts(as = "String"))]
    pub phrase: Secret,
    /// What the player typed of it, by the places that were asked for. Without, nothing is encrypted.
    pub typed: BTreeMap<usize, String>,
}

/// The same keys are to be under another lock.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
pub struct RelockSet {
    /// What opens it.
    pub lock: LockKind,
    /// The words, for [`LockKind::Passphrase`].
    #[serde(default)]
    #[cfg_attr(test, ts(as = "Option<String>"))]
    pub passphrase: Option<Secret>,
}

/// A library that is encrypted is to be opened.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct UnlockGet {
    /// The passphrase, or the recovery phrase.
    #[cfg_attr(test, ts(as = "String"))]
    pub words: Secret,
}

/// How many words the player is asked for.
const ASKED: usize = 3;

/// How far the library is encrypted, and with what.
///
/// # Errors
/// As [`CharacterStorage::encryption`](crate::storage::CharacterStorage::encryption).
pub async fn encryption_get(app: &App, _: Empty, _: &dyn Progress) -> Result<Encryption> {
    app.own_library()?.encryption().await
}

/// A new recovery phrase, and which words of it are asked back.
///
/// # Errors
/// As [`CharacterStorage::new_phrase`](crate::storage::CharacterStorage::new_phrase).
pub async fn encryption_phrase(app: &App, _: Empty, _: &dyn Progress) -> Result<Phrase> {
    Ok(Phrase::of(&app.own_library()?.new_phrase()?))
}

impl Phrase {
    /// What is shown of a phrase. Which words are asked back depends on the words, so that it is not always the same ones.
    pub fn of(phrase: &Secret) -> Self {
        let words: Vec<String> = phrase.reveal().split_whitespace().map(str::to_owned).collect();
        let third = words.len().div_ceil(ASKED).max(1);
        let ask = words.chunks(third).enumerate().map(|(n, part)| {
            let sum: usize = part.iter().flat_map(|word| word.bytes()).map(usize::from).sum();
            n * third + sum % part.len() + 1
        });
        Self { ask: ask.collect(), words }
    }

    /// Whether the player has the words on paper.
    ///
    /// # Errors
    /// `invalid_argument`, with the place of the first word that is not right.
    pub fn rehearsed(&self, typed: &BTreeMap<usize, String>) -> Result<()> {
        let is_right = |place: &usize| {
            let word = place.checked_sub(1).and_then(|place| self.words.get(place));
            word.is_some_and(|word| {
                typed.get(place).is_some_and(|typed| typed.trim().eq_ignore_ascii_case(word))
            })
        };
        let Some(place) = self.ask.iter().find(|place| !is_right(place)) else { return Ok(()) };
        Err(Error::new(Code::InvalidArgument, format!("Word {place} of the recovery phrase is another one."))
            .kept("Nothing was encrypted.")
            .hint("Look at what you wrote down. Without it, a forgotten passphrase or a new computer means that everything is lost.")
            .detail("word", *place as u64))
    }
}

/// Encrypts the library, or renews its keys. Can be stopped like an import.
///
/// # Errors
/// `invalid_argument` for words that are not those of the phrase; as
/// [`CharacterStorage::change_keys`](crate::storage::CharacterStorage::change_keys).
pub async fn encryption_start(
    app: &App,
    request: EncryptionStart,
    progress: &dyn Progress,
) -> Result<Encryption> {
    Phrase::of(&request.phrase).rehearsed(&request.typed)?;
    let (lock, phrase) = (lock(request.lock, request.passphrase)?, request.phrase);
    let change = match request.renew {
        true => KeyChange::Renew { lock, phrase },
        false => KeyChange::On { lock, phrase },
    };
    change_keys(app, &change, progress).await
}

/// Takes encryption off.
///
/// # Errors
/// As [`CharacterStorage::change_keys`](crate::storage::CharacterStorage::change_keys).
pub async fn encryption_off(app: &App, _: Empty, progress: &dyn Progress) -> Result<Encryption> {
    change_keys(app, &KeyChange::Off, progress).await
}

/// Ends what was interrupted; nothing where nothing was.
///
/// # Errors
/// As [`CharacterStorage::change_keys`](crate::storage::CharacterStorage::change_keys).
pub async fn encryption_resume(app: &App, _: Empty, progress: &dyn Progress) -> Result<Encryption> {
    change_keys(app, &KeyChange::GoOn, progress).await
}

/// Puts the same keys under another lock.
///
/// # Errors
/// As [`CharacterStorage::change_keys`](crate::storage::CharacterStorage::change_keys).
pub async fn encryption_relock(app: &App, request: RelockSet, progress: &dyn Progress) -> Result<Encryption> {
    let lock = lock(request.lock, request.passphrase)?;
    change_keys(app, &KeyChange::Relock(lock), progress).await
}

/// Opens the library with these words.
pub(super) async fn library_unlock(app: &App, request: UnlockGet, progress: &dyn Progress) -> Result<Opened> {
    app.parts.host.unlock_with(request.words).await;
    let Some(reopened) = app.parts.host.reopen(OpenLibrary::Again).await? else {
        return Ok(Opened::default());
    };
    exchange(app, reopened.storage).await;
    Ok(Opened { overview: Some(overview(app, Empty {}, progress).await?), set_aside: reopened.set_aside })
}

/// Changes the keys of the player's library.
///
/// # Errors
/// As [`CharacterStorage::change_keys`](crate::storage::CharacterStorage::change_keys).
pub async fn change_keys(app: &App, change: &KeyChange, progress: &dyn Progress) -> Result<Encryption> {
    let (library, job) = (app.own_library()?, app.job());
    progress.report(ProgressEvent::Started { job: job.number, total: 0 });
    if matches!(change, KeyChange::On { .. } | KeyChange::Renew { .. } | KeyChange::Off) {
        back_up_before(app, progress).await?;
    }
    let done = library.change_keys(change, progress, &job.cancel).await?;
    if matches!(change, KeyChange::On { .. } | KeyChange::Renew { .. } | KeyChange::GoOn)
        && done.state == EncryptionState::On
    {
        back_up_anew(app, progress).await?;
    }
    Ok(done)
}

/// What is to be rewritten is backed up before, where it can be: of a folder that is encrypted no backup is made.
async fn back_up_before(app: &App, progress: &dyn Progress) -> Result<()> {
    match back_up_around(app, Reason::BeforeKeyChange, progress).await {
        Err(error) if error.code == Code::EncryptionUnsupported => Ok(()),
        done => done,
    }
}

fn lock(kind: LockKind, passphrase: Option<Secret>) -> Result<Lock> {
    match (kind, passphrase) {
        (LockKind::Keychain, _) => Ok(Lock::Keychain),
        (LockKind::Passphrase, Some(words)) => Ok(Lock::Passphrase(words)),
        (LockKind::Passphrase, None) => {
            Err(Error::new(Code::PassphraseNeeded, "There is no passphrase to encrypt with.")
                .kept("Nothing was encrypted."))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_asked_from_all_over_the_phrase() {
        let words: Vec<String> = (0..24).map(|n| format!("word{n}")).collect();
        let phrase = Phrase::of(&Secret::new(words.join(" ")));
        assert_eq!(phrase.words, words);
        assert_eq!(phrase.ask.len(), ASKED);
        for (n, place) in phrase.ask.iter().enumerate() {
            assert!((n * 8 + 1..=n * 8 + 8).contains(place), "{place}");
        }
        let mut typed: BTreeMap<usize, String> = phrase
            .ask
            .iter()
            .map(|&place| (place, format!(" {} ", words[place - 1].to_uppercase())))
            .collect();
        phrase.rehearsed(&typed).unwrap();
        let last = phrase.ask[2];
        typed.insert(last, "other".to_owned());
        let error = phrase.rehearsed(&typed).unwrap_err();
        assert_eq!((error.code, &error.details["word"]), (Code::InvalidArgument, &(last as u64).into()));
        assert!(phrase.rehearsed(&BTreeMap::new()).is_err());
    }
}

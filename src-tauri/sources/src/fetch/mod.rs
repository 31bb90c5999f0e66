//! Fetching characters from D&D Beyond: only when the player says so, politely, and nothing but the character.
//!
//! A fetch has its turn at most every 30 seconds ([`pace`]), asks once, tries twice more where the server has a problem of
//! its own, and ends in a draft or in an error. It writes nothing into a library.

mod address;
mod answer;
mod client;
mod consent;
mod pace;
mod session;
#[cfg(test)]
mod tests;

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use async_trait::async_trait;
use backstory_core::{
    api::{
        consent::{Agreement, Purpose},
        import::Remote,
    },
    error::{Code, Error, Result},
    job::{Cancel, Progress},
    source::Draft,
    storage::Secret,
};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use self::{
    answer::{Again, Answer, Refusal},
    client::Client,
    pace::Pace,
};
pub use self::{
    client::{Endpoints, Limits},
    consent::{Agreed, Consent, WORDING, WORDS},
    pace::{SystemTimer, Timer},
    session::{Keychain, MAX_SESSION, SystemKeychain, session},
};

/// The name of the source in the record of consent.
pub const DDB: &str = "ddb";

/// What is waited before the second and the third attempt, where the server says nothing else.
const PAUSES: [SignedDuration; 2] = [SignedDuration::from_secs(1), SignedDuration::from_secs(2)];

/// What a fetcher is put together from.
pub struct Parts {
    /// Where the servers are.
    pub endpoints: Endpoints,
    /// How long is waited and how much is taken.
    pub limits: Limits,
    /// The time.
    pub timer: Arc<dyn Timer>,
    /// Where the player's session is.
    pub keychain: Arc<dyn Keychain>,
}

impl Default for Parts {
    fn default() -> Self {
        Self {
            endpoints: Endpoints::default(),
            limits: Limits::default(),
            timer: Arc::new(SystemTimer),
            keychain: Arc::new(SystemKeychain),
        }
    }
}

/// Fetches characters from D&D Beyond.
pub struct DdbFetcher {
    client: Client,
    pace: Pace,
    consent: Consent,
    keychain: Arc<dyn Keychain>,
    minimise: AtomicBool,
}

impl DdbFetcher {
    /// A fetcher that asks the real servers. A build for tests may be sent to a server of its own.
    pub fn real(folder: &Path) -> Self {
        #[cfg(debug_assertions)]
        if let Ok(base) = std::env::var("BACKSTORY_TEST_DDB") {
            let endpoints = Endpoints { characters: base.clone(), tokens: base };
            return Self::new(folder, Parts { endpoints, ..Parts::default() });
        }
        Self::new(folder, Parts::default())
    }

    /// A fetcher that remembers in this folder when it asked last and what the player agreed to.
    pub fn new(folder: &Path, parts: Parts) -> Self {
        let Parts { endpoints, limits, timer, keychain } = parts;
        Self {
            client: Client::new(endpoints, limits),
            pace: Pace::in_folder(folder, timer),
            consent: Consent::in_folder(folder),
            keychain,
            minimise: AtomicBool::new(true),
        }
    }

    /// Whether other players' rows are cut out of what is fetched: usual.
    #[must_use]
    pub fn minimise(self, minimise: bool) -> Self {
        self.set_minimise(minimise);
        self
    }

    /// The same from now on, for a program that goes on.
    pub fn set_minimise(&self, minimise: bool) {
        self.minimise.store(minimise, Ordering::SeqCst);
    }

    async fn character(&self, number: u64, progress: &dyn Progress, cancel: &Cancel) -> Result<Draft> {
        let openly = self.ask(number, None, progress, cancel).await;
        // Most characters are public: the keychain is opened only for one that is not.
        match openly {
            Err(error) if error.code == Code::CharacterPrivate => match self.session().await {
                Some(session) => self.with_session(number, &session, progress, cancel).await,
                None => Err(error),
            },
            other => other,
        }
    }

    async fn with_session(
        &self,
        number: u64,
        session: &Secret,
        progress: &dyn Progress,
        cancel: &Cancel,
    ) -> Result<Draft> {
        let answer = tokio::select! {
            answer = self.client.token(session) => answer.map_err(|refusal| *refusal.error)?,
            () = cancel.cancelled() => return Err(stopped()),
        };
        let token = token(&answer, self.pace.timer.now())?;
        self.ask(number, Some(&token), progress, cancel).await
    }

    /// Asks, and asks again where the server has a problem of its own.
    async fn ask(
        &self,
        number: u64,
        token: Option<&Secret>,
        progress: &dyn Progress,
        cancel: &Cancel,
    ) -> Result<Draft> {
        let mut pauses = PAUSES.into_iter();
        loop {
            let asking = async {
                let answer = self.client.character(number, token).await?;
                let now = self.pace.timer.now();
                answer::character(answer, number, token.is_some(), self.minimise.load(Ordering::SeqCst), now)
            };
            let Refusal { error, again } = tokio::select! {
                draft = asking => match draft {
                    Ok(draft) => return Ok(draft),
                    Err(refusal) => refusal,
                },
                () = cancel.cancelled() => return Err(stopped()),
            };
            let now = self.pace.timer.now();
            let next = match (again, pauses.next()) {
                (Again::Never, _) | (_, None) => None,
                (Again::Later, Some(pause)) => Some(now + pause),
                // So long is a fetch waited for, and no longer.
                (Again::NotBefore(at), Some(_)) => (at <= now + pace::BETWEEN).then_some(at),
            };
            match (next, again) {
                (Some(at), _) => self.pace.wait_until(at, progress, cancel).await?,
                (None, Again::Never) => return Err(*error),
                (None, again) => {
                    let until = if let Again::NotBefore(at) = again { at } else { now };
                    self.pace.pause(until).await?;
                    return Err(*error);
                }
            }
        }
    }

    /// The player's session. A keychain that does not open has none: the character is then simply private.
    async fn session(&self) -> Option<Secret> {
        let keychain = Arc::clone(&self.keychain);
        let kept = tokio::task::spawn_blocking(move || keychain.get()).await;
        kept.ok().and_then(Result::ok).flatten()
    }
}

#[async_trait]
impl Remote for DdbFetcher {
    async fn ready(&self) -> Result<()> {
        match self.consent.agreed(DDB)? {
            Some(_) => Ok(()),
            None => Err(consent::needed()),
        }
    }

    async fn agree(&self) -> Result<()> {
        self.consent.agree(DDB, self.pace.timer.now())
    }

    async fn agreement(&self) -> Result<Option<Agreement>> {
        let Some(agreed) = self.consent.record(DDB)? else { return Ok(None) };
        Ok(Some(Agreement {
            purpose: Purpose::Fetch,
            source: DDB.to_owned(),
            words: WORDS.to_owned(),
            wording: agreed.wording,
            agreed_at: agreed.at,
            withdrawn_at: agreed.withdrawn_at,
            holds: self.consent.agreed(DDB)?.is_some(),
        }))
    }

    async fn withdraw(&self) -> Result<()> {
        self.consent.withdraw(DDB, self.pace.timer.now())
    }

    async fn fetch(&self, address: &str, progress: &dyn Progress, cancel: &Cancel) -> Result<Draft> {
        let number = address::number(address)?;
        self.ready().await?;
        self.pace.turn(progress, cancel).await?;
        self.character(number, progress, cancel).await
    }
}

fn stopped() -> Error {
    Error::new(Code::Cancelled, "Stopped.")
}

/// The token in the answer to a session. What else is in it is nobody's business, not even the log's.
fn token(answer: &Answer, now: Timestamp) -> Result<Secret> {
    #[derive(Deserialize)]
    struct Token {
        token: Option<String>,
    }
    match answer.status {
        200 => {
            let token = serde_json::from_slice::<Token>(&answer.body).ok().and_then(|body| body.token);
            token.filter(|token| !token.is_empty()).map(Secret::new).ok_or_else(answer::session_expired)
        }
        _ => Err(answer::no_token(answer, now)),
    }
}

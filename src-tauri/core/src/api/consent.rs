//! What the player agreed to: for which source, for which purpose, since when and in which words; and taking it back.
//!
//! That D&D Beyond is asked is recorded where the asking is done ([`super::import::Remote`]), on this computer. That the system
//! is asked to tell something is recorded in the library. Both are told in the audit log.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    api::{App, app::Empty},
    error::{Code, Result},
    job::Progress,
    privacy::audit::{Act, Action},
    wording::say,
};

/// What something was agreed to for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub enum Purpose {
    /// Characters are fetched from the source.
    Fetch,
    /// The system tells what came in while the player was elsewhere.
    Notify,
}

impl Purpose {
    fn name(self) -> &'static str {
        match self {
            Self::Fetch => "fetch",
            Self::Notify => "notify",
        }
    }
}

/// What a player agreed to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Agreement {
    /// Who is asked: `ddb`, `system`.
    pub source: String,
    /// What for.
    pub purpose: Purpose,
    /// The words, as they are today.
    pub words: String,
    /// Which wording was agreed to.
    pub wording: u32,
    /// When.
    #[cfg_attr(test, ts(as = "String"))]
    pub agreed_at: Timestamp,
    /// When it was taken back, where it was.
    #[cfg_attr(test, ts(as = "Option<String>"))]
    pub withdrawn_at: Option<Timestamp>,
    /// Whether it holds: it was not taken back, and the words mean what they meant.
    pub holds: bool,
}

/// Asks for an agreement to be taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct ConsentRef {
    /// What it was for.
    pub purpose: Purpose,
}

/// Who is asked to tell something.
const SYSTEM: &str = "system";
/// Where it is recorded that the system may be: this store's own, not the library's.
const RECORD: &str = "consent.notify";
/// Counts the changes to what is agreed to.
const WORDING: u32 = 1;

/// An agreement as it is recorded.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Given {
    at: Timestamp,
    wording: u32,
    withdrawn_at: Option<Timestamp>,
}

/// What the player agreed to, taken back or not.
///
/// # Errors
/// As [`super::import::Remote::agreement`].
pub async fn consent_list(app: &App, _: Empty, _: &dyn Progress) -> Result<Vec<Agreement>> {
    // Where nothing can be asked, nothing was agreed to.
    let mut list = match &app.parts.remote {
        Ok(remote) => remote.agreement().await?.into_iter().collect(),
        Err(_) => Vec::new(),
    };
    list.extend(given(app).await?.map(|(given, _)| agreement(app, given)));
    Ok(list)
}

fn agreement(app: &App, given: Given) -> Agreement {
    Agreement {
        source: SYSTEM.to_owned(),
        purpose: Purpose::Notify,
        words: say("consent-notify").text(app.language()),
        wording: given.wording,
        agreed_at: given.at,
        withdrawn_at: given.withdrawn_at,
        holds: given.wording == WORDING && given.withdrawn_at.is_none(),
    }
}

/// What is recorded, and how often that was written; none where it never was, or cannot be known.
async fn given(app: &App) -> Result<Option<(Given, u64)>> {
    let Ok(library) = app.own_library() else { return Ok(None) };
    let (given, revision) = library.setting::<Given>(RECORD).await?;
    Ok(given.map(|given| (given, revision)))
}

/// Takes back what the player agreed to. What came of it until then stays.
///
/// # Errors
/// As [`super::import::Remote::withdraw`] and [`super::Host::save_preferences`].
pub async fn consent_withdraw(
    app: &App,
    request: ConsentRef,
    progress: &dyn Progress,
) -> Result<Vec<Agreement>> {
    match request.purpose {
        Purpose::Fetch => {
            if let Ok(remote) = &app.parts.remote {
                remote.withdraw().await?;
                note_consent(app, Action::Withdraw, &remote.agreement().await?).await;
            }
        }
        Purpose::Notify => {
            let mut preferences = app.parts.host.load_preferences().await;
            preferences.notify = false;
            app.parts.host.save_preferences(preferences).await?;
            record_notify(app, false).await;
        }
    }
    consent_list(app, Empty {}, progress).await
}

/// Records that the system may be asked to tell something, or no longer. It holds also where that cannot be recorded: a library
/// that is only read keeps nobody from being told.
pub(super) async fn record_notify(app: &App, agreed: bool) {
    match try_record_notify(app, agreed).await {
        Ok(()) => {}
        Err(error) if error.code == Code::StoreReadOnly => {}
        Err(error) => tracing::warn!(?error, "an agreement was not recorded"),
    }
}

async fn try_record_notify(app: &App, agreed: bool) -> Result<()> {
    let (library, now) = (app.own_library()?, app.parts.clock.now());
    let (before, revision) = library.setting::<Given>(RECORD).await?;
    let given = match (agreed, before) {
        (true, _) => Given { at: now, wording: WORDING, withdrawn_at: None },
        (false, Some(given)) => Given { withdrawn_at: given.withdrawn_at.or(Some(now)), ..given },
        (false, None) => return Ok(()),
    };
    library.set_setting(RECORD, Some(&given), revision).await?;
    let action = if agreed { Action::Agree } else { Action::Withdraw };
    note_consent(app, action, &Some(agreement(app, given))).await;
    Ok(())
}

/// Notes in the library's log that something was agreed to, or taken back. It holds also where that cannot be noted: there is a
/// record of its own.
pub async fn note_consent(app: &App, action: Action, agreement: &Option<Agreement>) {
    let (Ok(library), Some(agreement)) = (app.own_library(), agreement) else { return };
    let about = format!("{} {} {}", agreement.source, agreement.purpose.name(), agreement.wording);
    if let Err(error) = library.record(vec![Act::new(action).about(about)]).await {
        tracing::warn!(?error, "an agreement was not noted");
    }
}

//! Messages of the system: what came in while the player was elsewhere, if they asked to be told. What such a message says is in
//! `backstory_core::api::notices`; here are when it is said, and to whom.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use backstory_core::api::{
    import::FileResult,
    notices::{Notice, is_news},
};

/// What comes in so shortly after each other is one message.
const TOGETHER: Duration = Duration::from_secs(3);
/// Nobody is told more often.
const BETWEEN: Duration = Duration::from_secs(60);

/// What is to be told.
#[derive(Debug, Default)]
pub(crate) struct Notices(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    waiting: Vec<FileResult>,
    /// Somebody waits until it is time to tell.
    is_gathering: bool,
    told: Option<Instant>,
    /// The number of the last message: the next takes its place.
    shown: u32,
}

impl Notices {
    /// Takes note of what came in. Gives how long to wait before it is told, where nobody waits for that yet.
    fn note(&self, result: FileResult) -> Option<Duration> {
        if !is_news(&result) {
            return None;
        }
        let mut state = self.state();
        state.waiting.push(result);
        if std::mem::replace(&mut state.is_gathering, true) {
            return None;
        }
        let rest = state.told.map(|told| BETWEEN.saturating_sub(told.elapsed()));
        Some(rest.unwrap_or_default().max(TOGETHER))
    }

    /// Everything that waits, in one.
    fn take(&self) -> Vec<FileResult> {
        let mut state = self.state();
        state.is_gathering = false;
        std::mem::take(&mut state.waiting)
    }

    /// Tells of it a little later, with what comes meanwhile. `message` puts it into words, or says that it is not wanted.
    pub(crate) fn tell(
        self: &Arc<Self>,
        result: FileResult,
        message: impl FnOnce(&[FileResult]) -> Option<Notice> + Send + 'static,
    ) {
        let Some(wait) = self.note(result) else { return };
        let notices = Arc::clone(self);
        tauri::async_runtime::spawn(async move {
            tokio::time::sleep(wait).await;
            let Some(notice) = message(&notices.take()) else { return };
            let before = notices.state().shown;
            match system::show(&notice, before).await {
                Ok(shown) => {
                    let mut state = notices.state();
                    (state.shown, state.told) = (shown, Some(Instant::now()));
                }
                Err(error) => tracing::warn!(%error, "the system did not take a message"),
            }
        });
    }

    /// Says at once what is not well. It stands beside what came in, and not in its place.
    pub(crate) fn warn(&self, notice: Notice) {
        tauri::async_runtime::spawn(async move {
            if let Err(error) = system::show(&notice, 0).await {
                tracing::warn!(%error, "the system did not take a message");
            }
        });
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(crate) use system::CAN_NOTIFY;

#[cfg(target_os = "linux")]
mod system {
    use std::collections::HashMap;

    use backstory_core::api::notices::Notice;
    use zbus::{Connection, zvariant::Value};

    pub(crate) const CAN_NOTIFY: bool = true;

    const SERVICE: &str = "org.freedesktop.Notifications";
    const PATH: &str = "/org/freedesktop/Notifications";

    /// Shows a message in the place of the one before, and gives its number.
    pub(super) async fn show(notice: &Notice, before: u32) -> zbus::Result<u32> {
        let bus = Connection::session().await?;
        let able = bus.call_method(Some(SERVICE), PATH, Some(SERVICE), "GetCapabilities", &()).await?;
        let able: Vec<String> = able.body().deserialize()?;
        // Names are no markup, whoever wrote them.
        let body = match able.iter().any(|what| what == "body-markup") {
            true => notice.body.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;"),
            false => notice.body.clone(),
        };
        let hints = HashMap::from([("desktop-entry", Value::from("Backstory"))]);
        let (icon, actions, as_usual) = ("backstory-desktop", Vec::<&str>::new(), -1_i32);
        let message = ("Backstory", before, icon, notice.title.as_str(), body, actions, hints, as_usual);
        let answer = bus.call_method(Some(SERVICE), PATH, Some(SERVICE), "Notify", &message).await?;
        answer.body().deserialize()
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    use backstory_core::api::notices::Notice;

    /// The setting is not there then, so nobody asks.
    pub(crate) const CAN_NOTIFY: bool = false;

    pub(super) async fn show(_notice: &Notice, _before: u32) -> Result<u32, std::io::Error> {
        Err(std::io::ErrorKind::Unsupported.into())
    }
}

#[cfg(test)]
mod tests {
    use backstory_core::{
        api::import::Outcome,
        error::{Code, Error},
    };

    use super::*;

    fn came(outcome: Outcome) -> FileResult {
        FileResult { outcome, ..FileResult::failed("x.json", None, Error::new(Code::NotJson, "No.")) }
    }

    #[test]
    fn many_files_are_one_message_and_the_next_waits_a_minute() {
        let notices = Notices::default();
        assert_eq!(notices.note(came(Outcome::Identical)), None, "no news");
        assert_eq!(notices.note(came(Outcome::Changed)), Some(TOGETHER));
        assert_eq!(notices.note(came(Outcome::Added)), None, "it goes with the first");
        assert_eq!(notices.take().len(), 2);
        notices.state().told = Some(Instant::now());
        let wait = notices.note(came(Outcome::Changed)).unwrap();
        assert!(wait > BETWEEN - Duration::from_secs(5) && wait <= BETWEEN, "{wait:?}");
    }
}

//! The one command of the bridge. It carries calls to `backstory_core::api` and knows none of them.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant, SystemTime},
};

use backstory_core::{
    api::{self, App},
    error::{Error, Result},
    job::{Progress, ProgressEvent},
};
use serde_json::Value;
use tauri::{State, ipc::Channel};

use crate::upkeep::Upkeep;

/// Runs a command of the core. A defect inside it becomes an `internal` error instead of an answer that never comes.
#[tauri::command]
pub(crate) async fn call(
    app: State<'_, Arc<App>>,
    upkeep: State<'_, Arc<Upkeep>>,
    command: String,
    params: Value,
    progress: Channel<ProgressEvent>,
) -> Result<Value> {
    let progress = Arc::new(Throttled::new(move |event| {
        if let Err(error) = progress.send(event) {
            tracing::debug!(%error, "nobody listens to the progress any more");
        }
    }));
    let _using = upkeep.used();
    forward(app.inner().clone(), command, params, progress).await
}

/// Runs a command and notes in the log which one failed, and by what code.
pub(crate) async fn forward(
    app: Arc<App>,
    command: String,
    params: Value,
    progress: Arc<dyn Progress>,
) -> Result<Value> {
    let name = command.clone();
    let work = async move { api::call(&app, &command, params, progress.as_ref()).await };
    let result = match tauri::async_runtime::spawn(work).await {
        Ok(result) => result,
        Err(broken) => Err(defect(broken)),
    };
    if let Err(error) = &result {
        tracing::warn!(command = name, ?error, "a command failed");
    }
    result
}

/// A defect of Backstory's own as an error that can be found in the log again.
fn defect(broken: impl std::error::Error + Send + Sync + 'static) -> Error {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let reference = format!("{:x}", now.as_millis());
    tracing::error!(reference, %broken, "a defect");
    Error::internal(format!("Backstory could not finish what you asked for. In its log this is {reference}."))
        .kept("What was saved before is not affected, and the window goes on.")
        .hint("Try again. If it happens again, copy the details into a report.")
        .detail("reference", reference)
        .caused_by(broken)
}

/// Passes on every outcome, and of the reports that only move a bar at most one in each [`Throttled::PAUSE`]; so it is with those
/// that name a character, which the many that move the bar must not crowd out.
struct Throttled<F> {
    send: F,
    last: Mutex<Option<Instant>>,
    last_named: Mutex<Option<Instant>>,
}

impl<F: Fn(ProgressEvent) + Send + Sync> Throttled<F> {
    const PAUSE: Duration = Duration::from_millis(50);

    fn new(send: F) -> Self {
        Self { send, last: Mutex::default(), last_named: Mutex::default() }
    }

    fn is_due(last: &Mutex<Option<Instant>>) -> bool {
        let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
        let due = last.is_none_or(|last| last.elapsed() >= Self::PAUSE);
        if due {
            *last = Some(Instant::now());
        }
        due
    }
}

impl<F: Fn(ProgressEvent) + Send + Sync> Progress for Throttled<F> {
    fn report(&self, event: ProgressEvent) {
        let passes = match &event {
            ProgressEvent::Started { .. } | ProgressEvent::File { .. } | ProgressEvent::Waiting { .. } => {
                true
            }
            ProgressEvent::Advanced { done, total } => done >= total || Self::is_due(&self.last),
            ProgressEvent::Reading { .. } => Self::is_due(&self.last),
            ProgressEvent::Character { .. } => Self::is_due(&self.last_named),
        };
        if passes {
            (self.send)(event);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_defect_becomes_an_error_with_a_reference() {
        let broken = tauri::async_runtime::block_on(tauri::async_runtime::spawn(async { panic!("broken") }));
        let error = defect(broken.map(|(): ()| ()).unwrap_err());
        let reference = error.details["reference"].as_str().unwrap();
        assert!(error.message.contains(reference) && error.kept.is_some() && error.hint.is_some());
    }

    #[test]
    fn the_bar_is_throttled_and_its_end_is_not() {
        let (sent, named) = (Mutex::new(Vec::new()), Mutex::new(0));
        let throttled = Throttled::new(|event| match event {
            ProgressEvent::Advanced { done, .. } => sent.lock().unwrap().push(done),
            _ => *named.lock().unwrap() += 1,
        });
        throttled.report(ProgressEvent::Advanced { done: 0, total: 1000 });
        let doing = backstory_core::job::Doing::Copying;
        throttled.report(ProgressEvent::Character { doing, name: "Rekor".to_owned() });
        for done in 1..=1000 {
            throttled.report(ProgressEvent::Advanced { done, total: 1000 });
        }
        let sent = sent.lock().unwrap();
        assert!(sent.len() < 100, "{} reports", sent.len());
        assert_eq!((sent[0], sent[sent.len() - 1]), (0, 1000));
        assert_eq!(*named.lock().unwrap(), 1, "who is worked on is told, however fast the bar moves");
    }
}

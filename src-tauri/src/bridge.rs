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

async fn forward(
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

/// Passes on every outcome, and of the reports that only move a bar at most one in each [`Throttled::PAUSE`].
struct Throttled<F> {
    send: F,
    last: Mutex<Option<Instant>>,
}

impl<F: Fn(ProgressEvent) + Send + Sync> Throttled<F> {
    const PAUSE: Duration = Duration::from_millis(50);

    fn new(send: F) -> Self {
        Self { send, last: Mutex::new(None) }
    }

    fn is_due(&self) -> bool {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
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
            ProgressEvent::Advanced { done, total } => done >= total || self.is_due(),
            ProgressEvent::Reading { .. } | ProgressEvent::Character { .. } => self.is_due(),
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
        let sent = Mutex::new(Vec::new());
        let throttled = Throttled::new(|event| {
            if let ProgressEvent::Advanced { done, .. } = event {
                sent.lock().unwrap().push(done);
            }
        });
        for done in 0..=1000 {
            throttled.report(ProgressEvent::Advanced { done, total: 1000 });
        }
        let sent = sent.lock().unwrap();
        assert!(sent.len() < 100, "{} reports", sent.len());
        assert_eq!((sent[0], sent[sent.len() - 1]), (0, 1000));
    }
}

//! What is done without being asked for: ending a change of keys that was interrupted; telling anew what an older Backstory told; making the library smaller while nobody
//! uses it. When that is, is decided in `backstory_core::job`; here are the clock, and
//! the ear for whoever comes back.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use backstory_core::{
    api::App,
    encryption::KeyChange,
    error::{Code, Result},
    job::{Cancel, Idle, Silent},
    library::Library,
    storage::Encoding,
};

/// How often it is looked whether it is time.
const LOOK: Duration = Duration::from_secs(60);

/// Who uses the library, and what is done while nobody does.
#[derive(Debug)]
pub(crate) struct Resting(Mutex<State>);

#[derive(Debug)]
struct State {
    /// How many calls are being answered.
    calls: u32,
    last_used: Instant,
    last_time: Option<Instant>,
    documents_then: Option<u64>,
    work: Option<Arc<Cancel>>,
}

/// Somebody uses the library for as long as this is held.
pub(crate) struct Using<'a>(&'a Resting);

impl Drop for Using<'_> {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.calls -= 1;
        state.last_used = Instant::now();
    }
}

impl Default for Resting {
    fn default() -> Self {
        Self(Mutex::new(State {
            calls: 0,
            last_used: Instant::now(),
            last_time: None,
            documents_then: None,
            work: None,
        }))
    }
}

impl Resting {
    /// Somebody comes: what is under way ends at its next step.
    pub(crate) fn used(&self) -> Using<'_> {
        let mut state = self.state();
        state.calls += 1;
        if let Some(work) = &state.work {
            work.cancel();
        }
        Using(self)
    }

    /// Another library is open: what is known is not of it.
    pub(crate) fn forget(&self) {
        let mut state = self.state();
        (state.last_time, state.documents_then) = (None, None);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is known, with so many documents in the library.
    fn idle(state: &State, documents: u64) -> Idle {
        Idle {
            unused_for: (state.calls == 0).then(|| state.last_used.elapsed()),
            since_last: state.last_time.map(|time| time.elapsed()),
            documents,
            documents_then: state.documents_then.unwrap_or(documents),
        }
    }

    /// Takes the work up, where it is time; none where somebody came meanwhile.
    fn begin(&self, documents: u64) -> Option<Arc<Cancel>> {
        let mut state = self.state();
        if !Self::idle(&state, documents).is_time() {
            return None;
        }
        state.last_time = Some(Instant::now());
        Some(Arc::clone(state.work.insert(Arc::default())))
    }

    fn end(&self, is_done: bool, documents: u64) {
        let mut state = self.state();
        (state.work, state.last_time) = (None, Some(Instant::now()));
        if is_done {
            state.documents_then = Some(documents);
        }
    }
}

/// Looks again and again whether it is time, for as long as the program runs.
pub(crate) async fn watch(app: Arc<App>, resting: Arc<Resting>) {
    loop {
        // One file of this computer's own. What others share is not for one of them to rewrite, and a folder of files is kept
        // in the form that its other programs know. It is asked for at every look: another may have taken its place.
        if let Ok(library) = app.own_library()
            && library.info().kind == "sqlite"
            && library.info().read_only.is_none()
            && let Err(error) = look(&library, &resting).await
            && error.code != Code::Cancelled
        {
            tracing::warn!(?error, "the library was not made smaller");
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Tells anew what an older Backstory told, once and beside everything else: a history is written only where nobody else
/// writes to it, and a closed window leaves it to the next start. A change of keys that was interrupted is ended before.
pub(crate) async fn retell(app: Arc<App>) {
    let Ok(library) = app.own_library() else { return };
    if library.info().read_only.is_some() {
        return;
    }
    if library.encryption().await.is_ok_and(|encryption| encryption.state.is_under_way()) {
        match library.change_keys(&KeyChange::GoOn, &Silent, &Cancel::default()).await {
            Ok(_) => tracing::info!("a change of keys that was interrupted is done"),
            Err(error) => tracing::warn!(?error, "a change of keys is still not done"),
        }
    }
    match library.retell(false, &Silent, &Cancel::default()).await {
        Ok(retold) if retold.versions > 0 => {
            tracing::info!(versions = retold.versions, "what an older Backstory told was told anew");
        }
        Ok(_) => {}
        Err(error) => tracing::warn!(?error, "what an older Backstory told was not told anew"),
    }
}

async fn look(library: &Library, resting: &Resting) -> Result<()> {
    let is_first = resting.state().documents_then.is_none();
    if !is_first && !Resting::idle(&resting.state(), 0).is_quiet() {
        return Ok(());
    }
    let documents = library.statistics().await?.contents;
    resting.state().documents_then.get_or_insert(documents);
    let Some(cancel) = resting.begin(documents) else { return Ok(()) };
    tracing::info!("nobody uses the library: its documents are stored in the smallest form");
    let done = library.recompress(&Encoding::AT_REST, &Silent, &cancel).await;
    resting.end(done.is_ok(), documents);
    let done = done?;
    tracing::info!(before = done.bytes_before, after = done.bytes_after, "the library is smaller");
    Ok(())
}

#[cfg(test)]
mod tests {
    use backstory_core::job::{BETWEEN, UNUSED};

    use super::*;

    /// A moment so long ago.
    fn ago(span: Duration) -> Instant {
        Instant::now().checked_sub(span).unwrap()
    }

    fn resting(unused: Duration) -> Resting {
        let resting = Resting::default();
        {
            let mut state = resting.state();
            (state.last_used, state.documents_then) = (ago(unused), Some(7));
        }
        resting
    }

    #[test]
    fn whoever_comes_stops_it_at_once() {
        let resting = resting(UNUSED);
        let cancel = resting.begin(8).unwrap();
        assert!(!cancel.is_cancelled());
        let using = resting.used();
        assert!(cancel.is_cancelled());
        resting.end(false, 8);
        resting.state().last_time = Some(ago(BETWEEN));
        resting.state().last_used = ago(UNUSED);
        assert!(resting.begin(8).is_none(), "somebody is there");
        drop(using);
        assert!(resting.begin(8).is_none(), "somebody was there just now");
        resting.state().last_used = ago(UNUSED);
        assert!(resting.begin(8).is_some(), "what was stopped is taken up again");
    }

    #[test]
    fn what_is_done_is_not_done_again() {
        let resting = resting(UNUSED);
        assert!(resting.begin(7).is_none(), "nothing new");
        assert!(resting.begin(8).is_some());
        resting.end(true, 8);
        resting.state().last_time = Some(ago(BETWEEN));
        assert!(resting.begin(8).is_none());
        assert!(resting.begin(9).is_some());
    }
}

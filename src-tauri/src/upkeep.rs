//! What is done without being asked for while the window is open: work on the library when the player does something else, and a
//! look at how everything stands. When that is and what it is, is decided in `backstory_core`; here are the clock, and the ear for
//! whoever comes back.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use backstory_core::{
    alerts::AlertKind,
    api::{App, AppEvent, Host, encryption, health, jobs, notices::Notice},
    encryption::KeyChange,
    error::Code,
    job::{Cancel, Silent, schedule::Circumstances},
    library::acting_as,
};
use backstory_storage::machine;
use tokio::sync::watch;

use crate::host::Desktop;

/// How often it is looked whether something is to be done.
const LOOK: Duration = Duration::from_secs(60);

/// How long after a write it is remembered how the audit log ends.
const SOON: Duration = Duration::from_secs(5);

/// In whose name this is done, in the audit log.
const REST: &str = "rest";

/// How long the program waits at its end until work has stopped. What is not done then is done again.
const AT_THE_END: Duration = Duration::from_secs(3);

/// Who uses the library, and what is done while nobody does.
#[derive(Debug)]
pub(crate) struct Upkeep {
    state: Mutex<State>,
    /// Whether something is being done.
    works: watch::Sender<bool>,
}

#[derive(Debug)]
struct State {
    /// How many calls are being answered.
    calls: u32,
    last_used: Instant,
    work: Option<Work>,
    /// The program ends: nothing more is begun.
    ends: bool,
}

#[derive(Debug)]
struct Work {
    cancel: Arc<Cancel>,
    /// Whether it stops when somebody comes.
    yields: bool,
}

/// Somebody uses the library for as long as this is held.
pub(crate) struct Using<'a>(&'a Upkeep);

impl Drop for Using<'_> {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.calls -= 1;
        state.last_used = Instant::now();
    }
}

impl Default for Upkeep {
    fn default() -> Self {
        let state = State { calls: 0, last_used: Instant::now(), work: None, ends: false };
        Self { state: Mutex::new(state), works: watch::Sender::new(false) }
    }
}

impl Upkeep {
    /// Somebody comes: what yields ends at its next step.
    pub(crate) fn used(&self) -> Using<'_> {
        let mut state = self.state();
        state.calls += 1;
        if let Some(work) = state.work.as_ref().filter(|work| work.yields) {
            work.cancel.cancel();
        }
        Using(self)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn unused_for(&self) -> Option<Duration> {
        let state = self.state();
        (state.calls == 0).then(|| state.last_used.elapsed())
    }

    /// Takes work up; none where somebody came meanwhile, or the program ends.
    fn begin(&self, yields: bool) -> Option<Arc<Cancel>> {
        let mut state = self.state();
        if state.ends || state.work.is_some() || (yields && state.calls > 0) {
            return None;
        }
        let cancel = Arc::<Cancel>::default();
        state.work = Some(Work { cancel: Arc::clone(&cancel), yields });
        self.works.send_replace(true);
        Some(cancel)
    }

    fn end(&self) {
        self.state().work = None;
        self.works.send_replace(false);
    }

    /// The program ends: stops what is under way, and waits a little until it has.
    pub(crate) async fn stop(&self) {
        {
            let mut state = self.state();
            state.ends = true;
            if let Some(work) = &state.work {
                work.cancel.cancel();
            }
        }
        let mut works = self.works.subscribe();
        let ended = works.wait_for(|works| !works);
        if tokio::time::timeout(AT_THE_END, ended).await.is_err() {
            tracing::warn!("work in the background did not end in time");
        }
    }
}

/// Looks again and again what is to be done and how everything stands, for as long as the program runs.
pub(crate) async fn tend(app: Arc<App>, upkeep: Arc<Upkeep>, desktop: Arc<Desktop>) {
    let mut raised: Vec<AlertKind> = Vec::new();
    loop {
        work(&app, &upkeep).await;
        let news = health::watch(&app).await;
        let now = health::raised(&app);
        if now != raised {
            raised = now;
            desktop.emit(AppEvent::Health);
        }
        for (title, body) in news {
            desktop.warn(Notice { title, body });
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Does what is to be done now, one thing after the other.
async fn work(app: &App, upkeep: &Upkeep) {
    let on_battery = machine::look(None).on_battery;
    loop {
        let around = Circumstances { unused_for: upkeep.unused_for(), on_battery };
        let habit = match jobs::due(app, around).await {
            Ok(Some(habit)) => habit,
            Ok(None) => return,
            Err(error) => return tracing::debug!(?error, "it is not known what is to be done"),
        };
        let Some(cancel) = upkeep.begin(habit.yields) else { return };
        let done = acting_as(REST, jobs::perform(app, habit.name, &Silent, &cancel)).await;
        upkeep.end();
        match done {
            Ok(run) => {
                if let Some(error) = &run.problem {
                    tracing::warn!(?error, job = habit.name, "work in the background failed");
                }
                if cancel.is_cancelled() {
                    return;
                }
            }
            Err(error) if error.code == Code::JobRunning => return,
            Err(error) => {
                return tracing::warn!(?error, job = habit.name, "work in the background was not begun");
            }
        }
    }
}

/// Remembers how the audit log ends, soon after every write and now and then, for as long as the program runs.
pub(crate) async fn remember_log(app: Arc<App>) {
    loop {
        app.see_log().await;
        // Another library may have taken its place: it is asked for anew each time.
        let Ok(mut changes) = app.own_library().map(|library| library.subscribe()) else {
            tokio::time::sleep(LOOK).await;
            continue;
        };
        match tokio::time::timeout(LOOK, changes.recv()).await {
            Ok(_) => tokio::time::sleep(SOON).await,
            Err(_nothing_was_written) => {}
        }
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
        match encryption::change_keys(&app, &KeyChange::GoOn, &Silent).await {
            Ok(_) => tracing::info!("a change of keys that was interrupted is done"),
            Err(error) => tracing::warn!(?error, "a change of keys is still not done"),
        }
    }
    match acting_as(REST, library.retell(false, &Silent, &Cancel::default())).await {
        Ok(retold) if retold.versions > 0 => {
            tracing::info!(versions = retold.versions, "what an older Backstory told was told anew");
        }
        Ok(_) => {}
        Err(error) => tracing::warn!(?error, "what an older Backstory told was not told anew"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_comes_stops_what_yields_and_nothing_else() {
        let upkeep = Upkeep::default();
        let backup = upkeep.begin(false).unwrap();
        assert!(upkeep.begin(false).is_none(), "one thing at a time");
        drop(upkeep.used());
        assert!(!backup.is_cancelled());
        upkeep.end();
        let verify = upkeep.begin(true).unwrap();
        let using = upkeep.used();
        assert!(verify.is_cancelled());
        upkeep.end();
        assert!(upkeep.begin(true).is_none() && upkeep.unused_for().is_none(), "somebody is there");
        drop(using);
        assert!(upkeep.begin(true).is_some() && upkeep.unused_for().is_some());
    }

    #[tokio::test]
    async fn the_end_waits_until_work_has_stopped() {
        let upkeep = Arc::new(Upkeep::default());
        let cancel = upkeep.begin(false).unwrap();
        let working = {
            let (upkeep, cancel) = (Arc::clone(&upkeep), Arc::clone(&cancel));
            tokio::spawn(async move {
                cancel.cancelled().await;
                upkeep.end();
            })
        };
        upkeep.stop().await;
        assert!(upkeep.state().work.is_none() && upkeep.begin(false).is_none(), "nothing more is begun");
        working.await.unwrap();
    }
}

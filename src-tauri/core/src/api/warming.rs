//! Reading ahead: what stands next to the version on the screen is read while nothing is asked for, so that it opens at once.
//!
//! It stays behind whatever the player does: every step waits until no command is being answered, and is dropped when they
//! look at something else.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

use crate::{job::Cancel, library::Library, model::VersionMetadata};

/// What is to be read ahead, and whether it may be now.
#[derive(Debug)]
pub(super) struct Warming {
    /// How many commands are being answered.
    answering: watch::Sender<u32>,
    ahead: Mutex<Ahead>,
}

#[derive(Debug, Default)]
struct Ahead {
    /// What was looked at last, until reading ahead of it begins.
    wish: Option<(Arc<Library>, VersionMetadata)>,
    now: Option<Arc<Cancel>>,
}

impl Default for Warming {
    fn default() -> Self {
        Self { answering: watch::Sender::new(0), ahead: Mutex::default() }
    }
}

/// A command is being answered for as long as this is held.
pub(super) struct Answering<'a>(&'a Warming);

impl Drop for Answering<'_> {
    fn drop(&mut self) {
        self.0.answering.send_modify(|count| *count -= 1);
        self.0.begin();
    }
}

impl Warming {
    /// A command comes: nothing is read ahead until it is answered.
    pub(super) fn answer(&self) -> Answering<'_> {
        self.answering.send_modify(|count| *count += 1);
        Answering(self)
    }

    /// This is on the screen: what stands next to it is read once the command is answered.
    pub(super) fn look_at(&self, library: &Arc<Library>, version: &VersionMetadata) {
        self.elsewhere();
        self.ahead().wish = Some((Arc::clone(library), version.clone()));
    }

    /// Something else is on the screen, with nothing next to it.
    pub(super) fn elsewhere(&self) {
        let mut ahead = self.ahead();
        ahead.wish = None;
        if let Some(now) = ahead.now.take() {
            now.cancel();
        }
    }

    fn ahead(&self) -> std::sync::MutexGuard<'_, Ahead> {
        self.ahead.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begin(&self) {
        let mut ahead = self.ahead();
        let Some((library, version)) = ahead.wish.take() else { return };
        let cancel = Arc::clone(ahead.now.insert(Arc::default()));
        drop(ahead);
        tokio::spawn(read_ahead(library, version, cancel, self.answering.subscribe()));
    }
}

/// What cannot be read now is read when it is asked for, which says why.
async fn read_ahead(
    library: Arc<Library>,
    version: VersionMetadata,
    cancel: Arc<Cancel>,
    mut answering: watch::Receiver<u32>,
) {
    let quiet = async |answering: &mut watch::Receiver<u32>| {
        answering.wait_for(|count| *count == 0).await.is_ok() && cancel.check().is_ok()
    };
    if !quiet(&mut answering).await {
        return;
    }
    for neighbour in library.neighbours(&version).await.unwrap_or_default() {
        if !quiet(&mut answering).await || library.sheet(&neighbour).await.is_err() {
            return;
        }
    }
}

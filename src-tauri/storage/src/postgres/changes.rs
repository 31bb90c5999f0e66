//! Learning of commits without looking again and again: one connection listens, for everybody who waits.

use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::{sync::watch, task::JoinHandle};

use super::connect::Address;

/// How long after a lost connection another one is tried.
const AGAIN: Duration = Duration::from_secs(2);

/// How often somebody who waits looks for themselves while nobody listens.
const LOOK: Duration = Duration::from_millis(500);

/// How often they look all the same while somebody does: what was said in the moment of connecting is not heard.
const LOOK_ANYWAY: Duration = Duration::from_secs(15);

/// The listening connection of a store. Made when somebody waits for the first time, gone with the store.
#[derive(Debug)]
pub(super) struct Listener {
    address: Address,
    heard: watch::Sender<u64>,
    is_listening: Arc<AtomicBool>,
    task: OnceLock<JoinHandle<()>>,
}

impl Drop for Listener {
    fn drop(&mut self) {
        if let Some(task) = self.task.get() {
            task.abort();
        }
    }
}

impl Listener {
    pub(super) fn new(address: Address) -> Self {
        let heard = watch::Sender::new(0);
        Self { address, heard, is_listening: Arc::default(), task: OnceLock::new() }
    }

    /// Tells those who wait in this process, before the server does.
    pub(super) fn tell(&self, revision: u64) {
        self.heard.send_if_modified(|last| std::mem::replace(last, (*last).max(revision)) < revision);
    }

    /// The last revision anybody here wrote, read or heard of.
    pub(super) fn known(&self) -> u64 {
        *self.heard.borrow()
    }

    /// Waits until something was heard, or it is time to look: at most for so long.
    pub(super) async fn wait(&self, since: u64, at_most: Duration) {
        self.task.get_or_init(|| {
            let (address, heard) = (self.address.clone(), self.heard.clone());
            tokio::spawn(listen(address, heard, Arc::clone(&self.is_listening)))
        });
        let look = if self.is_listening.load(Ordering::Relaxed) { LOOK_ANYWAY } else { LOOK };
        let mut heard = self.heard.subscribe();
        // Whatever ends the waiting, the store itself says what the revision is.
        let _ = tokio::time::timeout(look.min(at_most), heard.wait_for(|last| *last > since)).await;
    }
}

/// Listens for as long as anybody might wait.
async fn listen(address: Address, heard: watch::Sender<u64>, is_listening: Arc<AtomicBool>) {
    loop {
        if let Err(failure) = listen_once(&address, &heard, &is_listening).await {
            tracing::info!(error = ?failure, "nobody listens for changes");
        }
        is_listening.store(false, Ordering::Relaxed);
        tokio::time::sleep(AGAIN).await;
    }
}

async fn listen_once(
    address: &Address,
    heard: &watch::Sender<u64>,
    is_listening: &AtomicBool,
) -> super::failure::Result<()> {
    let (lone, mut said) = address.listen().await?;
    lone.client.batch_execute("LISTEN backstory_changed").await?;
    is_listening.store(true, Ordering::Relaxed);
    while let Some(payload) = said.recv().await {
        if let Ok(revision) = payload.parse::<u64>() {
            heard.send_if_modified(|last| std::mem::replace(last, (*last).max(revision)) < revision);
        }
    }
    Ok(())
}

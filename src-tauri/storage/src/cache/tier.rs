//! One tier of a cache made of several: asked while it answers, left alone while it does not, and never asked again before it
//! has done every deletion that was meant for it.

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering},
    },
    time::Duration,
};

use backstory_core::{
    cache::{Breaker, CacheKey, CacheStorage, Cached, TierStatistics},
    error::{Code, Error, Result},
};
use tokio::{
    sync::watch,
    time::{sleep, timeout},
};

/// More deletions are not remembered one by one: all of the tier goes then.
const MOST_OWED: usize = 4_096;

/// When a tier is given up, and when it is tried again.
#[derive(Debug, Clone, Copy)]
pub struct TierOptions {
    /// How long a `get` may take; none for a tier that never makes anybody wait.
    pub patience: Option<Duration>,
    /// How long anything else may take.
    pub write_patience: Duration,
    /// After so many failures in a row it is left alone.
    pub failures: u32,
    /// For how long at first; twice as long after each try that fails.
    pub cool_down: Duration,
    /// And at most.
    pub longest: Duration,
}

impl TierOptions {
    /// For a tier in the program's own memory.
    pub const LOCAL: Self = Self { patience: None, ..Self::REMOTE };

    /// For a tier behind a network. A document that is fetched from its store instead takes no longer than this.
    pub const REMOTE: Self = Self {
        patience: Some(Duration::from_millis(20)),
        write_patience: Duration::from_secs(1),
        failures: 3,
        cool_down: Duration::from_millis(500),
        longest: Duration::from_secs(15),
    };
}

/// One tier.
#[derive(Debug)]
pub(super) struct Tier {
    cache: Arc<dyn CacheStorage>,
    options: TierOptions,
    /// Closed, and nothing owed: what [`State`] says, without its lock.
    is_used: AtomicBool,
    failed_in_a_row: AtomicU32,
    failures: AtomicU64,
    state: Mutex<State>,
    breaker: watch::Sender<Breaker>,
}

#[derive(Debug, Default)]
struct State {
    breaker: Breaker,
    owed: Owed,
    /// Somebody sees to it already that it comes back.
    is_tended: bool,
}

/// Deletions that were not confirmed.
#[derive(Debug, Default)]
struct Owed {
    keys: BTreeSet<CacheKey>,
    groups: BTreeSet<String>,
    all: bool,
}

/// What is to be taken away.
#[derive(Debug, Clone, Copy)]
pub(super) enum Gone<'a> {
    Key(&'a CacheKey),
    Group(&'a str),
    All,
}

impl Owed {
    fn add(&mut self, gone: Gone<'_>) {
        match gone {
            Gone::Key(key) => drop(self.keys.insert(key.clone())),
            Gone::Group(group) => drop(self.groups.insert(group.to_owned())),
            Gone::All => self.all = true,
        }
        self.all |= self.len() > MOST_OWED;
        if self.all {
            (self.keys, self.groups) = (BTreeSet::new(), BTreeSet::new());
        }
    }

    /// The next one, which is not owed any more: it is to be done now, or added again.
    fn take(&mut self) -> Option<OwnGone> {
        if std::mem::take(&mut self.all) {
            return Some(OwnGone::All);
        }
        let group = self.groups.pop_first().map(OwnGone::Group);
        group.or_else(|| self.keys.pop_first().map(OwnGone::Key))
    }

    fn len(&self) -> usize {
        usize::from(self.all) + self.groups.len() + self.keys.len()
    }
}

/// As [`Gone`], to be kept.
#[derive(Debug)]
enum OwnGone {
    Key(CacheKey),
    Group(String),
    All,
}

impl OwnGone {
    fn as_ref(&self) -> Gone<'_> {
        match self {
            Self::Key(key) => Gone::Key(key),
            Self::Group(group) => Gone::Group(group),
            Self::All => Gone::All,
        }
    }
}

impl Tier {
    pub(super) fn new(cache: Arc<dyn CacheStorage>, options: TierOptions) -> Arc<Self> {
        Arc::new(Self {
            cache,
            options,
            is_used: AtomicBool::new(true),
            failed_in_a_row: AtomicU32::new(0),
            failures: AtomicU64::new(0),
            state: Mutex::default(),
            breaker: watch::Sender::new(Breaker::Closed),
        })
    }

    pub(super) fn locations(&self) -> Vec<String> {
        self.cache.locations()
    }

    /// Hears of every change of the breaker.
    pub(super) fn watch(&self) -> watch::Receiver<Breaker> {
        self.breaker.subscribe()
    }

    /// What is there. A tier that fails, is too slow or is not used has nothing.
    pub(super) async fn get(self: &Arc<Self>, key: &CacheKey) -> Option<Cached> {
        if !self.is_used.load(Ordering::Acquire) {
            return None;
        }
        let asked = self.cache.get(key);
        let answer = match self.options.patience {
            None => asked.await,
            Some(patience) => timeout(patience, asked).await.unwrap_or_else(|_| Err(too_slow())),
        };
        self.heard(answer).ok().flatten()
    }

    /// Whether something is there.
    pub(super) async fn exists(self: &Arc<Self>, key: &CacheKey) -> bool {
        if !self.is_used.load(Ordering::Acquire) {
            return false;
        }
        let asked = timeout(self.options.write_patience, self.cache.exists(key)).await;
        self.heard(asked.unwrap_or_else(|_| Err(too_slow()))).unwrap_or(false)
    }

    /// Keeps a value, or sees to it that what was there is gone.
    pub(super) async fn set(self: &Arc<Self>, key: &CacheKey, value: Arc<[u8]>, ttl: Option<Duration>) {
        if !self.owes_otherwise(Gone::Key(key)) {
            let asked = timeout(self.options.write_patience, self.cache.set(key, value, ttl)).await;
            if let Err(error) = asked.unwrap_or_else(|_| Err(too_slow())) {
                // Whether it was kept is not known, and what was there before may be there still.
                self.owe(Gone::Key(key));
                let _told: Result<()> = self.heard(Err(error));
            }
        }
    }

    /// Takes away what is named. Nobody gets it from this tier any more, whatever comes of it.
    pub(super) async fn take_away(self: &Arc<Self>, gone: Gone<'_>) -> Result<()> {
        if self.owes_otherwise(gone) {
            return Err(Error::new(
                Code::CacheUnavailable,
                "A part of the cache is away, and is told what to delete when it comes back.",
            ));
        }
        let done = self.told(gone).await;
        if done.is_err() {
            self.owe(gone);
        }
        self.heard(done)
    }

    /// How it stands.
    pub(super) async fn stats(&self) -> Vec<TierStatistics> {
        let said = timeout(self.options.write_patience, self.cache.stats()).await;
        let mut tiers = said.map(|said| said.tiers).unwrap_or_default();
        let (breaker, owed) = {
            let state = self.state();
            (state.breaker, state.owed.len() as u64)
        };
        for tier in &mut tiers {
            tier.failures += self.failures.load(Ordering::Relaxed);
            (tier.breaker, tier.owed) = (breaker, owed);
        }
        tiers
    }

    async fn told(&self, gone: Gone<'_>) -> Result<()> {
        let (told, patience) = match gone {
            Gone::Key(key) => (self.cache.delete(key), self.options.write_patience),
            // Everything there is has to be looked at.
            Gone::Group(group) => (self.cache.forget(group), self.options.write_patience * 5),
            Gone::All => (self.cache.clear(), self.options.write_patience * 5),
        };
        timeout(patience, told).await.unwrap_or_else(|_| Err(too_slow()))
    }

    /// Whether it is not used now: then the deletion is remembered.
    fn owes_otherwise(self: &Arc<Self>, gone: Gone<'_>) -> bool {
        if self.is_used.load(Ordering::Acquire) {
            return false;
        }
        let mut state = self.state();
        let is_away = match state.breaker {
            // It may have come back just now.
            Breaker::Closed => state.owed.len() > 0,
            // While it does what it owes, what comes is done beside that: remembered, it might never come to an end of it.
            Breaker::HalfOpen => false,
            Breaker::Open => true,
        };
        if is_away {
            state.owed.add(gone);
        }
        is_away
    }

    /// It is not used before it has done this.
    fn owe(self: &Arc<Self>, gone: Gone<'_>) {
        let mut state = self.state();
        state.owed.add(gone);
        self.open(&mut state, self.options.cool_down / 8);
    }

    /// Counts what came of a call.
    fn heard<T>(self: &Arc<Self>, answer: Result<T>) -> Result<T> {
        match &answer {
            Ok(_) => {
                if self.failed_in_a_row.load(Ordering::Relaxed) > 0 {
                    self.failed_in_a_row.store(0, Ordering::Relaxed);
                }
            }
            Err(error) => {
                self.failures.fetch_add(1, Ordering::Relaxed);
                let failed = self.failed_in_a_row.fetch_add(1, Ordering::Relaxed) + 1;
                // Who is refused is refused the next time, too.
                if failed >= self.options.failures || error.code == Code::CacheRefused {
                    self.open(&mut self.state(), self.options.cool_down);
                }
            }
        }
        answer
    }

    fn open(self: &Arc<Self>, state: &mut State, wait: Duration) {
        self.is_used.store(false, Ordering::Release);
        if state.breaker == Breaker::Closed {
            self.turn(state, Breaker::Open);
        }
        if !std::mem::replace(&mut state.is_tended, true) {
            tracing::warn!("a tier of the cache is left alone for a while");
            tokio::spawn(tend(Arc::downgrade(self), wait));
        }
    }

    fn turn(&self, state: &mut State, breaker: Breaker) {
        state.breaker = breaker;
        self.breaker.send_replace(breaker);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tries whether it is back: it does everything it owes, then answers once more. True when it is used again.
    async fn try_again(&self) -> bool {
        self.turn(&mut self.state(), Breaker::HalfOpen);
        loop {
            let next = self.state().owed.take();
            let done = match &next {
                Some(gone) => self.told(gone.as_ref()).await.is_ok(),
                None => {
                    let probe = CacheKey::new("", "probe");
                    matches!(timeout(self.options.write_patience, self.cache.exists(&probe)).await, Ok(Ok(_)))
                }
            };
            let mut state = self.state();
            match next {
                gone if !done => {
                    if let Some(gone) = gone {
                        state.owed.add(gone.as_ref());
                    }
                    self.turn(&mut state, Breaker::Open);
                    return false;
                }
                Some(_) => {}
                // More may be owed since.
                None if state.owed.len() > 0 => {}
                None => {
                    self.failed_in_a_row.store(0, Ordering::Relaxed);
                    state.is_tended = false;
                    self.is_used.store(true, Ordering::Release);
                    self.turn(&mut state, Breaker::Closed);
                    return true;
                }
            }
        }
    }
}

/// Tries again and again, each time after a longer wait, until the tier is used again or nobody has it any more.
async fn tend(tier: Weak<Tier>, mut wait: Duration) {
    loop {
        sleep(wait).await;
        let Some(tier) = tier.upgrade() else { return };
        if tier.try_again().await {
            tracing::info!("a tier of the cache is used again");
            return;
        }
        wait = (wait.max(tier.options.cool_down / 2) * 2).min(tier.options.longest);
    }
}

fn too_slow() -> Error {
    Error::new(Code::CacheUnavailable, "A part of the cache does not answer in time.")
}

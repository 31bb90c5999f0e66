//! Erasing everything, or one character: the plan, the act, the receipt.
//!
//! What was begun is ended, whatever interrupts it: it is written down before the first byte goes ([`Computer::begin`]), and
//! whoever starts the program next does the rest before anything else ([`resume`]).

use std::sync::PoisonError;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::{
    api::{
        App,
        app::Empty,
        backup::back_up_around,
        export::failed,
        keeping::{FileSaved, safe_name},
        opening::{OpenLibrary, exchange},
    },
    backup::Reason,
    error::{Code, Error, Result},
    hex,
    job::{Cancel, Progress, ProgressEvent},
    model::CharacterId,
    privacy::audit::TreeHead,
    privacy::erase::{
        Amount, Beyond, BeyondKind, ErasePlan, Erasure, Held, HeldKind, Receipt, Scope, SealedReceipt, Sweep,
    },
    storage::{Deleted, StorageInfo},
};

/// What Backstory keeps on this computer besides what is in the open store.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Holdings {
    /// What is taken away.
    pub places: Vec<Held>,
    /// What stays.
    pub beyond: Vec<Beyond>,
}

/// The computer, as far as something of the player is kept on it.
#[async_trait]
pub trait Computer: Send + Sync {
    /// What would be taken away and what would stay. `library` is where the open store is, as it says itself; none where it
    /// could not be opened.
    ///
    /// # Errors
    /// `storage_failed`, `config_invalid`.
    async fn holdings(&self, scope: &Scope, library: Option<&StorageInfo>) -> Result<Holdings>;

    /// Makes sure that no other program has a library open that is to be taken away. Nobody may have it open here either.
    ///
    /// # Errors
    /// `store_busy`; nothing was changed.
    async fn claim(&self, plan: &ErasePlan) -> Result<()>;

    /// Writes down what is to be done, durably.
    ///
    /// # Errors
    /// `storage_full`, `storage_failed`; nothing is to be erased then.
    async fn begin(&self, erasure: &Erasure) -> Result<()>;

    /// What was begun and not ended.
    ///
    /// # Errors
    /// `store_damaged` where it cannot be read any more.
    async fn pending(&self) -> Result<Option<Erasure>>;

    /// Takes every place of the plan away. What is gone already is no error.
    ///
    /// # Errors
    /// `storage_failed`, `keychain_unavailable`: what could not be taken away. It can be tried again.
    async fn clear(&self, erasure: &Erasure, progress: &dyn Progress) -> Result<()>;

    /// Reads everything that Backstory still keeps here and looks for what must not be there.
    ///
    /// # Errors
    /// `storage_failed`.
    async fn sweep(&self, erasure: &Erasure) -> Result<Sweep>;

    /// What stood for the audit log of this library when it was last seen on this computer: kept outside of the library, so that
    /// one that was put back or cut off is found.
    ///
    /// # Errors
    /// `storage_failed`.
    async fn log_seen(&self, library: &str) -> Result<Option<TreeHead>>;

    /// Keeps what stands for it now.
    ///
    /// # Errors
    /// `storage_full`, `storage_failed`.
    async fn keep_log_seen(&self, library: &str, log: &TreeHead) -> Result<()>;

    /// Forgets what was written down: all of it is done, or nothing of it was.
    ///
    /// # Errors
    /// `storage_failed`.
    async fn end(&self) -> Result<()>;

    /// Makes a key, signs a text with it and throws the private half away. The text is made from the public half, in
    /// hexadecimal digits, like the signature.
    ///
    /// # Errors
    /// `internal`.
    fn seal(&self, text: &dyn Fn(&str) -> String) -> Result<(String, String)>;

    /// Whether a text has this signature of this key.
    fn is_sealed(&self, text: &str, key: &str, signature: &str) -> bool;
}

/// Asks what would be erased.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct EraseGet {
    /// What.
    pub scope: Scope,
}

/// Asks to erase it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct EraseStart {
    /// What.
    pub scope: Scope,
    /// The token of the plan that the player agreed to.
    pub token: String,
}

/// What was erased.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Erased {
    /// The receipt.
    pub receipt: SealedReceipt,
    /// The same in plain words.
    pub text: String,
}

/// Asks whether a receipt is as it was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct ReceiptGet {
    /// The receipt's text, JSON.
    pub text: String,
}

/// What a receipt is worth.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct ReceiptCheck {
    /// Whether it is as it was made.
    pub valid: bool,
    /// Its number.
    pub number: String,
    /// What it says.
    pub receipt: Receipt,
}

/// What would be erased. Nothing is changed.
///
/// # Errors
/// `character_not_found`, `character_ambiguous`; as [`Computer::holdings`].
pub async fn erase_plan(app: &App, request: EraseGet, _: &dyn Progress) -> Result<ErasePlan> {
    must_be_own(app)?;
    let library = app.own_library();
    let info = library.as_ref().ok().map(|library| library.info());
    let (mut scope, mut name) = (request.scope, None);
    let mut only = None;
    if let Scope::Character { character } = &mut scope {
        let index = library.clone()?.find_among(character, Deleted::With).await?;
        *character = index.id.to_string();
        (name, only) = (Some(index.name), Some(index.id));
    }
    let Holdings { mut places, mut beyond } = computer(app)?.holdings(&scope, info.as_ref()).await?;
    cached(app, &mut places, &mut beyond).await;
    beyond.extend([BeyondKind::Sources, BeyondKind::Files, BeyondKind::Backups].map(Beyond::somewhere));
    let (mut counts, mut store) = (Amount::default(), None);
    if let Ok(library) = &library {
        counts = library.count(only.as_ref()).await?;
        beyond.extend(library.keeps().iter().map(|kept| Beyond::somewhere((*kept).into())));
        let location = library.info().location;
        let is_file = places.iter().any(|place| place.path == location);
        let is_emptied = scope == Scope::Everything && !is_file && library.info().capabilities.persistent;
        store = is_emptied.then_some(location);
    }
    let is_away = library.is_err() && !places.iter().any(|place| place.kind == HeldKind::Library);
    if is_away && scope == Scope::Everything {
        // It is on a server that does not answer: nothing in it goes.
        let path = Some(app.parts.host.ways().await.location);
        beyond.push(Beyond { kind: BeyondKind::OtherLibrary, path: path.filter(|path| !path.is_empty()) });
    }
    beyond.sort();
    let plan = ErasePlan { scope, name, counts, store, places, beyond, token: String::new() };
    Ok(plan.sealed())
}

/// Erases what was planned, and says what went. Only the part that comes before the first byte goes can be stopped.
///
/// # Errors
/// `conflict` where the plan is not what holds now; `store_busy` while another program has the library open: nothing was
/// changed then. Anything else leaves an erasure that goes on at the next start.
pub async fn erase(app: &App, request: EraseStart, progress: &dyn Progress) -> Result<Erased> {
    let plan = erase_plan(app, EraseGet { scope: request.scope }, progress).await?;
    if plan.token != request.token {
        return Err(Error::new(Code::Conflict, "There is something else to erase now than when you looked.")
            .kept("Nothing was erased.")
            .hint("Look at the list again, then confirm it."));
    }
    let library = app.own_library();
    if let Ok(library) = &library
        && (!plan.takes_library())
        && let Some(why) = library.info().read_only
    {
        return Err(Error::from(why).kept("Nothing was erased."));
    }
    // Whoever still writes would write to what is going.
    app.cancel_jobs();
    app.parts.host.stop_writers().await;
    let plan = with_backup(app, plan, progress).await?;
    let job = app.job();
    progress.report(ProgressEvent::Started { job: job.number, total: 0 });
    let only = character(&plan.scope);
    let traces = match &library {
        Ok(library) => library.fingerprints(only.as_ref()).await?,
        Err(_) => Vec::new(),
    };
    let erasure = Erasure {
        asked_at: app.parts.clock.now(),
        library: library.as_ref().ok().map(|library| library.info().location),
        log: match &library {
            Ok(library) => Some(library.audit_head().await?.tree()),
            Err(_) => None,
        },
        traces: traces.iter().map(|trace| hex::encode(trace)).collect(),
        interrupted: 0,
        erased: false,
        plan,
    };
    drop(library);
    let done = begin_and_finish(app, erasure, progress, &job.cancel).await;
    drop(job);
    match &done {
        // A library in the place of one that is still to go would go with it.
        Err(error) if takes_library(computer(app)?).await.unwrap_or(true) => app.close(error.clone()),
        _ if app.own_library().is_err() => reopen(app).await,
        _ => app.parts.host.reopened().await,
    }
    done
}

/// Before a part is erased, the whole is backed up. That backup goes with the others at the end, so the plan is made again.
async fn with_backup(app: &App, plan: ErasePlan, progress: &dyn Progress) -> Result<ErasePlan> {
    if plan.scope == Scope::Everything {
        return Ok(plan);
    }
    match back_up_around(app, Reason::BeforeErase, progress).await {
        Ok(()) => erase_plan(app, EraseGet { scope: plan.scope }, progress).await,
        // Whoever wants something gone is not kept from it by a disk without room for one more copy of it.
        Err(error) => {
            tracing::warn!(?error, "no backup was made before an erasure");
            Ok(plan)
        }
    }
}

async fn begin_and_finish(
    app: &App,
    erasure: Erasure,
    progress: &dyn Progress,
    cancel: &Cancel,
) -> Result<Erased> {
    if erasure.plan.takes_library() {
        app.close(Error::new(Code::StoreBusy, "The library is being erased."));
        computer(app)?.claim(&erasure.plan).await?;
    }
    cancel.check()?;
    let computer = computer(app)?;
    computer.begin(&erasure).await?;
    let stays = !erasure.plan.takes_library();
    let done = finish(app, erasure, progress).await;
    if done.is_err() && stays && computer.pending().await?.is_some_and(|erasure| !erasure.erased) {
        // The player was told that it failed. What is still there is theirs to ask for again, not to lose at a start some day.
        computer.end().await?;
    }
    done
}

/// Ends what an interruption kept from ending: nothing else may be asked of the app before. Says what was erased, if anything.
///
/// # Errors
/// What keeps it from being ended now. It is tried again at the next start.
pub async fn resume(app: &App, progress: &dyn Progress) -> Result<Option<Erased>> {
    // Where nothing can be kept, nothing was begun.
    let Ok(computer) = computer(app) else { return Ok(None) };
    let Some(mut erasure) = computer.pending().await? else { return Ok(None) };
    erasure.interrupted += 1;
    if erasure.takes_library() {
        computer.claim(&erasure.plan).await?;
    } else if !erasure.plan.takes_library()
        && app.own_library()?.info().location != erasure.library.clone().unwrap_or_default()
    {
        return Err(Error::new(
            Code::Conflict,
            "Something is being erased in another library than the one that is open.",
        )
        .kept("This library was not touched.")
        .hint("Open the other library once: what was begun in it is then ended."));
    }
    computer.begin(&erasure).await?;
    let erased = finish(app, erasure, progress).await?;
    *app.resumed.lock().unwrap_or_else(PoisonError::into_inner) = Some(erased.clone());
    if app.own_library().is_err() {
        reopen(app).await;
    }
    Ok(Some(erased))
}

/// Ends what is still to take the library away, if anything is: a library in its place would go with it.
///
/// # Errors
/// As [`resume`].
pub(super) async fn end_pending(app: &App, progress: &dyn Progress) -> Result<()> {
    let Ok(computer) = computer(app) else { return Ok(()) };
    if takes_library(computer).await? {
        resume(app, progress).await?;
    }
    Ok(())
}

/// What was erased at the start because it had been interrupted: told once.
pub(super) async fn erase_resumed(app: &App, _: Empty, _: &dyn Progress) -> Result<Option<Erased>> {
    Ok(app.resumed.lock().unwrap_or_else(PoisonError::into_inner).take())
}

/// Takes away what was planned: the places of this computer with the library, or characters out of a store that stays.
async fn destroy(app: &App, plan: &ErasePlan, erasure: &Erasure, progress: &dyn Progress) -> Result<()> {
    if plan.takes_library() {
        return computer(app)?.clear(erasure, progress).await;
    }
    let library = app.own_library()?;
    match character(&plan.scope) {
        Some(id) => match library.erase(&id).await {
            Err(error) if error.code == Code::CharacterNotFound => Ok(()),
            done => done,
        },
        None => library.erase_all(progress, &Cancel::default()).await,
    }
}

/// Erases, cleans up, looks once more. From here on nothing stops it but the end of the program, or a failure.
async fn finish(app: &App, mut erasure: Erasure, progress: &dyn Progress) -> Result<Erased> {
    let (plan, computer) = (erasure.plan.clone(), computer(app)?);
    if !erasure.erased {
        destroy(app, &plan, &erasure, progress).await?;
        if !plan.takes_library() {
            erasure.log = Some(app.own_library()?.audit_head().await?.tree());
        }
        erasure.erased = true;
        computer.begin(&erasure).await?;
    }
    if !plan.takes_library() {
        app.own_library()?.scrub(progress, &Cancel::default()).await?;
        computer.clear(&erasure, progress).await?;
    }
    if let Some(id) = character(&plan.scope) {
        if plan.places.iter().any(|place| place.kind == HeldKind::Backups)
            && let Err(error) = back_up_around(app, Reason::AfterErase, progress).await
        {
            tracing::warn!(?error, "no new backup was made after an erasure");
        }
        let mut preferences = app.parts.host.load_preferences().await;
        let before = preferences.pinned.len();
        preferences.pinned.retain(|pinned| *pinned != id);
        if preferences.pinned.len() < before {
            app.parts.host.save_preferences(preferences).await?;
        }
    }
    forget_cached(app, &mut erasure).await;
    let sweep = computer.sweep(&erasure).await?;
    let receipt = Receipt::of(&erasure, sweep, app.parts.clock.now(), app.parts.version);
    let text = |key: &str| SealedReceipt::signed_text(&receipt.number(key), &receipt);
    let (key, signature) = computer.seal(&text)?;
    let number = receipt.number(&key);
    computer.end().await?;
    let text = receipt.text(&number, app.language());
    Ok(Erased { receipt: SealedReceipt { number, receipt, key, signature }, text })
}

/// What a cache outside of the program holds: it goes, where the cache answers. One that is away is not promised to be rid of
/// it, though it gets told, and lets go of everything by itself in time.
async fn cached(app: &App, places: &mut Vec<Held>, beyond: &mut Vec<Beyond>) {
    let Some(cache) = app.cache() else { return };
    for tier in cache.stats().await.tiers {
        let Some(path) = tier.location else { continue };
        match tier.entries {
            Some(0) => {}
            Some(_) => places.push(Held { kind: HeldKind::Cache, path, files: 0, bytes: 0 }),
            None => beyond.push(Beyond { kind: BeyondKind::Cache, path: Some(path) }),
        }
    }
}

/// Takes what was erased out of every cache. What a cache did not confirm is not said to be gone.
async fn forget_cached(app: &App, erasure: &mut Erasure) {
    let Some(cache) = app.cache() else { return };
    let gone = match character(&erasure.plan.scope) {
        Some(id) => cache.forget(id.as_str()).await,
        None => cache.clear().await,
    };
    if let Err(error) = gone {
        tracing::warn!(?error, "a part of the cache did not confirm an erasure");
        let plan = &mut erasure.plan;
        let (left, places) =
            std::mem::take(&mut plan.places).into_iter().partition(|place| place.kind == HeldKind::Cache);
        plan.places = places;
        let left: Vec<Held> = left;
        plan.beyond
            .extend(left.into_iter().map(|place| Beyond { kind: BeyondKind::Cache, path: Some(place.path) }));
    }
}

/// Whether something was begun that takes the open library away whole: then [`resume`] comes before it is opened.
///
/// # Errors
/// As [`Computer::pending`].
pub async fn takes_library(computer: &dyn Computer) -> Result<bool> {
    Ok(computer.pending().await?.is_some_and(|erasure| erasure.takes_library()))
}

/// Whether a receipt is as it was made.
///
/// # Errors
/// `invalid_argument` for what is no receipt.
pub async fn receipt_check(app: &App, request: ReceiptGet, _: &dyn Progress) -> Result<ReceiptCheck> {
    let sealed: SealedReceipt = serde_json::from_str(&request.text).map_err(|error| {
        Error::new(Code::InvalidArgument, "This is not a receipt of Backstory.")
            .hint("Give the file that was saved as JSON, as it was saved.")
            .caused_by(error)
    })?;
    let text = SealedReceipt::signed_text(&sealed.number, &sealed.receipt);
    let valid = sealed.has_its_number() && computer(app)?.is_sealed(&text, &sealed.key, &sealed.signature);
    Ok(ReceiptCheck { valid, number: sealed.number, receipt: sealed.receipt })
}

/// Lets the player choose a place for a receipt and writes it there, as it was shown. Backstory keeps none.
///
/// # Errors
/// `invalid_argument` for what is no receipt; as [`super::Host::outlet`].
pub(super) async fn receipt_save(app: &App, request: SealedReceipt, _: &dyn Progress) -> Result<FileSaved> {
    let text = serde_json::to_string_pretty(&request)
        .map_err(|e| Error::internal("The receipt cannot be put into words.").caused_by(e))?;
    let name = format!("Backstory {}.json", safe_name(&request.number));
    let Some(mut outlet) = app.parts.host.outlet(&name).await? else { return Ok(FileSaved { name: None }) };
    outlet.write_all((text + "\n").as_bytes()).map_err(|error| failed(&error))?;
    Ok(FileSaved { name: Some(outlet.keep()?) })
}

fn computer(app: &App) -> Result<&dyn Computer> {
    app.parts.computer.as_ref().map(|computer| &**computer).map_err(Clone::clone)
}

fn must_be_own(app: &App) -> Result<()> {
    if app.shows_samples() {
        return Err(Error::new(Code::InvalidArgument, "These are the samples, which are kept nowhere.")
            .hint("Go back to your own library first."));
    }
    Ok(())
}

/// Opens the library that holds now. One that cannot be opened is shown as such: the receipt is there all the same.
pub(super) async fn reopen(app: &App) {
    match app.parts.host.reopen(OpenLibrary::Again).await {
        Ok(Some(reopened)) => exchange(app, reopened.storage).await,
        Ok(None) => {}
        Err(error) => app.close(error),
    }
}

fn character(scope: &Scope) -> Option<CharacterId> {
    match scope {
        Scope::Everything => None,
        Scope::Character { character } => CharacterId::new(character.as_str()).ok(),
    }
}

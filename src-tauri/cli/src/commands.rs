//! What each command does: asks the library and hands the answer to the printer.

use std::{
    io::{Read as _, Write as _},
    path::PathBuf,
    sync::Arc,
};

use async_trait::async_trait;
use backstory_core::{
    api::{
        App, Host, Parts,
        activity::{ActivityFilter, ActivityGet},
        app::{Empty, VerifyGet, verify},
        archiving::ArchiveGet,
        character::{
            CharacterGet, HistoryGet, SheetGet, character_history, character_sheet, characters_list,
        },
        compare::{CompareGet, RawCompareGet, VersionRef, compare_raw, compare_sheets},
        erase::{Computer, resume, takes_library},
        export::{Exported, How, chosen, export},
        health::Machine,
        import::{ImportOptions, ImportReport, Intake, Outcome, Remote, import},
        keeping::{
            NoteSet, PinSet, TagSet, cache_statistics, character_delete, character_undelete, recompress,
            statistics, version_note, version_pin, version_tag,
        },
        past::{BlameGet, RetellSet, SearchGet, blame, progress, retell, search, version_restore},
    },
    clock::Clock as _,
    config::AlertsConfig,
    error::{Code, Error, Result},
    job::Silent,
    json::MAX_BYTES,
    privacy::erase::Scope,
    storage::{CharacterStorage, Deleted, Encoding, QueryFilter, Secret, StorageInfo},
};
use backstory_sources::{
    fetch::{DdbFetcher, Keychain as _, SystemKeychain},
    files::{Files, STDIN},
    registry, sample,
    watch::Settings,
};
use backstory_storage::{
    cache,
    clock::SystemClock,
    config::{self, Flags},
    machine,
    open::Stores,
    outlet::FileOutlet,
};

use crate::{
    args::{Args, Command, ConfigCommand},
    auditing::{self, Asked},
    backups, db, encryption, erasing, keeping, live, manual, migrate,
    print::{self, Bar},
    settings::{self, Effective, Libraries},
    upkeep,
};

/// Exit code for "done in part".
pub(crate) const IN_PART: u8 = 3;

/// Runs a command; gives the exit code.
pub(crate) async fn run(args: Args) -> Result<u8> {
    let Args { library, config, unlock, json, quiet, command } = args;
    let unlock = unlock.as_deref().map(encryption::first_line).transpose()?;
    let flags = Flags { library, config, unlock };
    // The configuration is told without anything being opened: it may be what keeps a library shut.
    if let Command::Config { what } = &command {
        configuration(&flags, what.as_ref(), json)?;
        return Ok(0);
    }
    let command = match command {
        Command::Completions { shell } => return manual::completions(shell).map(|()| 0),
        Command::Manual { folder } => return manual::write(&folder).map(|()| 0),
        command => command,
    };
    // It names its libraries itself.
    let command = match command {
        Command::Migrate(options) => return migrate::run(options, flags, json, quiet).await,
        command => command,
    };
    let command = match command {
        Command::Db { what } => match db::without_library(what, &flags, json).await? {
            Some(what) => Command::Db { what },
            None => return Ok(0),
        },
        command => command,
    };
    let command = match command {
        Command::Login { site } => return live::login(site, json).await.map(|()| 0),
        Command::Logout { site } => return live::logout(site, json).await.map(|()| 0),
        command => command,
    };
    let files = Arc::new(Files::new().minimise(config::load(&flags)?.config.privacy.minimise));
    let erases_everything = matches!(command, Command::Erase { everything: true, .. });
    let needs_library = match &command {
        // Whoever wants everything gone, or to take something back, need not be able to open it.
        Command::Erase { everything: true, .. } | Command::Consent { .. } | Command::Health { .. } => false,
        Command::Audit { verify_receipt, .. } => verify_receipt.is_none(),
        // Where it cannot be opened a backup is wanted most.
        Command::Backup { what } => what.as_ref().is_some_and(backups::BackupCommand::needs_library),
        _ => true,
    };
    let recovers = matches!(&command, Command::Encryption { what } if what.recovers());
    let flags = asked(flags, recovers)?;
    let app = Arc::new(open_app(&flags, Arc::clone(&files), needs_library).await?);
    if let Command::Health { serve } = command {
        return upkeep::stands(&app, &flags, serve, json).await;
    }
    let done = perform(command, &app, &files, json, quiet).await;
    if !erases_everything {
        app.see_log().await;
    }
    done
}

/// Does what is asked of a library; gives the exit code.
async fn perform(command: Command, app: &App, files: &Files, json: bool, quiet: bool) -> Result<u8> {
    match command {
        Command::Config { .. }
        | Command::Migrate(_)
        | Command::Login { .. }
        | Command::Logout { .. }
        | Command::Completions { .. }
        | Command::Manual { .. } => Ok(()),
        Command::Db { what } => db::with_library(what, app, json).await,
        Command::Import { paths, captured_at, dry_run, decrypt } => {
            let passphrase = if decrypt { Some(passphrase()?) } else { None };
            let options = ImportOptions { captured_at, passphrase, dry_run };
            return import_files(app, files, &paths, options, json, quiet).await;
        }
        Command::Export { characters, all: _, to, format, redact, encrypt } => {
            let passphrase = if encrypt { Some(passphrase()?) } else { None };
            let characters = chosen(&*app.library()?, &characters).await?;
            let characters: Vec<_> = characters.into_iter().map(|(id, _)| id).collect();
            let outlet = Box::new(FileOutlet::create(&to)?);
            let bar = Bar::new(quiet || json);
            let how = How { form: format.into(), redact, passphrase };
            let work = export(app, &characters, how, outlet, &bar);
            let exported = stoppable(app, work).await?;
            bar.finish();
            let exported = Exported { file: Some(to.display().to_string()), ..exported };
            print::result(json, &exported, print::exported)
        }
        Command::Fetch { characters, agree } => {
            return live::fetch(
                app,
                &characters,
                live::Asking { agree, minimise: files.minimises() },
                json,
                quiet,
            )
            .await;
        }
        Command::Watch { folders, once } => {
            let settings = Settings { once, minimise: files.minimises(), ..Settings::default() };
            return live::watch(app, folders, settings, json, quiet).await;
        }
        Command::List {
            name,
            class,
            level,
            campaign,
            changed_after,
            changed_before,
            sort,
            limit,
            offset,
            deleted,
        } => {
            let (min_level, max_level) = level.unwrap_or_default();
            let sort = sort.into();
            let filter = QueryFilter {
                name,
                classes: class,
                min_level,
                max_level,
                campaign,
                changed_after,
                changed_before,
                sort,
                limit,
                offset,
                deleted: if deleted { Deleted::Only } else { Deleted::Without },
                ..QueryFilter::default()
            };
            print::result(json, &characters_list(app, filter, &Silent).await?, print::list)
        }
        Command::Show { character, version } => {
            let request = SheetGet { character, version };
            print::result(json, &character_sheet(app, request, &Silent).await?, print::sheet)
        }
        Command::History { character, quiet_too, limit, offset } => {
            let request = HistoryGet { character, quiet_too, limit, offset };
            print::result(json, &character_history(app, request, &Silent).await?, print::history)
        }
        Command::Diff { what, section, state, raw } => {
            let (from, to) = sides(what)?;
            if raw {
                let request = RawCompareGet { from, to };
                print::result(json, &compare_raw(app, request, &Silent).await?, print::raw)
            } else {
                let request = CompareGet { from, to, section, state, same: false };
                print::result(json, &compare_sheets(app, request, &Silent).await?, print::comparison)
            }
        }
        Command::Blame { character, field, version } => {
            let request = BlameGet { character, version, field };
            print::result(json, &blame(app, request, &Silent).await?, print::past::blame)
        }
        Command::Search { text, character, first, limit } => {
            let request = SearchGet { text, character, first, limit };
            print::result(json, &search(app, request, &Silent).await?, print::past::hits)
        }
        Command::Progress { character } => {
            let request = CharacterGet { character };
            print::result(json, &progress(app, request, &Silent).await?, print::past::growth)
        }
        Command::Restore { character, version } => {
            let request = VersionRef { character, version };
            print::result(json, &version_restore(app, request, &Silent).await?, print::past::restored)
        }
        Command::Retell { all } => {
            let bar = Bar::new(quiet || json);
            let done = stoppable(app, retell(app, RetellSet { all }, &bar)).await?;
            bar.finish();
            print::result(json, &done, print::past::retold)
        }
        Command::Document { character, version } => document(app, &character, version.as_deref()).await,
        Command::Delete { character } => {
            let index = character_delete(app, CharacterGet { character }, &Silent).await?;
            print::result(json, &index, print::binned)
        }
        Command::Erase { character, everything, dry_run, yes, receipt } => {
            let scope = match character {
                Some(character) if !everything => Scope::Character { character },
                _ => Scope::Everything,
            };
            erasing::run(app, scope, erasing::How { dry_run, yes, receipt, json, quiet }).await
        }
        Command::Encryption { what } => encryption::run(app, what, json, quiet).await,
        Command::Audit {
            character,
            actions,
            origin,
            since,
            until,
            limit,
            before,
            to,
            format,
            verify,
            accept,
            verify_receipt,
        } => {
            let filter = ActivityFilter { character, actions, origin, since, until };
            let asked = match (verify_receipt, to) {
                (Some(receipt), _) => Asked::Receipt(receipt),
                (None, _) if verify => Asked::Verify,
                (None, _) if accept => Asked::Accept,
                (None, Some(to)) => Asked::File(to, filter, format.into()),
                (None, None) => Asked::List(ActivityGet { filter, before, limit: Some(limit) }),
            };
            return auditing::run(app, asked, json).await;
        }
        Command::Consent { withdraw } => live::consent(app, withdraw, json).await,
        Command::Undelete { character } => {
            let index = character_undelete(app, CharacterGet { character }, &Silent).await?;
            print::result(json, &index, print::taken_back)
        }
        Command::Pin { character, version, off } => {
            let request = PinSet { character, version, pinned: !off };
            print::result(json, &version_pin(app, request, &Silent).await?, print::marks)
        }
        Command::Tag { character, version, names, remove } => {
            let request = TagSet { character, version, add: names, remove };
            print::result(json, &version_tag(app, request, &Silent).await?, print::marks)
        }
        Command::Note { character, version, note, remove: _ } => {
            let request = NoteSet { character, version, note };
            print::result(json, &version_note(app, request, &Silent).await?, print::marks)
        }
        Command::Archive { characters, older_than, restore, dry_run } => {
            let request = ArchiveGet { characters, older_than_days: older_than, restore };
            keeping::archive(app, request, dry_run, json, quiet).await
        }
        Command::Anonymise { character, dry_run, yes } => {
            keeping::anonymise(app, character, dry_run, yes, json, quiet).await
        }
        Command::Retention { what } => keeping::run(app, what, json, quiet).await,
        Command::Stats => {
            let library = statistics(app, Empty {}, &Silent).await?;
            let cache = cache_statistics(app, Empty {}, &Silent).await?;
            print::result(json, &print::standing::Standing { library, cache }, print::standing::words)
        }
        Command::Recompress { compression, level, whole, smallest } => {
            let chosen =
                Encoding { compression: compression.into(), level, delta: !whole, ..Encoding::default() };
            let encoding = if smallest { Encoding::AT_REST } else { chosen };
            let bar = Bar::new(quiet || json);
            let done = stoppable(app, recompress(app, encoding, &bar)).await?;
            bar.finish();
            print::result(json, &done, print::recompressed)
        }
        Command::Jobs { what } => return upkeep::jobs(app, what, json, quiet).await,
        Command::Health { .. } => Ok(()),
        Command::Backup { what } => return backups::run(app, what, json, quiet).await,
        Command::Verify { read_data, repair } => {
            let bar = Bar::new(quiet || json);
            let report = stoppable(app, verify(app, VerifyGet { read_data, repair }, &bar)).await?;
            bar.finish();
            print::result(json, &report, print::check)?;
            return Ok(u8::from(!report.ok));
        }
    }?;
    if let Ok(library) = app.library() {
        library.settled().await;
    }
    Ok(0)
}

/// What holds, and which libraries there are.
fn configuration(flags: &Flags, what: Option<&ConfigCommand>, json: bool) -> Result<()> {
    let set = |key: &str, value: Option<&str>| {
        let loaded = config::set(flags, key, value)?;
        print::result(json, &settings::Said::of(&loaded, key), settings::said)
    };
    match what {
        None => print::result(json, &Effective::of(&config::load(flags)?), settings::effective),
        Some(ConfigCommand::List) => {
            print::result(json, &Libraries::of(&config::load(flags)?.config), settings::libraries)
        }
        Some(ConfigCommand::Set { key, value }) if value == "-" => set(key, Some(&settings::typed()?)),
        Some(ConfigCommand::Set { key, value }) => set(key, Some(value)),
        Some(ConfigCommand::Unset { key }) => set(key, None),
    }
}

/// Whoever recovers a library has its recovery phrase, whatever else would open it.
fn asked(flags: Flags, recovers: bool) -> Result<Flags> {
    if !recovers || flags.unlock.is_some() {
        return Ok(flags);
    }
    let why = Error::new(Code::PassphraseNeeded, "The recovery phrase of 24 words is needed.")
        .kept("Nothing was read or written.")
        .hint("Give it in the first line of a file: --unlock FILE.");
    match encryption::ask_to_open(&why) {
        Some(words) => Ok(Flags { unlock: Some(words?), ..flags }),
        None => Err(why),
    }
}

/// The core on the library that is asked for. What was being erased when the program was last ended is erased first.
async fn open_app(flags: &Flags, files: Arc<Files>, needs_library: bool) -> Result<App> {
    let stores = Arc::new(Stores);
    let computer = erasing::this_computer(flags);
    let is_going = match &computer {
        Ok(computer) => takes_library(&**computer).await?,
        Err(_) => false,
    };
    let storage = match is_going {
        true => Err(Error::new(Code::StoreBusy, "The library is being erased.")),
        false => config::open_library(&stores, flags).await,
    };
    if let Err(locked) = storage.as_ref().map_err(Clone::clone).map(drop)
        && locked.code == Code::LibraryLocked
        && flags.unlock.is_none()
        && needs_library
        && let Some(words) = encryption::ask_to_open(&locked)
    {
        let flags = Flags { unlock: Some(words?), ..flags.clone() };
        return Box::pin(open_app(&flags, files, needs_library)).await;
    }
    let app = app(flags, stores, computer, storage, Arc::clone(&files))?;
    if let Some(erased) = resume(&app, &Silent).await? {
        print::aside(&erased.text);
    }
    if is_going {
        // What was erased is gone: from here on it is an empty library.
        return Box::pin(open_app(flags, files, needs_library)).await;
    }
    if needs_library {
        app.library()?;
    }
    Ok(app)
}

fn app(
    flags: &Flags,
    stores: Arc<Stores>,
    computer: Result<Arc<dyn Computer>>,
    storage: Result<Arc<dyn CharacterStorage>>,
    files: Arc<Files>,
) -> Result<App> {
    let config = config::load(flags)?.config;
    Ok(App::new(Parts {
        storage,
        caches: Arc::new(move |store| cache::open(&config.cache, store)),
        computer,
        backups: Ok(backups::kept(flags)),
        factory: stores,
        sources: registry::sources(),
        remote: config::data_folder().map(|folder| Arc::new(DdbFetcher::real(&folder)) as Arc<dyn Remote>),
        intake: files,
        samples: Arc::new(sample::drafts),
        host: Arc::new(Terminal { flags: flags.clone() }),
        clock: Arc::new(SystemClock),
        language: config.language,
        version: env!("CARGO_PKG_VERSION"),
        origin: "cli",
    })
    .keeping(config.retention))
}

async fn import_files(
    app: &App,
    files: &Files,
    paths: &[PathBuf],
    options: ImportOptions,
    json: bool,
    quiet: bool,
) -> Result<u8> {
    if paths.iter().any(|path| path.as_os_str() == STDIN) {
        files.hold(standard_input()?, SystemClock.now());
    }
    let list = files.list(paths).await;
    if list.is_empty() {
        return Err(Error::new(Code::FileUnreadable, "There is no JSON file in what was given.")
            .hint("Give a D&D Beyond character file, or a folder with such files in it."));
    }
    let bar = Bar::new(quiet || json);
    let report = stoppable(app, import(app, list, options, &bar)).await?;
    bar.finish();
    imported(&report, json)
}

/// Prints what became of every file; the exit code of that.
pub(crate) fn imported(report: &ImportReport, json: bool) -> Result<u8> {
    print::result(json, report, print::import)?;
    Ok(exit_code(report))
}

/// Whether all, some or none came in.
pub(crate) fn exit_code(report: &ImportReport) -> u8 {
    let failed = report.totals.get(&Outcome::Failed).copied().unwrap_or(0);
    let done = report.files.len() as u64 - failed;
    match (failed, done, report.stopped) {
        (0, _, false) => 0,
        (_, 0, _) => 1,
        _ => IN_PART,
    }
}

/// Lets Ctrl-C stop work between two of its steps; it then says what it did.
pub(crate) async fn stoppable<T>(app: &App, work: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::pin!(work);
    tokio::select! {
        done = &mut work => done,
        _ = tokio::signal::ctrl_c() => {
            app.cancel_jobs();
            work.await
        }
    }
}

fn standard_input() -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    // One byte more than is accepted shows that there is more.
    let mut limited = std::io::stdin().lock().take(MAX_BYTES as u64 + 1);
    limited.read_to_end(&mut bytes).map_err(|e| {
        Error::new(Code::FileUnreadable, "Standard input could not be read to its end.").caused_by(e)
    })?;
    Ok(bytes)
}

/// The first line of standard input.
fn passphrase() -> Result<Secret> {
    let mut line = String::new();
    std::io::stdin()
        .read_line(&mut line)
        .map_err(|e| Error::new(Code::FileUnreadable, "Standard input could not be read.").caused_by(e))?;
    match line.trim_end_matches(['\r', '\n']) {
        "" => Err(Error::new(Code::PassphraseNeeded, "There is no passphrase on standard input.")
            .kept("Nothing was read or written.")
            .hint("Give it on a line of its own: `pass show backstory | backstory …`.")),
        line => Ok(Secret::new(line)),
    }
}

async fn document(app: &App, character: &str, version: Option<&str>) -> Result<()> {
    let library = app.library()?;
    let id = library.find(character).await?.id;
    let version = library.version(&id, version.unwrap_or("latest")).await?;
    let bytes = library.document(&version).await?;
    std::io::stdout().lock().write_all(&bytes).map_err(|e| print::no_output(&e))
}

/// `CHARACTER A B`, or `CHARACTER@A CHARACTER@B`.
fn sides(what: Vec<String>) -> Result<(VersionRef, VersionRef)> {
    if let [character, from, to] = what.as_slice() {
        let side = |version: &String| VersionRef { character: character.clone(), version: version.clone() };
        return Ok((side(from), side(to)));
    }
    let mut sides = what.iter().filter_map(|side| {
        let (character, version) = side.rsplit_once('@')?;
        Some(VersionRef { character: character.to_owned(), version: version.to_owned() })
    });
    match (sides.next(), sides.next()) {
        (Some(from), Some(to)) => Ok((from, to)),
        _ => Err(Error::new(Code::InvalidArgument, "Two versions are needed.")
            .hint("Write `backstory diff CHARACTER A B`, or `backstory diff CHARACTER@A OTHER@B`.")),
    }
}

/// The command line has no window.
struct Terminal {
    flags: Flags,
}

#[async_trait]
impl Host for Terminal {
    async fn may_recompress(&self) -> bool {
        config::encoding(&self.flags).is_ok_and(|chosen| chosen.is_none())
    }

    async fn machine(&self, library: Option<&StorageInfo>) -> Machine {
        machine::look(library)
    }

    async fn alerts(&self) -> Option<AlertsConfig> {
        Some(config::load(&self.flags).ok()?.config.alerts)
    }

    async fn keychain(&self) -> Option<Result<()>> {
        Some(SystemKeychain.get().map(drop))
    }
}

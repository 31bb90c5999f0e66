//! Opening a library file: is it there, is it ours, is it sound, may it be written.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use backstory_core::{
    encryption::Unlock,
    error::{Code, Error},
    storage::ReadOnly,
};
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension};

use super::{
    backup, checksum,
    failure::{Failure, Result},
    session::{self, Session},
};
use crate::{rules, seal::Seal};

mod migrations {
    refinery::embed_migrations!("src/sqlite/migrations");
}

/// `Bkst`: written into the file's header, so that it is told from other programs' databases.
const APPLICATION_ID: i32 = 0x426b_7374;

/// How much of the file the writing connection keeps in memory at most.
const WRITER_CACHE_KIB: i64 = 64 << 10;

/// How much of the file each reading connection keeps in memory at most; the system's own cache stands behind it.
const READER_CACHE_KIB: i64 = 8 << 10;

/// How often a new file is tried again when another process is making it at the same moment.
const CREATION_ATTEMPTS: u32 = 20;

/// How long whoever wants the file for themselves waits for those who are just closing it.
const CLAIM: Duration = Duration::from_secs(3);

/// Between two tries.
const NAP: Duration = Duration::from_millis(50);

/// Whether somebody let go of the library without closing it, or has it open now: its log is still there.
pub(super) fn was_left_open(path: &Path) -> bool {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    fs::metadata(log).is_ok_and(|log| log.len() > 0)
}

/// How connections to an opened library are made.
#[derive(Debug, Clone)]
pub(super) struct Door {
    pub(super) path: PathBuf,
    pub(super) wait: Duration,
    /// The file cannot be written and has no companions: SQLite must not look for them.
    immutable: bool,
    writable: bool,
    /// The keys of what is encrypted.
    pub(super) seal: Arc<Seal>,
}

/// Opens a library, creating it where there is none.
pub(super) fn open(
    path: &Path,
    wait: Duration,
    want_read_only: bool,
    seal: Arc<Seal>,
) -> Result<(Door, Option<ReadOnly>)> {
    let door = Door { path: path.to_owned(), wait, immutable: false, writable: !want_read_only, seal };
    unlock(&door)?;
    open_locked(door)
}

/// For whoever copies a library as it is, encrypted or not.
pub(super) fn open_to_copy(path: &Path, wait: Duration) -> Result<Door> {
    open_locked(Door::plain(path.to_owned(), wait, false, false)).map(|(door, _)| door)
}

fn open_locked(mut door: Door) -> Result<(Door, Option<ReadOnly>)> {
    let (path, wait) = (door.path.clone(), door.wait);
    if !door.writable {
        return settle_read_only(door, ReadOnly::Asked);
    }
    create(&path, wait)?;
    match prepare(&door) {
        Ok(None) => Ok((door, None)),
        Ok(Some(newer)) => settle_read_only(Door { writable: false, ..door }, newer),
        Err(failure) if is_unwritable(&failure) => {
            door.writable = false;
            settle_read_only(door, ReadOnly::NotAllowed)
        }
        Err(failure) => Err(failure),
    }
}

/// Opens the keys of a library that is encrypted, before anything else is done to it: without them nothing is written, not
/// even to bring it up to date. What keeps the file from being looked at is told by whoever opens it next.
fn unlock(door: &Door) -> Result<()> {
    if !door.path.exists() {
        return Ok(());
    }
    let look = Door { writable: false, ..door.clone() };
    let Ok(connection) = look.connect() else { return Ok(()) };
    if check_owner(&connection, &door.path).is_err() {
        return Ok(());
    }
    match session::record(&connection) {
        Ok(record) => door.seal.ring(record.as_deref()).map(drop).map_err(Failure::from),
        Err(_) => Ok(()),
    }
}

/// Makes a new library beside its place and links it there whole: whoever opens the path finds no file or a complete
/// one, however many programs make it at once. The path itself is never opened but by SQLite: closing any other
/// descriptor of a file lets go of every lock this process holds on it.
fn create(path: &Path, wait: Duration) -> Result<()> {
    if path.exists() {
        return Ok(());
    }
    let failed = |error: io::Error| {
        Error::new(rules::disk_code(&error), format!("The library {} cannot be created.", path.display()))
            .hint("Check that the folder exists and that you may write to it, or choose another place.")
            .caused_by(error)
    };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    private_folder().create(folder).map_err(failed)?;
    let draft = tempfile::Builder::new().prefix(".backstory-new-").tempdir_in(folder).map_err(failed)?;
    let made = draft.path().join("library");
    private_file().open(&made).map_err(failed)?;
    prepare_once(&Door::plain(made.clone(), wait, false, true))?;
    match fs::hard_link(&made, path) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        // A disk without links: an empty file is filled in place.
        Err(_) => match private_file().open(path) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(failed(error).into()),
            _ => Ok(()),
        },
    }
}

fn private_folder() -> fs::DirBuilder {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
}

fn private_file() -> fs::OpenOptions {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Makes a new file a library and an old one a current one. Says why it must not be written, where that is so.
fn prepare(door: &Door) -> Result<Option<ReadOnly>> {
    let (mut attempt, start) = (1, Instant::now());
    loop {
        match prepare_once(door) {
            // Two programs making the same new file trip over each other once; the second try finds it made. Who waited for a
            // file that another program holds does not wait again.
            Err(Failure::Sqlite(_))
                if attempt < CREATION_ATTEMPTS && start.elapsed() < door.wait && is_being_made(door) =>
            {
                attempt += 1;
            }
            result => return result,
        }
    }
}

/// Whether the file is a library that is not, or was not a moment ago, complete.
fn is_being_made(door: &Door) -> bool {
    door.connect().is_ok_and(|connection| check_owner(&connection, &door.path).is_ok())
}

fn prepare_once(door: &Door) -> Result<Option<ReadOnly>> {
    let mut connection = door.connect()?;
    check_owner(&connection, &door.path)?;
    let known = latest_known();
    match schema_version(&connection)? {
        Some(version) if version > known => return Ok(Some(ReadOnly::Newer)),
        Some(version) if version == known => {
            if connection.is_readonly("main")? {
                return Err(read_only_error());
            }
            // The first write makes the companion files; better to learn here than in the middle of an import.
            connection.execute_batch("BEGIN IMMEDIATE; ROLLBACK")?;
            return Ok(None);
        }
        _ => {}
    }
    back_up_before_migrating(&connection, &door.path)?;
    // Take effect in a new file only. Captures write a little in many places: small pages write less around it. Pages that
    // become free are given back to the disk in small steps.
    connection.pragma_update(None, "page_size", 2048)?;
    connection.pragma_update(None, "auto_vacuum", "incremental")?;
    connection.pragma_update(None, "application_id", APPLICATION_ID)?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    migrations::migrations::runner().set_grouped(true).run(&mut connection).map_err(migration_failed)?;
    Ok(None)
}

/// Keeps a whole copy of an older library beside it: `library.before-2.sqlite`. A copy that is there already is older still,
/// and stays.
fn back_up_before_migrating(connection: &Connection, path: &Path) -> Result<()> {
    if schema_version(connection)?.is_none() {
        return Ok(());
    }
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let copy = path.with_file_name(format!("{stem}.before-{}.sqlite", latest_known()));
    if copy.exists() {
        return Ok(());
    }
    backup::copy(connection, &copy)
}

fn migration_failed(error: refinery::Error) -> Failure {
    let mut source: Option<&(dyn std::error::Error + 'static)> = Some(&error);
    while let Some(cause) = source {
        // A statement that does not fit what is in the file is no failure of the disk.
        if let Some(rusqlite::Error::SqliteFailure(code, message)) = cause.downcast_ref()
            && code.code != ErrorCode::Unknown
        {
            return Failure::Sqlite(rusqlite::Error::SqliteFailure(*code, message.clone()));
        }
        source = cause.source();
    }
    Error::new(Code::StorageFailed, "The library could not be brought to the form this Backstory needs.")
        .kept("It is as it was before.")
        .hint("Try again. If it fails again, keep a copy of the file and tell us.")
        .caused_by(error)
        .into()
}

/// The newest schema this program knows.
fn latest_known() -> i64 {
    let newest =
        migrations::migrations::runner().get_migrations().iter().map(|step| i64::from(step.version())).max();
    newest.unwrap_or(0)
}

/// The schema of the file; none for a file without one.
fn schema_version(connection: &Connection) -> Result<Option<i64>> {
    let exists = "SELECT 1 FROM sqlite_schema WHERE name = 'refinery_schema_history'";
    if connection.query_row(exists, [], |_| Ok(())).optional()?.is_none() {
        return Ok(None);
    }
    Ok(connection.query_row("SELECT max(version) FROM refinery_schema_history", [], |row| row.get(0))?)
}

/// What the file must look like inside: every table, index and trigger with its text, and the steps that made them. None
/// where the file was made by a newer program, which knows better.
pub(super) fn expected_plan(connection: &Connection) -> Result<Option<Vec<(String, String)>>> {
    if schema_version(connection)? > Some(latest_known()) {
        return Ok(None);
    }
    let mut fresh = Connection::open_in_memory()?;
    checksum::register(&fresh)?;
    migrations::migrations::runner().set_grouped(true).run(&mut fresh).map_err(migration_failed)?;
    plan(&fresh).map(Some)
}

/// What the file looks like inside, by name. What SQLite counts for itself (`sqlite_stat1`) is left out.
pub(super) fn plan(connection: &Connection) -> Result<Vec<(String, String)>> {
    let mut statement = connection.prepare(
        // Quoted, so that a text is not taken for the bytes of one.
        "SELECT type || ' ' || name, quote(type) || quote(name) || quote(tbl_name) || (rootpage > 0) || quote(sql) FROM sqlite_schema \
         WHERE tbl_name NOT LIKE 'sqlite_stat_' \
         UNION ALL SELECT 'step ' || version, quote(version) || quote(name) || quote(checksum) \
         FROM refinery_schema_history ORDER BY 1",
    )?;
    let mut rows = statement.query([])?;
    let mut plan = Vec::new();
    while let Some(row) = rows.next()? {
        let text = |column| -> Result<String> {
            let value = row.get_ref(column)?;
            Ok(String::from_utf8_lossy(value.as_bytes().unwrap_or_default()).into_owned())
        };
        plan.push((text(0)?, text(1)?));
    }
    Ok(plan)
}

/// Refuses another program's database.
fn check_owner(connection: &Connection, path: &Path) -> Result<()> {
    // One statement sees one moment: another program may be making the library right now.
    let both = "SELECT application_id, (SELECT count(*) FROM sqlite_schema) FROM pragma_application_id";
    let (owner, tables): (i32, i64) = connection.query_row(both, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
    if owner == APPLICATION_ID || (owner == 0 && tables == 0) {
        return Ok(());
    }
    Err(Error::new(Code::InvalidArgument, format!("{} is a database of another program.", path.display()))
        .kept("The file was not changed.")
        .hint("Choose a Backstory library, or a new file name to make one.")
        .into())
}

fn read_only_error() -> Failure {
    let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_READONLY);
    Failure::Sqlite(rusqlite::Error::SqliteFailure(code, None))
}

/// Whether writing is what failed, so that reading may still work.
fn is_unwritable(failure: &Failure) -> bool {
    use rusqlite::ErrorCode::{CannotOpen, PermissionDenied, ReadOnly};
    let Failure::Sqlite(error) = failure else { return false };
    matches!(error.sqlite_error_code(), Some(CannotOpen | PermissionDenied | ReadOnly))
}

/// What a library that nobody has open says of its keys.
pub(super) fn record(path: &Path) -> Result<Option<String>> {
    session::record(&Door::plain(path.to_owned(), Duration::ZERO, false, false).connect()?)
}

/// Looks whether a file that nobody has open is a whole library of this or an older program. Nothing is written.
pub(super) fn look(path: &Path) -> Result<()> {
    let door = Door::plain(path.to_owned(), Duration::ZERO, true, false);
    let connection = door.connect()?;
    check_owner(&connection, path)?;
    let verdict: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    match schema_version(&connection)? {
        Some(version) if version <= latest_known() && verdict == "ok" => Ok(()),
        _ => Err(Error::new(Code::StoreDamaged, format!("{} is not a whole library.", path.display()))
            .kept("Nothing was changed.")
            .hint("Choose another copy.")
            .into()),
    }
}

/// Folds the log into the file and keeps none, which SQLite does only where nobody else has the file open.
pub(super) fn claim(path: &Path) -> Result<()> {
    let door = Door::plain(path.to_owned(), CLAIM, false, true);
    let connection = door.connect()?;
    let until = Instant::now() + CLAIM;
    loop {
        let folded = connection.query_row("PRAGMA journal_mode = delete", [], |row| row.get::<_, String>(0));
        match folded {
            Ok(mode) if mode != "wal" => return Ok(()),
            Err(error) if !is_held(&error) => return Err(error.into()),
            _ if Instant::now() > until => return Err(rules::busy().into()),
            _ => std::thread::sleep(NAP),
        }
    }
}

fn is_held(error: &rusqlite::Error) -> bool {
    use rusqlite::ErrorCode::{DatabaseBusy, DatabaseLocked};
    matches!(error.sqlite_error_code(), Some(DatabaseBusy | DatabaseLocked))
}

/// Finds the way in which a library can at least be read.
fn settle_read_only(mut door: Door, why: ReadOnly) -> Result<(Door, Option<ReadOnly>)> {
    let probe = |door: &Door| -> Result<Option<i64>> {
        let connection = door.connect()?;
        check_owner(&connection, &door.path)?;
        schema_version(&connection)
    };
    let found = match probe(&door) {
        Err(failure) if is_unwritable(&failure) => {
            door.immutable = true;
            probe(&door)?
        }
        found => found?,
    };
    // A newer one says so, however it was opened: whoever wanted to go on with it must know.
    let why = if found.is_some_and(|found| found > latest_known()) { ReadOnly::Newer } else { why };
    if found.is_none() {
        return Err(Error::new(
            Error::from(why).code,
            format!("There is no library in {} yet, and none can be made.", door.path.display()),
        )
        .hint("Check that you may write to the file and to its folder, or choose another place.")
        .into());
    }
    Ok((door, Some(why)))
}

impl Door {
    /// To a file of which nothing encrypted is read.
    fn plain(path: PathBuf, wait: Duration, immutable: bool, writable: bool) -> Self {
        Self { path, wait, immutable, writable, seal: Arc::new(Seal::new(Unlock::default())) }
    }

    /// A new connection with everything set that a connection must have.
    pub(super) fn connect(&self) -> Result<Connection> {
        let access =
            if self.writable { OpenFlags::SQLITE_OPEN_READ_WRITE } else { OpenFlags::SQLITE_OPEN_READ_ONLY };
        let flags = access | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = if self.immutable {
            Connection::open_with_flags(immutable_address(&self.path), flags | OpenFlags::SQLITE_OPEN_URI)?
        } else {
            Connection::open_with_flags(&self.path, flags)?
        };
        connection.busy_timeout(self.wait)?;
        connection.set_prepared_statement_cache_capacity(64);
        connection.pragma_update(None, "synchronous", "full")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        connection.pragma_update(None, "cache_size", -READER_CACHE_KIB)?;
        connection.pragma_update(None, "analysis_limit", 400)?;
        connection.pragma_update(None, "trusted_schema", false)?;
        checksum::register(&connection)?;
        Ok(connection)
    }

    /// The one connection that writes: it keeps more pages at hand than the many that read.
    pub(super) fn connect_writer(&self) -> Result<Session> {
        let connection = self.connect()?;
        connection.pragma_update(None, "cache_size", -WRITER_CACHE_KIB)?;
        // What is taken out is overwritten.
        connection.pragma_update(None, "secure_delete", true)?;
        Ok(Session::new(connection, Arc::clone(&self.seal)))
    }

    /// A connection that cannot write by mistake.
    pub(super) fn connect_reader(&self) -> Result<Session> {
        let connection = self.connect()?;
        connection.pragma_update(None, "query_only", true)?;
        Ok(Session::new(connection, Arc::clone(&self.seal)))
    }
}

/// SQLite's way of naming a file that nobody can change. The few characters with a meaning in an address are escaped.
fn immutable_address(path: &Path) -> String {
    let text = path.to_string_lossy().replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    format!("file:{text}?immutable=1")
}

//! A PostgreSQL of one's own: made by `initdb` in a folder that goes with it, and stopped when the process ends.
//!
//! Databases are made from a template, so that each test has an empty library of its own within a moment.

use std::{
    fs,
    io::{Read, Seek, SeekFrom, Write},
    net::TcpListener,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Mutex, OnceLock,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use backstory_storage::postgres;
use tempfile::TempDir;
use tokio::sync::OnceCell;
use tokio_postgres::{Client, NoTls};

/// The database every test's own is copied from.
const TEMPLATE: &str = "backstory_template";

/// How long a server may take to come up or to go.
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs a server until it is told to stop, or its standard input closes, which happens when the process that holds the
/// other end ends, however it ends. Then the server is stopped by the id it was started under; without a word, its folder
/// goes too.
const KEEPER: &str = r#"
"$1/postgres" -D data -k "$PWD" -p "$2" -h 127.0.0.1 >>log 2>&1 &
server=$!
read -r word
kill -INT "$server" 2>>log
wait "$server"
[ "$word" = stop ] || { folder=$PWD; cd / && rm -rf "$folder"; }
"#;

/// A running PostgreSQL.
#[derive(Debug)]
pub struct Server {
    folder: TempDir,
    programs: PathBuf,
    port: u16,
    keeper: Mutex<Option<Child>>,
    template: OnceCell<()>,
    /// Databases whose tests are over, to be emptied and used again: making one takes a second on a busy computer.
    used: Mutex<Vec<String>>,
}

/// One database of a server, for one test.
#[derive(Debug)]
pub struct Database {
    server: &'static Server,
    /// Its name.
    pub name: String,
    /// Somebody was at it around the library: nobody else gets it afterwards.
    is_spoiled: AtomicBool,
}

/// Takes everything out of a library that was written through the front door.
const EMPTY: &str = "DELETE FROM backstory.sighting; DELETE FROM backstory.version; DELETE FROM backstory.archive; \
     DELETE FROM backstory.content; \
     DELETE FROM backstory.character; DELETE FROM backstory.tombstone; DELETE FROM backstory.member; DELETE FROM backstory.setting; \
     UPDATE backstory.store SET revision = 0; \
     SET session_replication_role = replica; DELETE FROM backstory.audit; RESET session_replication_role; \
     UPDATE backstory.audit_head SET size = 0, hash = decode(repeat('00', 32), 'hex'), peaks = ''";

impl Server {
    /// The server that all tests of a process share.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Server> = OnceLock::new();
        SHARED.get_or_init(Self::make)
    }

    /// A server for one test, to be stopped and started.
    pub fn alone() -> &'static Self {
        // It runs until the process ends, so nothing is gained by giving it back.
        Box::leak(Box::new(Self::make()))
    }

    /// A server for one test that offers TLS, with a certificate for `localhost` that nobody knows but
    /// [`Server::certificate`].
    pub fn encrypted() -> &'static Self {
        let server = Self::alone();
        server.stop();
        run(server.command(Path::new("openssl")).args([
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=localhost",
            "-addext",
            "subjectAltName=DNS:localhost",
            "-addext",
            "basicConstraints=critical,CA:FALSE",
            "-keyout",
            "data/server.key",
            "-out",
            "data/server.crt",
        ]));
        server.configure("ssl = on\n");
        server.start();
        server
    }

    /// The certificate of a server that offers TLS.
    pub fn certificate(&self) -> PathBuf {
        self.folder.path().join("data/server.crt")
    }

    /// A server for one test whose journal lies on this disk.
    pub fn with_journal_on(disk: &Path) -> &'static Self {
        let journal = disk.join("journal");
        fs::create_dir(&journal).unwrap();
        Self::give(&journal);
        let server = Self::folder_only();
        server.initialise(&["--wal-segsize=1", &format!("--waldir={}", journal.display())]);
        // Where it falls, it stays down until it is started: a server must not be told to stop while it recovers by itself.
        server.configure("restart_after_crash = off\n");
        server.start();
        Box::leak(Box::new(server))
    }

    /// A copy of this server that follows it, and answers what only reads.
    pub fn follower(&self) -> &'static Self {
        let server = Self::folder_only();
        let backup = server.programs.join("pg_basebackup");
        let port = self.port.to_string();
        let from = ["--host", self.folder().to_str().unwrap(), "--port", &port, "--username", "postgres"];
        run(server.command(&backup).args(from).args([
            "--pgdata=data",
            "--write-recovery-conf",
            "--checkpoint=fast",
        ]));
        server.start();
        Box::leak(Box::new(server))
    }

    /// Makes a folder the server's own, where the tests run as an administrator.
    pub fn give(folder: &Path) {
        if is_administrator() {
            run(Command::new("chown").arg(unprivileged_user()).arg(folder));
        }
    }

    fn configure(&self, settings: &str) {
        let file = self.folder.path().join("data/postgresql.conf");
        fs::write(&file, fs::read_to_string(&file).unwrap() + settings).unwrap();
    }

    fn make() -> Self {
        let server = Self::folder_only();
        server.initialise(&[]);
        server.start();
        server
    }

    fn folder_only() -> Self {
        let folder = tempfile::Builder::new().prefix("backstory-pg-").tempdir().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let server = Self {
            folder,
            programs: programs(),
            port,
            keeper: Mutex::default(),
            template: OnceCell::new(),
            used: Mutex::default(),
        };
        Self::give(server.folder.path());
        server
    }

    fn initialise(&self, more: &[&str]) {
        let initdb = self.programs.join("initdb");
        let usual = [
            "--pgdata=data",
            "--username=postgres",
            "--encoding=UTF8",
            "--locale=C",
            "--auth-local=trust",
            "--auth-host=scram-sha-256",
            "--no-sync",
        ];
        run(self.command(&initdb).args(usual).args(more));
        self.configure("max_connections = 200\nshared_buffers = 64MB\nlog_min_messages = warning\n");
    }

    /// A command run as somebody who is not an administrator: PostgreSQL refuses those.
    fn command(&self, program: &Path) -> Command {
        let mut command = if is_administrator() {
            let user = unprivileged_user();
            let mut command = Command::new("setpriv");
            command.arg(format!("--reuid={user}")).arg(format!("--regid={user}")).arg("--init-groups");
            command.arg(program);
            command
        } else {
            Command::new(program)
        };
        command.current_dir(self.folder.path()).env_remove("PGDATA");
        command
    }

    /// Starts it, and waits until it answers.
    pub fn start(&self) {
        let mut command = self.command(Path::new("sh"));
        command.args(["-c", KEEPER, "keeper"]).arg(&self.programs).arg(self.port.to_string());
        // In a group of its own: an interrupted test is told by its closed end of the pipe, like every other.
        let keeper = command.stdin(Stdio::piped()).stdout(Stdio::null()).process_group(0).spawn().unwrap();
        *self.keeper.lock().unwrap() = Some(keeper);
        let deadline = Instant::now() + PATIENCE;
        let ready = || {
            let mut command = Command::new(self.programs.join("pg_isready"));
            command.arg("-h").arg(self.folder.path()).arg("-p").arg(self.port.to_string());
            command.stdout(Stdio::null()).status().unwrap().success()
        };
        while !ready() {
            assert!(Instant::now() < deadline, "PostgreSQL does not come up: {}", self.log());
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// Stops it, in the way that throws everybody out.
    pub fn stop(&self) {
        let mut keeper = self.keeper.lock().unwrap().take().expect("it runs");
        keeper.stdin.take().expect("it listens").write_all(b"stop\n").unwrap();
        keeper.wait().unwrap();
    }

    /// The last it said.
    fn log(&self) -> String {
        let Ok(mut file) = fs::File::open(self.folder.path().join("log")) else { return String::new() };
        let length = file.metadata().unwrap().len();
        file.seek(SeekFrom::Start(length.saturating_sub(4_000))).unwrap();
        let mut text = Vec::new();
        file.read_to_end(&mut text).unwrap();
        String::from_utf8_lossy(&text).into_owned()
    }

    /// The address of a database over the socket, where everybody is believed.
    pub fn address(&self, user: &str, database: &str) -> String {
        let folder = self.folder.path().to_str().unwrap().replace('/', "%2F");
        format!("postgresql://{user}@{folder}:{}/{database}", self.port)
    }

    /// The address of a database over the network, where a password is asked for.
    pub fn network_address(&self, user: &str, password: &str, database: &str) -> String {
        format!("postgresql://{user}:{password}@127.0.0.1:{}/{database}", self.port)
    }

    /// Where its files are.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Its port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// A connection as this user.
    pub async fn connect(&self, user: &str, database: &str) -> Client {
        let (client, connection) =
            tokio_postgres::connect(&self.address(user, database), NoTls).await.unwrap();
        tokio::spawn(connection);
        client
    }

    /// A database with an empty library in it.
    pub async fn library(&'static self) -> Database {
        self.template.get_or_init(|| self.make_template()).await;
        let used = self.used.lock().unwrap().pop();
        match used {
            Some(name) => {
                self.connect("postgres", &name).await.batch_execute(EMPTY).await.unwrap();
                Database { server: self, name, is_spoiled: AtomicBool::new(false) }
            }
            None => self.database(TEMPLATE).await,
        }
    }

    /// A new database with nothing in it.
    pub async fn empty(&'static self) -> Database {
        let database = self.database("template0").await;
        database.is_spoiled.store(true, Ordering::Relaxed);
        database
    }

    /// A database with an empty library in it, whose tables lie in this folder.
    pub async fn library_in(&'static self, folder: &Path) -> Database {
        let client = self.connect("postgres", "postgres").await;
        let place = format!("CREATE TABLESPACE elsewhere LOCATION '{}'", folder.display());
        client.batch_execute(&place).await.unwrap();
        self.template.get_or_init(|| self.make_template()).await;
        let name = "elsewhere".to_owned();
        let statement = format!("CREATE DATABASE elsewhere TEMPLATE {TEMPLATE} TABLESPACE elsewhere");
        client.batch_execute(&statement).await.unwrap();
        Database { server: self, name, is_spoiled: AtomicBool::new(true) }
    }

    async fn database(&'static self, template: &str) -> Database {
        static NUMBER: AtomicU64 = AtomicU64::new(1);
        let name = format!("test_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        let statement = format!("CREATE DATABASE {name} TEMPLATE {template}");
        self.connect("postgres", "postgres").await.batch_execute(&statement).await.unwrap();
        Database { server: self, name, is_spoiled: AtomicBool::new(false) }
    }

    async fn make_template(&self) {
        let statement = format!("CREATE DATABASE {TEMPLATE} TEMPLATE template0");
        self.connect("postgres", "postgres").await.batch_execute(&statement).await.unwrap();
        let address = self.address("postgres", TEMPLATE);
        postgres::initialise(&address, &postgres::PostgresOptions::default()).await.unwrap();
        for user in ["keeper", "ada", "bob", "cleo", "dora", "eve"] {
            postgres::add_user(&address, user, None).await.unwrap();
        }
        let keeper = "GRANT backstory_admin TO keeper";
        self.connect("postgres", TEMPLATE).await.batch_execute(keeper).await.unwrap();
    }
}

impl Database {
    /// Its address for a user, over the socket.
    pub fn address(&self, user: &str) -> String {
        self.server.address(user, &self.name)
    }

    /// A connection as this user.
    pub async fn connect(&self, user: &str) -> Client {
        self.is_spoiled.store(true, Ordering::Relaxed);
        self.server.connect(user, &self.name).await
    }

    /// Does something to it as its administrator, behind every store's back.
    pub async fn tamper(&self, statements: &str) {
        self.connect("postgres").await.batch_execute(statements).await.unwrap();
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if !self.is_spoiled.load(Ordering::Relaxed) {
            self.server.used.lock().unwrap().push(std::mem::take(&mut self.name));
        }
    }
}

/// The programs of the newest PostgreSQL there is.
fn programs() -> PathBuf {
    let folders = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let version = |path: &Path| path.file_name()?.to_str()?.parse::<u32>().ok();
    let newest = folders.filter_map(|folder| Some((version(&folder.path())?, folder.path()))).max();
    let Some((_, folder)) = newest.filter(|(version, _)| *version >= 14) else {
        panic!("PostgreSQL 14 or newer is not installed. Install it: sudo apt-get install postgresql");
    };
    folder.join("bin")
}

fn is_administrator() -> bool {
    let id = Command::new("id").arg("-u").output().unwrap();
    id.stdout == b"0\n"
}

/// Who the server runs as when the tests run as an administrator.
fn unprivileged_user() -> &'static str {
    let exists = |user: &str| Command::new("id").arg(user).output().unwrap().status.success();
    if exists("postgres") { "postgres" } else { "nobody" }
}

fn run(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

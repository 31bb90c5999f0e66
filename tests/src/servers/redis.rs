//! A Redis of one's own, which keeps nothing, and goes when the process ends.

use std::{
    io::Write as _,
    net::TcpListener,
    os::unix::process::CommandExt as _,
    process::{Child, Command, Stdio},
    sync::{Mutex, OnceLock},
    thread,
    time::{Duration, Instant},
};

use redis::{Client, Connection};
use tempfile::TempDir;

/// How long it may take to come up.
const PATIENCE: Duration = Duration::from_secs(30);

/// Runs a server until it is told to stop, or its standard input closes, which happens when the process that holds the other
/// end ends, however it ends. A server that is paused hears nothing else than this.
const KEEPER: &str = r#"
redis-server "$@" >>log 2>&1 &
server=$!
echo "$server" >pid
read -r word
kill -KILL "$server" 2>>log
wait "$server" 2>>log
[ "$word" = stop ] || { folder=$PWD; cd / && rm -rf "$folder"; }
"#;

/// A running Redis.
#[derive(Debug)]
pub struct RedisServer {
    folder: TempDir,
    port: u16,
    password: Option<&'static str>,
    keeper: Mutex<Option<Child>>,
}

impl RedisServer {
    /// The server that all tests of a process share. Each keeps to a database of its own.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<RedisServer> = OnceLock::new();
        SHARED.get_or_init(|| Self::alone(None))
    }

    /// A server for one test, to be stopped, paused and filled with anything.
    pub fn alone(password: Option<&'static str>) -> Self {
        let folder = tempfile::Builder::new().prefix("backstory-redis-").tempdir().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let server = Self { folder, port, password, keeper: Mutex::default() };
        server.start();
        server
    }

    /// Starts it, and waits until it answers.
    pub fn start(&self) {
        let port = self.port.to_string();
        let mut words = vec![
            "--port",
            &port,
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--databases",
            "4096",
            "--maxmemory",
            "256mb",
        ];
        words.extend(self.password.iter().flat_map(|password| ["--requirepass", password]));
        let mut command = Command::new("sh");
        command.args(["-c", KEEPER, "keeper"]).args(words).current_dir(self.folder.path());
        let keeper = command.stdin(Stdio::piped()).stdout(Stdio::null()).process_group(0).spawn().unwrap();
        *self.keeper.lock().unwrap() = Some(keeper);
        let deadline = Instant::now() + PATIENCE;
        let answers = || {
            let mut connection = self.try_connect(0)?;
            redis::cmd("PING").query::<String>(&mut connection)
        };
        while let Err(error) = answers() {
            let log = std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
            assert!(Instant::now() < deadline, "redis-server does not come up ({error}): {log}");
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Kills it, without a word to anybody.
    pub fn kill(&self) {
        let mut keeper = self.keeper.lock().unwrap().take().expect("it runs");
        keeper.stdin.take().expect("it listens").write_all(b"stop\n").unwrap();
        keeper.wait().unwrap();
    }

    /// Asks it to go, as its administrator would.
    pub fn stop(&self) {
        let mut connection = self.connect(0);
        // It hangs up instead of an answer.
        let _ = redis::cmd("SHUTDOWN").arg("NOSAVE").query::<()>(&mut connection);
        self.kill();
    }

    /// Holds it: it is there, and answers nothing.
    pub fn pause(&self) {
        self.signal("-STOP");
    }

    /// Lets it go on.
    pub fn resume(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, signal: &str) {
        let pid = std::fs::read_to_string(self.folder.path().join("pid")).unwrap();
        let done = Command::new("kill").args([signal, pid.trim()]).status().unwrap();
        assert!(done.success());
    }

    /// The address of one of its databases, with the right password.
    pub fn address(&self, database: u32) -> String {
        self.address_with(self.password, database)
    }

    /// The address of one of its databases, with this password.
    pub fn address_with(&self, password: Option<&str>, database: u32) -> String {
        let user = password.map(|password| format!(":{password}@")).unwrap_or_default();
        format!("redis://{user}127.0.0.1:{}/{database}", self.port)
    }

    /// A connection, to look behind a cache's back.
    pub fn connect(&self, database: u32) -> Connection {
        self.try_connect(database).unwrap()
    }

    fn try_connect(&self, database: u32) -> redis::RedisResult<Connection> {
        Client::open(self.address(database))?.get_connection_with_timeout(Duration::from_secs(1))
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        if let Some(mut keeper) = self.keeper.lock().unwrap().take() {
            drop(keeper.stdin.take());
            let _ = keeper.wait();
        }
    }
}

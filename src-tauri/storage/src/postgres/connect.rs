//! From an address to a connection: what the address may say, who is believed, how long anything may take.
//!
//! What goes over a network is encrypted and the server's certificate is checked, name included, whatever word the
//! address uses for it. Only a socket and this very computer need no encryption; and whoever writes `sslmode=disable`
//! has said so.

use std::{
    fmt,
    net::IpAddr,
    path::{Path, PathBuf},
    pin::Pin,
    str::FromStr,
    sync::Arc,
    time::Duration,
};

use backstory_core::error::{Code, Error};
use deadpool_postgres::{Connect, Manager, ManagerConfig, Pool, RecyclingMethod, Runtime};
use rustls::{ClientConfig, RootCertStore};
use tokio::{sync::mpsc, task::JoinHandle};
use tokio_postgres::{
    AsyncMessage, Client, Config, Connection, NoTls, Socket,
    config::{Host, SslMode},
    tls::TlsStream,
};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::failure::{Failure, Result};

/// How long a server may take to answer a knock.
const KNOCK: Duration = Duration::from_secs(10);

/// How long a connection may be silent before the system asks whether the other side is still there.
const SILENCE: Duration = Duration::from_secs(30);

/// How long one statement may run: everything asked for is done in far less, even by a slow server.
const STATEMENT: Duration = Duration::from_secs(120);

/// How long a transaction may sit still before the server throws it out, so that a hung program does not keep others waiting.
const IDLE_TRANSACTION: Duration = Duration::from_secs(300);

/// A database somewhere, and how to get to it. Shown, it is its place, without the password.
#[derive(Clone)]
pub(super) struct Address {
    config: Config,
    security: Security,
    place: Arc<str>,
}

/// How a connection is kept private.
#[derive(Clone)]
enum Security {
    /// It is not: it does not leave this computer, or the address says so.
    Plain,
    /// TLS, with the server's certificate checked.
    Verified(MakeRustlsConnect),
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Address").field(&self.place).finish()
    }
}

/// What the address says about encryption, taken out of it before the rest is read.
#[derive(Debug, Default)]
struct Wishes {
    mode: Option<String>,
    roots: Option<PathBuf>,
}

impl Address {
    /// Reads an address such as `postgresql://ada@db.example/backstory`.
    pub(super) fn parse(text: &str) -> Result<Self> {
        let (rest, wishes) = take_wishes(text);
        // The cause stays out: it may quote the address.
        let mut config = Config::from_str(&rest).map_err(|_| not_an_address())?;
        if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
            return Err(not_an_address());
        }
        let security = security(&config, wishes)?;
        let mode = if matches!(security, Security::Plain) { SslMode::Disable } else { SslMode::Require };
        config.ssl_mode(mode).application_name("backstory");
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(KNOCK);
        }
        config.keepalives_idle(SILENCE).tcp_user_timeout(SILENCE);
        let place = place(&config).into();
        Ok(Self { config, security, place })
    }

    /// Where it is, as a person would find it, without the password.
    pub(super) fn place(&self) -> &str {
        &self.place
    }

    /// Has every connection give up after a while: on a lock after `wait`, on anything else later.
    pub(super) fn bounded(mut self, wait: Duration) -> Self {
        let settings = [
            ("lock_timeout", wait),
            ("statement_timeout", STATEMENT.max(wait * 2)),
            ("idle_in_transaction_session_timeout", IDLE_TRANSACTION),
        ];
        let mut options = self.config.get_options().unwrap_or_default().to_owned();
        for (name, time) in settings {
            options.push_str(&format!(" -c {name}={}", time.as_millis()));
        }
        // The policies make a statement look dear; compiling it takes longer than running it.
        options.push_str(" -c jit=off");
        self.config.options(options);
        self
    }

    /// The connections of a store: made when needed, at most so many.
    pub(super) fn pool(&self, size: u32, wait: Duration) -> Result<Pool> {
        // Whether a connection still lives is seen without asking the server; one that died unseen is replaced at its use.
        let method = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let manager = Manager::from_connect(self.config.clone(), self.clone(), method);
        Pool::builder(manager)
            .max_size(size.max(1) as usize)
            .wait_timeout(Some(wait))
            .create_timeout(Some(KNOCK * 2))
            .runtime(Runtime::Tokio1)
            .build()
            .map_err(|error| {
                Error::internal("The connections of a library cannot be kept.").caused_by(error).into()
            })
    }

    /// One connection, outside of every pool. It ends when what is returned is dropped.
    pub(super) async fn connect(&self) -> Result<Lone> {
        let (client, driver) = self.open(None).await?;
        Ok(Lone { client, driver })
    }

    /// A connection that passes on what the server says unasked.
    pub(super) async fn listen(&self) -> Result<(Lone, mpsc::UnboundedReceiver<String>)> {
        let (said, heard) = mpsc::unbounded_channel();
        let (client, driver) = self.open(Some(said)).await?;
        Ok((Lone { client, driver }, heard))
    }

    async fn open(
        &self,
        said: Option<mpsc::UnboundedSender<String>>,
    ) -> Result<(Client, JoinHandle<()>), tokio_postgres::Error> {
        match &self.security {
            Security::Plain => {
                let (client, connection) = self.config.connect(NoTls).await?;
                Ok((client, tokio::spawn(drive(connection, said))))
            }
            Security::Verified(tls) => {
                let (client, connection) = self.config.connect(tls.clone()).await?;
                Ok((client, tokio::spawn(drive(connection, said))))
            }
        }
    }
}

impl Connect for Address {
    fn connect(
        &self,
        _: &Config,
    ) -> Pin<Box<dyn Future<Output = Result<(Client, JoinHandle<()>), tokio_postgres::Error>> + Send + '_>>
    {
        Box::pin(self.open(None))
    }
}

/// A connection of its own.
#[derive(Debug)]
pub(super) struct Lone {
    pub(super) client: Client,
    driver: JoinHandle<()>,
}

impl Drop for Lone {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

/// Moves bytes between a client and its server until one of them goes away.
async fn drive<T>(mut connection: Connection<Socket, T>, said: Option<mpsc::UnboundedSender<String>>)
where
    T: TlsStream + Unpin,
{
    loop {
        match std::future::poll_fn(|context| connection.poll_message(context)).await {
            Some(Ok(AsyncMessage::Notification(notification))) => {
                if let Some(said) = &said {
                    // Whoever listened may have gone.
                    let _ = said.send(notification.payload().to_owned());
                }
            }
            Some(Ok(_)) => {}
            Some(Err(error)) => {
                tracing::info!(%error, "a connection to the library's server ended");
                return;
            }
            None => return,
        }
    }
}

/// Takes what is said about encryption out of an address.
fn take_wishes(text: &str) -> (String, Wishes) {
    let mut wishes = Wishes::default();
    let Some((base, query)) = text.split_once('?') else { return (text.to_owned(), wishes) };
    let kept: Vec<&str> = query
        .split('&')
        .filter(|pair| match pair.split_once('=') {
            Some(("sslmode", mode)) => {
                wishes.mode = Some(mode.to_owned());
                false
            }
            Some(("sslrootcert", file)) => {
                wishes.roots = Some(file.replace("%2F", "/").replace("%2f", "/").replace("%20", " ").into());
                false
            }
            _ => true,
        })
        .collect();
    (if kept.is_empty() { base.to_owned() } else { [base, &kept.join("&")].join("?") }, wishes)
}

fn security(config: &Config, wishes: Wishes) -> Result<Security> {
    match wishes.mode.as_deref() {
        Some("disable") => Ok(Security::Plain),
        None if is_this_computer(config) => Ok(Security::Plain),
        None | Some("require" | "verify-ca" | "verify-full") => verified(wishes.roots.as_deref()),
        Some(_) => Err(Error::new(
            Code::InvalidArgument,
            "The address asks for a connection that may turn out not to be encrypted.",
        )
        .hint("Write sslmode=verify-full, or leave it out; on a network you trust, sslmode=disable.")
        .into()),
    }
}

/// Whether nothing leaves this computer.
fn is_this_computer(config: &Config) -> bool {
    let is_here = |host: &Host| match host {
        Host::Tcp(name) => {
            name == "localhost" || name.parse().is_ok_and(|address: IpAddr| address.is_loopback())
        }
        #[cfg(unix)]
        Host::Unix(_) => true,
    };
    config.get_hosts().iter().all(is_here) && config.get_hostaddrs().iter().all(IpAddr::is_loopback)
}

/// TLS that checks the server's certificate against those this computer trusts, or against those of a file.
fn verified(roots: Option<&Path>) -> Result<Security> {
    let found = match roots {
        Some(file) => rustls_native_certs::load_certs_from_paths(Some(file), None),
        None => rustls_native_certs::load_native_certs(),
    };
    let mut trusted = RootCertStore::empty();
    let (added, _) = trusted.add_parsable_certificates(found.certs);
    if added == 0 {
        let which = roots.map_or_else(
            || "This computer trusts no certificates at all".to_owned(),
            |file| format!("There is no certificate in {}", file.display()),
        );
        return Err(Error::new(Code::InvalidArgument, format!("{which}, so the server cannot be checked."))
            .hint("Install the system's certificates (ca-certificates), or name a file with sslrootcert=<file>.")
            .into());
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::internal("TLS cannot be set up.").caused_by(error))?
        .with_root_certificates(trusted)
        .with_no_client_auth();
    Ok(Security::Verified(MakeRustlsConnect::new(config)))
}

/// An address without what is secret in it.
fn place(config: &Config) -> String {
    let host = match config.get_hosts().first() {
        Some(Host::Tcp(name)) if name.contains(':') => format!("[{name}]"),
        Some(Host::Tcp(name)) => name.clone(),
        #[cfg(unix)]
        Some(Host::Unix(folder)) => folder.display().to_string(),
        None => config.get_hostaddrs().first().map(ToString::to_string).unwrap_or_default(),
    };
    let user = config.get_user().map(|user| format!("{user}@")).unwrap_or_default();
    let port = match config.get_ports().first() {
        Some(5432) | None => String::new(),
        Some(port) => format!(":{port}"),
    };
    let database = config.get_dbname().or(config.get_user()).unwrap_or_default();
    format!("postgresql://{user}{host}{port}/{database}")
}

fn not_an_address() -> Failure {
    Error::new(Code::InvalidArgument, "This does not name a PostgreSQL database.")
        .hint("Write postgresql://<user>@<host>/<database>, the password in between as <user>:<password>.")
        .into()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn refused(address: &str) -> Error {
        Address::parse(address).unwrap_err().at("")
    }

    #[test]
    fn only_this_computer_is_believed_without_a_certificate() {
        let is_plain = |address: &str| matches!(Address::parse(address).unwrap().security, Security::Plain);
        for address in [
            "postgresql://ada@localhost/library",
            "postgres://ada:pw@127.0.0.1:5433/library",
            "postgres://ada@[::1]/library",
            "postgresql://ada@%2Frun%2Fpostgresql/library",
            "postgresql://ada@db.example/library?sslmode=disable&connect_timeout=3",
        ] {
            assert!(is_plain(address), "{address}");
        }
        for mode in ["prefer", "allow", "", "no"] {
            let error = refused(&format!("postgresql://ada@db.example/library?sslmode={mode}"));
            assert_eq!(error.code, Code::InvalidArgument);
        }
        let elsewhere =
            "postgresql://ada@localhost/library?hostaddr=192.0.2.1&sslrootcert=/nowhere/roots.pem";
        assert!(refused(elsewhere).message.contains("/nowhere/roots.pem"));
    }

    #[test]
    fn nothing_secret_is_shown() {
        let address =
            Address::parse("postgresql://ada:s3cret@localhost:5433/library?connect_timeout=3").unwrap();
        assert_eq!(address.place(), "postgresql://ada@localhost:5433/library");
        assert!(!format!("{address:?}").contains("s3cret"));
        for wrong in
            ["postgresql://ada:s3cret@localhost:port/library", "postgresql://ada:s3cret@h/x?s3cret=s3cret"]
        {
            let error = refused(wrong);
            assert_eq!(error.code, Code::InvalidArgument);
            assert!(!format!("{error:?} {error} {:?}", error.hint).contains("s3cret"));
        }
    }
}

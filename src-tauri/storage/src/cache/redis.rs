//! A cache in a Redis that programs share.
//!
//! One connection for all callers, made when it is first needed and again when it broke. It is kept where an answer is only
//! late: what was sent on it before goes before what is sent later, so a deletion is never overtaken by an older write.
//!
//! Nothing in the server is believed: what does not unpack under its own name is taken away and was never there.
//!
//! Before every call the store says how its entries may lie here ([`sealing`](super::sealing)). What is plain and what is sealed
//! lie apart, so that all that is plain can be taken away before the first value is sealed.

use std::{
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use async_trait::async_trait;
use backstory_core::{
    cache::{CacheKey, CacheSeal, CacheStatistics, CacheStorage, CacheTrouble, Cached, TierStatistics},
    config::Address,
    error::{Code, Error, Result},
    storage::Secret,
};
use redis::{
    AsyncConnectionConfig, Client, ErrorKind, FromRedisValue, Pipeline, RedisError,
    aio::MultiplexedConnection,
};

use super::{
    envelope::Envelope,
    measure::{Latencies, nanoseconds},
    sealing::{Sealing, Seals},
};

/// What the name of a plain value begins with: the form of what lies there.
const PLAIN: &str = "backstory:1";
/// What the name of a sealed value begins with.
const SEALED: &str = "backstory:2";
/// Every name of ours.
const OURS: &str = "backstory:[12]:*";
/// A larger value would hold up everybody on the connection.
const MOST: usize = 16 << 20;
/// Names looked at in one step of a search through the server.
const STEP: usize = 1_000;
/// How long the server may think about how it stands.
const STANDING: Duration = Duration::from_millis(200);

/// How a [`RedisCache`] is reached and what it does.
#[derive(Clone)]
pub struct RedisOptions {
    /// `redis://user:password@host:6379/0`, or `rediss://` for TLS.
    pub url: Secret,
    /// How long an entry lives where nobody says.
    pub default_ttl: Duration,
    /// Who says what values are sealed with.
    pub seals: Arc<dyn Seals>,
    /// How long making the connection may take.
    pub connect_patience: Duration,
    /// How long an answer may take. Whoever has less patience asks through a [`super::TieredCache`].
    pub patience: Duration,
}

impl RedisOptions {
    /// What is usual, for the server at this address.
    pub fn at(url: Secret) -> Self {
        Self {
            url,
            default_ttl: Duration::from_secs(3_600),
            seals: Arc::new(CacheSeal::Plain),
            connect_patience: Duration::from_secs(2),
            patience: Duration::from_secs(2),
        }
    }
}

/// Neither the address nor the key is shown.
impl fmt::Debug for RedisOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisOptions").field("default_ttl", &self.default_ttl).finish_non_exhaustive()
    }
}

/// A cache in a Redis.
pub struct RedisCache {
    client: Client,
    location: String,
    options: RedisOptions,
    sealing: Sealing,
    connection: Mutex<Option<MultiplexedConnection>>,
    /// Whoever makes the connection, so that only one does.
    connecting: tokio::sync::Mutex<()>,
    trouble: Mutex<Option<CacheTrouble>>,
    hits: AtomicU64,
    misses: AtomicU64,
    damaged: AtomicU64,
    latencies: Latencies,
}

impl fmt::Debug for RedisCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisCache").field("location", &self.location).finish_non_exhaustive()
    }
}

impl RedisCache {
    /// The cache at an address. Nothing is connected yet.
    ///
    /// # Errors
    /// `invalid_argument` where the address is not one of a Redis.
    pub fn new(options: RedisOptions) -> Result<Self> {
        let location = Address::new(options.url.reveal()).to_string();
        let client = Client::open(options.url.reveal()).map_err(|_| {
            // The library's own words may repeat the address.
            Error::new(Code::InvalidArgument, format!("{location} is not the address of a Redis."))
                .hint("It looks like redis://user:password@host:6379/0, with rediss:// for TLS.")
        })?;
        Ok(Self {
            client,
            location,
            sealing: Sealing::new(Arc::clone(&options.seals)),
            options,
            connection: Mutex::default(),
            connecting: tokio::sync::Mutex::default(),
            trouble: Mutex::default(),
            hits: AtomicU64::new(0),
            misses: AtomicU64::new(0),
            damaged: AtomicU64::new(0),
            latencies: Latencies::default(),
        })
    }

    /// What packs values now; none where nothing may lie here. Where values are sealed from now on, what is plain goes first:
    /// whoever encrypted the store may not have reached this server, or was killed before.
    async fn envelope(&self) -> Result<Option<Arc<Envelope>>> {
        self.sealing.envelope(self.drop_all(&format!("{PLAIN}:*"))).await
    }

    /// The same, to take something away: a store that is gone, or locked, keeps nobody from that.
    async fn last_envelope(&self) -> Result<Option<Arc<Envelope>>> {
        match self.envelope().await {
            Err(error) => self.sealing.last_known().map(Some).ok_or(error),
            told => told,
        }
    }

    /// Whether values may lie here as they are.
    async fn takes_plain(&self) -> bool {
        matches!(self.envelope().await, Ok(Some(envelope)) if !envelope.is_sealed())
    }

    fn trouble(&self) -> MutexGuard<'_, Option<CacheTrouble>> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn current(&self) -> MutexGuard<'_, Option<MultiplexedConnection>> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn connection(&self) -> Result<MultiplexedConnection, RedisError> {
        let current = self.current().clone();
        if let Some(connection) = current {
            return Ok(connection);
        }
        let _turn = self.connecting.lock().await;
        let current = self.current().clone();
        if let Some(connection) = current {
            return Ok(connection);
        }
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(self.options.connect_patience))
            .set_response_timeout(Some(self.options.patience));
        let made = self.client.get_multiplexed_async_connection_with_config(&config).await?;
        *self.current() = Some(made.clone());
        Ok(made)
    }

    /// Asks the server.
    async fn ask<T: FromRedisValue>(&self, pipeline: &Pipeline) -> Result<T, RedisError> {
        let mut connection = self.connection().await?;
        let answer = pipeline.query_async(&mut connection).await;
        if let Err(error) = &answer
            && !error.is_timeout()
            && error.is_unrecoverable_error()
        {
            *self.current() = None;
        }
        answer
    }

    /// What an answer means for whoever asked, and for how the cache stands.
    fn heard<T>(&self, answer: Result<T, RedisError>) -> Result<T> {
        let trouble = answer.as_ref().err().map(trouble);
        let mut known = self.trouble();
        // That it answers does not say that it takes something.
        if trouble.is_some() || *known != Some(CacheTrouble::TakesNothing) {
            *known = trouble;
        }
        drop(known);
        answer.map_err(|error| {
            let trouble = trouble.unwrap_or(CacheTrouble::Unreachable);
            let code = match trouble {
                CacheTrouble::WrongPassword | CacheTrouble::NotAllowed => Code::CacheRefused,
                _ => Code::CacheUnavailable,
            };
            Error::new(code, format!("{trouble} ({})", self.location))
                .kept("Your library does not need the cache: everything is read from the library itself.")
                .hint(match trouble {
                    CacheTrouble::WrongPassword => {
                        "Look at `cache.redis.redis_url`: the name and the password in it are not the server's."
                    }
                    CacheTrouble::NotAllowed => {
                        "Let this user read, write, delete and scan keys that begin with `backstory:`."
                    }
                    CacheTrouble::TakesNothing => {
                        "Give the Redis more memory, or let it evict old entries (`maxmemory-policy allkeys-lru`)."
                    }
                    CacheTrouble::Unreachable | CacheTrouble::Confused | CacheTrouble::NoAddress => {
                        "Look whether the Redis runs and `cache.redis.redis_url` names it."
                    }
                })
                .caused_by(error)
        })
    }

    /// What lies under a key and for how long; none where nothing does, or nothing that was set there.
    async fn found(&self, key: &CacheKey) -> Result<Option<Cached>> {
        let Some(envelope) = self.envelope().await? else { return Ok(None) };
        let name = &name(&envelope, key);
        let asked = Instant::now();
        let mut pipeline = redis::pipe();
        pipeline.cmd("PTTL").arg(name).cmd("GET").arg(name);
        let answer: Result<(i64, Option<Vec<u8>>), _> = self.ask(&pipeline).await;
        let (left, bytes) = match answer {
            Err(error) if code(&error).as_deref() == Some("WRONGTYPE") => (-1, Some(Vec::new())),
            answer => self.heard(answer)?,
        };
        let Some(bytes) = bytes else { return Ok(None) };
        // What never ends was not set by a cache.
        let left = u64::try_from(left).ok().map(Duration::from_millis);
        let value = left.and_then(|_| envelope.unpack(name, &bytes));
        let (Some(left), Some(value)) = (left, value) else {
            self.damaged.fetch_add(1, Ordering::Relaxed);
            self.drop_names(&[name.to_owned()]).await?;
            return Ok(None);
        };
        // The time of the answer's way is not lived twice.
        let remaining = left.saturating_sub(asked.elapsed());
        Ok((!remaining.is_zero()).then(|| Cached { value: value.into(), remaining }))
    }

    async fn drop_names(&self, names: &[String]) -> Result<()> {
        let mut pipeline = redis::pipe();
        pipeline.cmd("DEL").arg(names).ignore();
        let answer: Result<(), _> = self.ask(&pipeline).await;
        self.heard(answer)
    }

    /// Takes away every name of a form.
    async fn drop_all(&self, pattern: &str) -> Result<()> {
        let mut at = 0_u64;
        loop {
            let (next, names) = self.scan(at, pattern).await?;
            if !names.is_empty() {
                self.drop_names(&names).await?;
            }
            if next == 0 {
                return Ok(());
            }
            at = next;
        }
    }

    async fn scan(&self, at: u64, pattern: &str) -> Result<(u64, Vec<String>)> {
        let mut pipeline = redis::pipe();
        pipeline.cmd("SCAN").arg(at).arg("MATCH").arg(pattern).arg("COUNT").arg(STEP);
        let answer: Result<((u64, Vec<String>),), _> = self.ask(&pipeline).await;
        Ok(self.heard(answer)?.0)
    }

    /// How many entries of ours there are, and their bytes.
    async fn count(&self) -> Result<(u64, u64)> {
        let (mut at, mut entries, mut bytes) = (0, 0, 0);
        loop {
            let (next, names) = self.scan(at, OURS).await?;
            if !names.is_empty() {
                let mut pipeline = redis::pipe();
                for name in &names {
                    pipeline.cmd("STRLEN").arg(name);
                }
                let answer: Result<Vec<u64>, _> = self.ask(&pipeline).await;
                entries += names.len() as u64;
                bytes += self.heard(answer)?.iter().sum::<u64>();
                bytes += names.iter().map(|name| name.len() as u64).sum::<u64>();
            }
            if next == 0 {
                return Ok((entries, bytes));
            }
            at = next;
        }
    }

    /// What the server alone knows: how many entries left for want of room, and how many since their time was over.
    async fn left(&self) -> Result<(u64, u64)> {
        let mut pipeline = redis::pipe();
        pipeline.cmd("INFO").arg("stats");
        let answer: Result<(String,), _> = self.ask(&pipeline).await;
        let (text,) = self.heard(answer)?;
        let number = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
            line.and_then(|number| number.trim().parse().ok()).unwrap_or(0)
        };
        Ok((number("evicted_keys"), number("expired_keys")))
    }
}

/// What a group lies under.
fn group_name(envelope: &Envelope, group: &str) -> String {
    format!("{}:{}", if envelope.is_sealed() { SEALED } else { PLAIN }, envelope.name(group))
}

/// What an entry lies under.
fn name(envelope: &Envelope, key: &CacheKey) -> String {
    format!("{}:{}", group_name(envelope, key.group()), envelope.name(key.name()))
}

/// The word a server begins an error with. In a row of commands it is the first one's.
fn code(error: &RedisError) -> Option<String> {
    error.clone().into_server_errors()?.first().map(|(_, error)| error.code().to_owned())
}

/// What an error of the server, or of the way to it, means.
fn trouble(error: &RedisError) -> CacheTrouble {
    match (error.kind(), code(error).as_deref()) {
        (ErrorKind::AuthenticationFailed, _) | (_, Some("WRONGPASS" | "NOAUTH")) => {
            CacheTrouble::WrongPassword
        }
        (_, Some("NOPERM")) => CacheTrouble::NotAllowed,
        (_, Some("OOM" | "READONLY" | "MISCONF")) => CacheTrouble::TakesNothing,
        (ErrorKind::Parse | ErrorKind::UnexpectedReturnType, _) => CacheTrouble::Confused,
        _ => CacheTrouble::Unreachable,
    }
}

#[async_trait]
impl CacheStorage for RedisCache {
    async fn get(&self, key: &CacheKey) -> Result<Option<Cached>> {
        let asked = Instant::now();
        let found = self.found(key).await?;
        self.latencies.note(nanoseconds(asked.elapsed()));
        if found.is_some() { &self.hits } else { &self.misses }.fetch_add(1, Ordering::Relaxed);
        Ok(found)
    }

    async fn set(&self, key: &CacheKey, value: Arc<[u8]>, ttl: Option<Duration>) -> Result<()> {
        let Some(envelope) = self.envelope().await? else { return Ok(()) };
        let name = name(&envelope, key);
        let ttl = ttl.unwrap_or(self.options.default_ttl).as_millis();
        if value.len() > MOST || ttl == 0 {
            return self.drop_names(&[name]).await;
        }
        let packed = envelope.pack(&name, &value)?;
        let mut pipeline = redis::pipe();
        let ttl = u64::try_from(ttl).unwrap_or(u64::MAX).min(i64::MAX as u64 / 4);
        pipeline.cmd("SET").arg(&name).arg(packed).arg("PX").arg(ttl).ignore();
        let answer: Result<(), _> = self.ask(&pipeline).await;
        let is_full = answer.as_ref().is_err_and(|error| trouble(error) == CacheTrouble::TakesNothing);
        let kept = self.heard(answer);
        if is_full {
            // It keeps nothing new, which a cache may do. What was there before must not be taken for it.
            return self.drop_names(&[name]).await;
        }
        if kept.is_ok() {
            *self.trouble() = None;
        }
        // The store may have been encrypted since: then whoever did it looked here before this came in.
        if !envelope.is_sealed() && !self.takes_plain().await {
            self.drop_names(&[name]).await?;
        }
        kept
    }

    async fn delete(&self, key: &CacheKey) -> Result<()> {
        match self.last_envelope().await? {
            Some(envelope) => self.drop_names(&[name(&envelope, key)]).await,
            None => Ok(()),
        }
    }

    async fn forget(&self, group: &str) -> Result<()> {
        match self.last_envelope().await? {
            Some(envelope) => self.drop_all(&format!("{}:*", group_name(&envelope, group))).await,
            None => Ok(()),
        }
    }

    async fn clear(&self) -> Result<()> {
        self.drop_all(OURS).await
    }

    async fn exists(&self, key: &CacheKey) -> Result<bool> {
        Ok(self.found(key).await?.is_some())
    }

    async fn stats(&self) -> CacheStatistics {
        let standing = async { Ok::<_, Error>((self.count().await?, self.left().await?)) };
        let standing = tokio::time::timeout(STANDING, standing).await.ok().and_then(Result::ok);
        let (counts, left) = standing.unzip();
        let (evictions, expired) = left.unwrap_or_default();
        CacheStatistics {
            tiers: vec![TierStatistics {
                name: "redis".to_owned(),
                location: Some(self.location.clone()),
                hits: self.hits.load(Ordering::Relaxed),
                misses: self.misses.load(Ordering::Relaxed),
                entries: counts.map(|(entries, _)| entries),
                bytes: counts.map(|(_, bytes)| bytes),
                evictions,
                expired,
                damaged: self.damaged.load(Ordering::Relaxed),
                trouble: *self.trouble(),
                get_p50_us: self.latencies.percentile(50),
                get_p99_us: self.latencies.percentile(99),
                ..TierStatistics::default()
            }],
        }
    }

    fn locations(&self) -> Vec<String> {
        vec![self.location.clone()]
    }
}

//! An object store that counts what is asked of it, and fails when it is told to.

use std::{
    fmt,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use futures_util::{
    FutureExt, StreamExt,
    stream::{self, BoxStream},
};
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, PutMode,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result, path::Path,
};

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The program dies before this request is made: it and all that follow are never made.
    DiesBefore,
    /// The program dies after this request was made and before its answer came.
    DiesAfter,
    /// This request is refused, and nothing else is.
    Refused,
    /// This request is done, and its answer is lost; nothing else is wrong.
    AnswerLost,
}

/// How much was asked.
#[derive(Debug, Default)]
pub struct Counts {
    /// Every request that is not one of the others.
    pub others: AtomicU64,
    /// Objects read or looked at.
    pub gets: AtomicU64,
    /// Pages of lists: a thousand names each.
    pub pages: AtomicU64,
}

/// See the module.
#[derive(Debug)]
pub struct Trouble {
    inner: Arc<dyn ObjectStore>,
    plan: Mutex<Option<(u64, Fault)>>,
    requests: AtomicU64,
    dead: AtomicBool,
    blind: bool,
    /// How much was asked.
    pub counts: Arc<Counts>,
}

impl Trouble {
    /// Nothing goes wrong yet.
    pub fn new(inner: Arc<dyn ObjectStore>) -> Self {
        Self {
            inner,
            plan: Mutex::default(),
            requests: AtomicU64::new(0),
            dead: AtomicBool::new(false),
            blind: false,
            counts: Arc::default(),
        }
    }

    /// One that does every upload, whatever its condition.
    pub fn blind(inner: Arc<dyn ObjectStore>) -> Self {
        Self { blind: true, ..Self::new(inner) }
    }

    /// From now on, counted from 0, this request goes wrong.
    pub fn plan(&self, request: u64, fault: Fault) {
        *self.plan.lock().unwrap() = Some((self.requests.load(Ordering::SeqCst) + request, fault));
    }

    /// How many requests there were.
    pub fn requests(&self) -> u64 {
        self.requests.load(Ordering::SeqCst)
    }

    /// What goes wrong with the next request.
    fn next(&self) -> Result<Option<Fault>> {
        let number = self.requests.fetch_add(1, Ordering::SeqCst);
        if self.dead.load(Ordering::SeqCst) {
            return Err(failed());
        }
        let planned = self.plan.lock().unwrap().filter(|(at, _)| *at == number).map(|(_, fault)| fault);
        if matches!(planned, Some(Fault::DiesBefore | Fault::DiesAfter)) {
            self.dead.store(true, Ordering::SeqCst);
        }
        if matches!(planned, Some(Fault::DiesBefore | Fault::Refused)) {
            return Err(failed());
        }
        Ok(planned)
    }

    fn listed(
        &self,
        found: BoxStream<'static, Result<ObjectMeta>>,
    ) -> BoxStream<'static, Result<ObjectMeta>> {
        if let Err(error) = self.next() {
            return stream::once(async { Err(error) }).boxed();
        }
        let counts = Arc::clone(&self.counts);
        counts.pages.fetch_add(1, Ordering::SeqCst);
        let count = move |number: usize| {
            if number > 0 && number.is_multiple_of(1_000) {
                counts.pages.fetch_add(1, Ordering::SeqCst);
            }
        };
        found.enumerate().inspect(move |(number, _)| count(*number)).map(|(_, found)| found).boxed()
    }
}

fn failed() -> Error {
    let source = std::io::Error::new(std::io::ErrorKind::ConnectionReset, "the test says so");
    Error::Generic { store: "trouble", source: Box::new(source) }
}

/// The answer, or none where it is lost.
fn answer<T>(planned: Option<Fault>, answer: Result<T>) -> Result<T> {
    match planned {
        Some(_) => Err(failed()),
        None => answer,
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Trouble({})", self.inner)
    }
}

#[async_trait::async_trait]
impl ObjectStore for Trouble {
    async fn put_opts(&self, location: &Path, payload: PutPayload, opts: PutOptions) -> Result<PutResult> {
        let planned = self.next()?;
        self.counts.others.fetch_add(1, Ordering::SeqCst);
        let opts = if self.blind { PutOptions { mode: PutMode::Overwrite, ..opts } } else { opts };
        answer(planned, self.inner.put_opts(location, payload, opts).await)
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        opts: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.inner.put_multipart_opts(location, opts).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        let planned = self.next()?;
        self.counts.gets.fetch_add(1, Ordering::SeqCst);
        answer(planned, self.inner.get_opts(location, options).await)
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        let planned = match self.next() {
            Ok(planned) => planned,
            Err(error) => return stream::once(async { Err(error) }).boxed(),
        };
        self.counts.others.fetch_add(1, Ordering::SeqCst);
        let deleted = self.inner.delete_stream(locations);
        deleted.map(move |deleted| answer(planned, deleted)).boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.listed(self.inner.list(prefix))
    }

    fn list_with_offset(
        &self,
        prefix: Option<&Path>,
        offset: &Path,
    ) -> BoxStream<'static, Result<ObjectMeta>> {
        self.listed(self.inner.list_with_offset(prefix, offset))
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.inner.copy_opts(from, to, options).boxed().await
    }
}

//! The few things asked of an object store, and its failures in words.

use std::{error::Error as StdError, fmt, io, sync::Arc};

use backstory_core::{
    error::{Code, Error, Result},
    storage::Secret,
};
use futures_util::{FutureExt, StreamExt, TryStreamExt, future::BoxFuture, stream};
use object_store::{
    ObjectMeta, ObjectStore, ObjectStoreExt, PutMode,
    client::{HttpError, HttpErrorKind},
    path::Path,
};

/// How many requests are under way at a time.
const AT_ONCE: usize = 16;

/// The largest object that is read: above what a store takes, so that only a foreign one is larger.
const MAX_OBJECT: u64 = 512 << 20;

/// Does work that mostly waits for answers, a number of pieces at a time. The answers come in the order of the work.
pub(super) async fn at_once<T: Send>(work: Vec<BoxFuture<'_, Result<T>>>) -> Result<Vec<T>> {
    stream::iter(work).buffered(AT_ONCE).try_collect().await
}

/// An object store, and what to call it.
pub(super) struct Bucket {
    store: Arc<dyn ObjectStore>,
    location: String,
    secrets: Vec<Secret>,
}

// The clients print their credentials.
impl fmt::Debug for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bucket").field("location", &self.location).finish_non_exhaustive()
    }
}

impl Bucket {
    /// `secrets` are texts that no message may hold.
    pub(super) fn new(store: Arc<dyn ObjectStore>, location: String, secrets: Vec<Secret>) -> Self {
        Self { store, location, secrets }
    }

    /// What people call it.
    pub(super) fn location(&self) -> &str {
        &self.location
    }

    /// An object; none where there is none.
    pub(super) async fn get(&self, path: &Path) -> Result<Option<Vec<u8>>> {
        let found = match self.store.get(path).await {
            Err(error) if is_missing_object(&error) => return Ok(None),
            found => found.map_err(|error| self.explain(error))?,
        };
        if found.meta.size > MAX_OBJECT {
            return Err(super::form::damaged(path));
        }
        // A file may go between being opened and being read.
        match found.bytes().await {
            Err(error) if is_missing_object(&error) => Ok(None),
            bytes => Ok(Some(bytes.map_err(|error| self.explain(error))?.into())),
        }
    }

    /// Uploads an object.
    pub(super) async fn put(&self, path: &Path, bytes: Vec<u8>) -> Result<()> {
        self.store.put(path, bytes.into()).await.map(drop).map_err(|error| self.explain(error))
    }

    /// What time it is for the store, in seconds: its own clock dates its objects.
    pub(super) async fn clock(&self) -> Result<i64> {
        let probe = Path::from(format!("clock/{}", uuid::Uuid::now_v7()));
        self.put(&probe, Vec::new()).await?;
        let dated = self.store.head(&probe).await.map_err(|error| self.explain(error));
        self.delete(&[probe]).await;
        Ok(dated?.last_modified.timestamp())
    }

    /// Uploads an object where there is none of that name, and says whether that was so.
    pub(super) async fn create(&self, path: &Path, bytes: Vec<u8>) -> Result<bool> {
        match self.store.put_opts(path, bytes.into(), PutMode::Create.into()).await {
            Ok(_) => Ok(true),
            Err(object_store::Error::AlreadyExists { .. } | object_store::Error::Precondition { .. }) => {
                Ok(false)
            }
            Err(error) => Err(self.explain(error)),
        }
    }

    /// Deletes objects. One that is gone already is fine; one that cannot be deleted is left for a repair.
    pub(super) async fn delete(&self, paths: &[Path]) {
        let deletions = paths.iter().map(|path| self.delete_one(path).boxed()).collect();
        // None of them fails.
        let _ = at_once(deletions).await;
    }

    async fn delete_one(&self, path: &Path) -> Result<()> {
        if let Err(error) = self.store.delete(path).await
            && !is_missing_object(&error)
        {
            let error = self.explain(error);
            tracing::warn!(%path, ?error, "an object that is not needed any more stays behind");
        }
        Ok(())
    }

    /// The objects under a prefix, in the order of their names, behind one of them if given, at most so many.
    pub(super) async fn list(
        &self,
        folder: &Path,
        after: Option<&Path>,
        limit: usize,
    ) -> Result<Vec<ObjectMeta>> {
        let found = match after {
            Some(after) => self.store.list_with_offset(Some(folder), after),
            None => self.store.list(Some(folder)),
        };
        let found: Result<Vec<_>, _> = found.take(limit).try_collect().await;
        let mut found = match found {
            Err(error) if is_missing_object(&error) => Vec::new(),
            found => found.map_err(|error| self.explain(error))?,
        };
        found.sort_by(|a, b| a.location.cmp(&b.location));
        Ok(found)
    }

    fn explain(&self, error: object_store::Error) -> Error {
        let mut cause = error.to_string();
        for secret in &self.secrets {
            cause = cause.replace(secret.reveal(), "…");
        }
        explain(&error, &self.location).caused_by(cause)
    }
}

/// A missing object is an answer; a missing bucket is not.
fn is_missing_object(error: &object_store::Error) -> bool {
    matches!(error, object_store::Error::NotFound { .. }) && !is_missing_bucket(error)
}

fn is_missing_bucket(error: &object_store::Error) -> bool {
    let text = error.to_string();
    ["NoSuchBucket", "ContainerNotFound", "The specified bucket does not exist"]
        .iter()
        .any(|known| text.contains(known))
}

/// The innermost cause of a kind.
fn cause<'a, T: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a T> {
    let mut found = None;
    let mut next = Some(error);
    while let Some(error) = next {
        found = error.downcast_ref().or(found);
        next = error.source();
    }
    found
}

fn explain(error: &object_store::Error, location: &str) -> Error {
    if is_missing_bucket(error) || matches!(error, object_store::Error::NotFound { .. }) {
        return Error::new(Code::StorageFailed, format!("There is no bucket or container at {location}."))
            .kept("Nothing was changed.")
            .hint("Check its name, or make it first: Backstory makes no buckets.");
    }
    if matches!(
        error,
        object_store::Error::PermissionDenied { .. } | object_store::Error::Unauthenticated { .. }
    ) {
        return denied(location);
    }
    if matches!(error, object_store::Error::NotSupported { .. } | object_store::Error::NotImplemented { .. })
    {
        return without_conditions(location);
    }
    if let Some(http) = cause::<HttpError>(error)
        && !matches!(http.kind(), HttpErrorKind::Decode)
    {
        return unreachable(location);
    }
    match cause::<io::Error>(error).map(io::Error::kind) {
        Some(io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded) => {
            Error::new(Code::StorageFull, format!("There is no room left at {location}."))
                .kept("Everything that was saved before is safe; this change was not saved.")
                .hint("Free some room, then try again.")
        }
        Some(io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem) => denied(location),
        _ if is_server_trouble(error) => unreachable(location),
        _ => Error::new(Code::StorageFailed, format!("The library at {location} cannot be read or written."))
            .kept("Everything that was saved before is still there.")
            .hint("Check the address and the settings of the store, then try again.")
            .retryable(),
    }
}

/// Whether the answer was one of a server that is overloaded or down.
fn is_server_trouble(error: &object_store::Error) -> bool {
    let text = error.to_string();
    ["status code: 5", "error response", "SlowDown"].iter().any(|known| text.contains(known))
}

fn denied(location: &str) -> Error {
    Error::new(Code::AccessDenied, format!("The store at {location} does not let Backstory in."))
        .kept("Nothing was changed.")
        .hint("Check the credentials in the environment and what they are allowed to do: read, write, delete and list.")
}

fn unreachable(location: &str) -> Error {
    Error::new(Code::StoreUnreachable, format!("The store at {location} does not answer."))
        .kept("Everything that was saved before is still there.")
        .hint("Check the connection and the address, then try again.")
}

/// The store cannot do what commits are made of.
pub(super) fn without_conditions(location: &str) -> Error {
    Error::new(
        Code::StorageFailed,
        format!("The store at {location} cannot upload an object only where there is none of that name."),
    )
    .kept("No character was written to it.")
    .hint("Without that, two programs could undo each other's changes. Choose a store that has conditional writes.")
}

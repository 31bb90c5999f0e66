//! A server that speaks S3, over a folder, within the test's own process.

use std::{net::SocketAddr, path::Path, sync::Arc};

use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
};
use s3s::{S3, S3Request, S3Response, S3Result, auth::SimpleAuth, dto, service::S3ServiceBuilder};
use s3s_fs::FileSystem;
use tempfile::TempDir;
use tokio::{net::TcpListener, sync::Mutex, task::JoinHandle};

/// A server on a free port, with one empty bucket. It ends with this value.
#[derive(Debug)]
pub struct S3Server {
    folder: TempDir,
    address: SocketAddr,
    serving: JoinHandle<()>,
}

impl S3Server {
    /// The bucket there is.
    pub const BUCKET: &str = "the-sunken-bell";

    /// Who may come in.
    pub const KEY: &str = "test-user";

    /// And with what. Looks like a secret, so that a test can look for it where it must not be.
    pub const SECRET: &str = "open-sesame-and-nobody-else-may-know";

    /// The environment of somebody who may come in.
    pub fn variables(&self) -> Vec<(String, String)> {
        let variables = [
            ("AWS_ACCESS_KEY_ID", Self::KEY.to_owned()),
            ("AWS_SECRET_ACCESS_KEY", Self::SECRET.to_owned()),
            ("AWS_REGION", "eu-central-1".to_owned()),
            ("AWS_ENDPOINT_URL", format!("http://{}", self.address)),
            ("AWS_ALLOW_HTTP", "true".to_owned()),
        ];
        variables.map(|(name, value)| (name.to_owned(), value)).into()
    }

    /// Where the bucket's objects are.
    pub fn bucket(&self) -> std::path::PathBuf {
        self.folder.path().join(Self::BUCKET)
    }
}

impl Default for S3Server {
    /// Starts it. Must be called within a runtime.
    fn default() -> Self {
        let folder = TempDir::new().unwrap();
        std::fs::create_dir(folder.path().join(Self::BUCKET)).unwrap();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let serving = tokio::spawn(serve(TcpListener::from_std(listener).unwrap(), folder.path()));
        Self { folder, address, serving }
    }
}

impl Drop for S3Server {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

fn serve(listener: TcpListener, folder: &Path) -> impl Future<Output = ()> + use<> {
    let files = FileSystem::new(folder).unwrap();
    let mut service = S3ServiceBuilder::new(Conditional { files, turn: Mutex::default() });
    service.set_auth(SimpleAuth::from_single(S3Server::KEY, S3Server::SECRET));
    let service = Arc::new(service.build());
    async move {
        let http = auto::Builder::new(TokioExecutor::new());
        let mut connections = tokio::task::JoinSet::new();
        loop {
            let Ok((socket, _)) = listener.accept().await else { continue };
            // Small answers go out at once.
            let _ = socket.set_nodelay(true);
            let connection = http.serve_connection(TokioIo::new(socket), (*service).clone()).into_owned();
            connections.spawn(async move { connection.await.map_err(drop) });
        }
    }
}

/// The file server looks at a condition and then writes. Real ones do both at once, so here only one upload with a
/// condition is under way at a time.
struct Conditional {
    files: FileSystem,
    turn: Mutex<()>,
}

/// Hands requests on as they are.
macro_rules! hand_on {
    ($($method:ident: $input:ident => $output:ident;)*) => {
        $(
            fn $method<'life, 'future>(
                &'life self,
                request: S3Request<dto::$input>,
            ) -> std::pin::Pin<Box<dyn Future<Output = S3Result<S3Response<dto::$output>>> + Send + 'future>>
            where
                'life: 'future,
                Self: 'future,
            {
                self.files.$method(request)
            }
        )*
    };
}

#[async_trait::async_trait]
impl S3 for Conditional {
    async fn put_object(
        &self,
        request: S3Request<dto::PutObjectInput>,
    ) -> S3Result<S3Response<dto::PutObjectOutput>> {
        // The file server would make it.
        if request.input.bucket != S3Server::BUCKET {
            return Err(s3s::s3_error!(NoSuchBucket));
        }
        let _turn = match request.input.if_none_match {
            Some(_) => Some(self.turn.lock().await),
            None => None,
        };
        self.files.put_object(request).await
    }

    hand_on! {
        get_object: GetObjectInput => GetObjectOutput;
        head_object: HeadObjectInput => HeadObjectOutput;
        head_bucket: HeadBucketInput => HeadBucketOutput;
        delete_object: DeleteObjectInput => DeleteObjectOutput;
        delete_objects: DeleteObjectsInput => DeleteObjectsOutput;
        list_objects_v2: ListObjectsV2Input => ListObjectsV2Output;
    }
}

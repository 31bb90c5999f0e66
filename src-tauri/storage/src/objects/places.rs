//! From an address to an object store: where it is, and what the environment says of how to get in.

use std::{path::PathBuf, sync::Arc, time::Duration};

use backstory_core::{
    error::{Code, Error, Result},
    storage::Secret,
};
use object_store::{
    BackoffConfig, ClientOptions, ObjectStore, RetryConfig, aws::AmazonS3Builder,
    azure::MicrosoftAzureBuilder, gcp::GoogleCloudStorageBuilder, local::LocalFileSystem, memory::InMemory,
    path::Path, prefix::PrefixStore,
};

use super::bucket::Bucket;

/// How long a request may take in all.
const REQUEST: Duration = Duration::from_secs(30);

/// How long it may take to be connected.
const CONNECT: Duration = Duration::from_secs(5);

/// How long a request is tried again while a server is in trouble.
const TRY_AGAIN: Duration = Duration::from_secs(20);

/// How often.
const TRIES: usize = 4;

/// Where an object store is. Never holds a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// `objects-memory:`
    Memory,
    /// `objects:<folder>`
    Folder(PathBuf),
    /// `s3://bucket/prefix`, `az://container/prefix`, `gs://bucket/prefix`
    Cloud(Cloud, String, String),
}

/// Whose servers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cloud {
    Amazon,
    Azure,
    Google,
}

impl Cloud {
    fn scheme(self) -> &'static str {
        match self {
            Self::Amazon => "s3",
            Self::Azure => "az",
            Self::Google => "gs",
        }
    }
}

impl Place {
    /// What an address names; none where it is not one of an object store.
    pub(crate) fn parse(address: &str) -> Option<Self> {
        if address == "objects-memory:" {
            return Some(Self::Memory);
        }
        if let Some(folder) = address.strip_prefix("objects:").filter(|folder| !folder.is_empty()) {
            return Some(Self::Folder(folder.into()));
        }
        let (scheme, rest) = address.split_once("://")?;
        let cloud = [Cloud::Amazon, Cloud::Azure, Cloud::Google];
        let cloud = cloud.into_iter().find(|cloud| cloud.scheme() == scheme)?;
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let is_name = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        // Credentials, ports and questions have no place in it, so nothing secret can be taken for a name.
        if bucket.is_empty() || !bucket.chars().all(is_name) || prefix.contains(['?', '#', '@']) {
            return None;
        }
        Some(Self::Cloud(cloud, bucket.to_owned(), prefix.trim_matches('/').to_owned()))
    }

    fn location(&self) -> String {
        match self {
            Self::Memory => "objects-memory:".to_owned(),
            Self::Folder(folder) => format!("objects:{}", folder.display()),
            Self::Cloud(cloud, bucket, prefix) if prefix.is_empty() => {
                format!("{}://{bucket}", cloud.scheme())
            }
            Self::Cloud(cloud, bucket, prefix) => format!("{}://{bucket}/{prefix}", cloud.scheme()),
        }
    }

    /// Makes a client for it. `variables` are the environment's.
    ///
    /// # Errors
    /// `storage_failed` when a folder cannot be made, or what the environment says makes no sense.
    pub(super) fn connect(&self, variables: &[(String, String)]) -> Result<Bucket> {
        let location = self.location();
        let store = match self {
            Self::Memory => Arc::new(InMemory::new()) as Arc<dyn ObjectStore>,
            Self::Folder(folder) => local(folder)?,
            Self::Cloud(cloud, bucket, prefix) => {
                // Nothing else chooses one for all, and the clients do not come with one.
                let _ = rustls::crypto::ring::default_provider().install_default();
                let prefix = Path::parse(prefix).map_err(|error| bad_settings(&location).caused_by(error))?;
                let client = client(*cloud, bucket, variables);
                // What it says of itself may hold what the environment said.
                let client = client.map_err(|_| bad_settings(&location))?;
                Arc::new(PrefixStore::new(client, prefix))
            }
        };
        Ok(Bucket::new(store, location, secrets(variables)))
    }
}

/// A folder that only its owner may look into.
fn local(folder: &std::path::Path) -> Result<Arc<dyn ObjectStore>> {
    let failed = |error: std::io::Error| {
        Error::new(Code::StorageFailed, format!("The folder {} cannot be made or opened.", folder.display()))
            .kept("Nothing was changed.")
            .hint("Check the path, and that you may write there.")
            .caused_by(error)
    };
    if !folder.exists() {
        let mut builder = std::fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(folder).map_err(failed)?;
    }
    let store =
        LocalFileSystem::new_with_prefix(folder).map_err(|error| failed(std::io::Error::other(error)))?;
    Ok(Arc::new(store.with_fsync(true)))
}

fn client(
    cloud: Cloud,
    bucket: &str,
    variables: &[(String, String)],
) -> object_store::Result<Arc<dyn ObjectStore>> {
    let named = |prefix: &'static str| {
        let named = variables.iter().filter(move |(name, _)| name.starts_with(prefix));
        named.map(|(name, value)| (name.to_ascii_lowercase(), value.clone()))
    };
    let retry = RetryConfig {
        backoff: BackoffConfig { max_backoff: Duration::from_secs(4), ..BackoffConfig::default() },
        max_retries: TRIES,
        retry_timeout: TRY_AGAIN,
    };
    let options = |insecure: bool| {
        ClientOptions::new().with_timeout(REQUEST).with_connect_timeout(CONNECT).with_allow_http(insecure)
    };
    Ok(match cloud {
        Cloud::Amazon => {
            let allow = is_set(variables, "AWS_ALLOW_HTTP");
            let mut builder = AmazonS3Builder::new().with_client_options(options(allow)).with_retry(retry);
            for (name, value) in named("AWS_") {
                if let Ok(key) = name.parse() {
                    builder = builder.with_config(key, value);
                }
            }
            Arc::new(builder.with_bucket_name(bucket).build()?)
        }
        Cloud::Azure => {
            let allow = is_set(variables, "AZURE_ALLOW_HTTP");
            let mut builder =
                MicrosoftAzureBuilder::new().with_client_options(options(allow)).with_retry(retry);
            for (name, value) in named("AZURE_") {
                if let Ok(key) = name.parse() {
                    builder = builder.with_config(key, value);
                }
            }
            Arc::new(builder.with_container_name(bucket).build()?)
        }
        Cloud::Google => {
            let mut builder =
                GoogleCloudStorageBuilder::new().with_client_options(options(false)).with_retry(retry);
            for (name, value) in named("GOOGLE_") {
                if let Ok(key) = name.parse() {
                    builder = builder.with_config(key, value);
                }
            }
            Arc::new(builder.with_bucket_name(bucket).build()?)
        }
    })
}

fn is_set(variables: &[(String, String)], name: &str) -> bool {
    variables
        .iter()
        .any(|(known, value)| known == name && (value == "1" || value.eq_ignore_ascii_case("true")))
}

/// What the environment says that nobody else may read.
fn secrets(variables: &[(String, String)]) -> Vec<Secret> {
    let is_secret = |name: &str| {
        ["AWS_", "AZURE_", "GOOGLE_"].iter().any(|prefix| name.starts_with(prefix))
            && ["SECRET", "TOKEN", "KEY", "SAS", "PASSWORD"].iter().any(|part| name.contains(part))
    };
    let secret = variables.iter().filter(|(name, value)| is_secret(name) && value.len() >= 6);
    secret.map(|(_, value)| Secret::new(value)).collect()
}

fn bad_settings(location: &str) -> Error {
    Error::new(Code::StorageFailed, format!("The settings for {location} make no sense."))
        .kept("Nothing was changed.")
        .hint(
            "Check the variables in the environment that name the region, the endpoint and the credentials.",
        )
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        let cloud = |cloud, bucket: &str, prefix: &str| {
            Some(Place::Cloud(cloud, bucket.to_owned(), prefix.to_owned()))
        };
        for (address, expected) in [
            ("objects-memory:", Some(Place::Memory)),
            ("objects:/home/ada/store", Some(Place::Folder("/home/ada/store".into()))),
            ("s3://bell", cloud(Cloud::Amazon, "bell", "")),
            ("s3://bell/of/ada/", cloud(Cloud::Amazon, "bell", "of/ada")),
            ("az://bell/x", cloud(Cloud::Azure, "bell", "x")),
            ("gs://bell", cloud(Cloud::Google, "bell", "")),
            ("objects:", None),
            ("s3://", None),
            ("s3://key:secret@bell/x", None),
            ("az://bell/x?sig=secret", None),
            ("ftp://bell", None),
        ] {
            assert_eq!(Place::parse(address), expected, "{address}");
        }
    }

    #[test]
    fn what_the_environment_says_is_never_shown() {
        let variables = [
            ("AWS_ACCESS_KEY_ID", "AKIAHIDDEN"),
            ("AWS_SECRET_ACCESS_KEY", "very-hidden-text"),
            ("AWS_REGION", "eu-central-1"),
            ("AWS_ENDPOINT_URL", "https://objects.example"),
        ];
        let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let bucket = Place::parse("s3://bell/ada").unwrap().connect(&variables).unwrap();
        let shown = format!("{bucket:?}");
        assert!(shown.contains("s3://bell/ada"), "{shown}");
        assert!(!shown.contains("hidden") && !shown.contains("HIDDEN"), "{shown}");
        assert_eq!(secrets(&variables).len(), 2);
    }

    #[test]
    fn settings_that_make_no_sense_are_an_error_without_a_secret() {
        let variables = [("GOOGLE_SERVICE_ACCOUNT_KEY".to_owned(), "{hidden-text".to_owned())];
        let error = Place::parse("gs://bell").unwrap().connect(&variables).unwrap_err();
        assert_eq!(error.code, Code::StorageFailed);
        assert!(!format!("{error:?}").contains("hidden"), "{error:?}");
    }
}

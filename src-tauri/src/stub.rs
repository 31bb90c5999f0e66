//! Stands in for the core's `App` until it is merged.
#![allow(missing_docs, dead_code)]
use std::{path::PathBuf, sync::Arc};

use async_trait::async_trait;
use backstory_core::{
    api::{
        AppEvent,
        app::{Overview, Preferences},
        import::Selection,
    },
    clock::Clock,
    error::{Code, Error, Result},
    job::Progress,
    storage::{CharacterStorage, StorageFactory},
};
use serde_json::{Value, json};

#[async_trait]
pub(crate) trait Host: Send + Sync {
    async fn choose_files(&self) -> Option<Vec<PathBuf>>;
    async fn window_ready(&self);
    async fn load_preferences(&self) -> Preferences;
    async fn save_preferences(&self, preferences: Preferences) -> Result<()>;
    fn emit(&self, event: AppEvent);
}

pub(crate) struct Parts {
    pub(crate) storage: Arc<dyn CharacterStorage>,
    pub(crate) factory: Arc<dyn StorageFactory>,
    pub(crate) host: Arc<dyn Host>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) version: &'static str,
}

pub(crate) struct App {
    parts: Parts,
}

impl App {
    pub(crate) fn new(parts: Parts) -> Self {
        Self { parts }
    }

    pub(crate) fn select(&self, files: Vec<PathBuf>) -> Selection {
        Selection { selection: 1, names: files.iter().map(|f| f.display().to_string()).collect() }
    }
}

pub(crate) async fn call(app: &App, command: &str, params: Value, _progress: &dyn Progress) -> Result<Value> {
    let host = &app.parts.host;
    match command {
        "app.overview" => {
            let overview = Overview {
                version: app.parts.version.to_owned(),
                store: app.parts.storage.info(),
                facets: Default::default(),
                sample: false,
                revision: 0,
            };
            Ok(json!(overview))
        }
        "app.ready" => {
            host.window_ready().await;
            Ok(json!({}))
        }
        "preferences.get" => Ok(json!(host.load_preferences().await)),
        "preferences.set" => {
            let preferences = serde_json::from_value(params)
                .map_err(|e| Error::new(Code::InvalidArgument, e.to_string()))?;
            host.save_preferences(preferences).await?;
            Ok(json!({}))
        }
        "import.choose" => {
            let files = host.choose_files().await;
            Ok(json!(files.map(|files| app.select(files))))
        }
        _ => Err(Error::internal(format!("There is no command {command}."))),
    }
}

struct NoFactory;

#[async_trait]
impl StorageFactory for NoFactory {
    async fn open(&self, _address: &str) -> Result<Arc<dyn CharacterStorage>> {
        Err(Error::new(Code::StorageFailed, "There is no store yet."))
    }
}

pub(crate) fn factory() -> Arc<dyn StorageFactory> {
    Arc::new(NoFactory)
}

pub(crate) fn library_address() -> String {
    std::env::var("BACKSTORY_LIBRARY").unwrap_or_else(|_| "memory:".to_owned())
}

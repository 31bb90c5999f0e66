//! An empty Tauri window with Backstory's own configuration and a blank page: what a cold start is compared with.
//! It logs `window ready` when its page has run its script and the window is shown, as Backstory does, and stays open.

#[path = "../src/graphics.rs"]
mod graphics;

use std::borrow::Cow;

use tauri::{
    Assets, Runtime, WebviewWindow,
    utils::assets::{AssetKey, AssetsIter, CspHash},
};

const PAGE: &str = "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Empty</title>\
    <script type=\"module\" src=\"ready.js\"></script></head><body></body></html>";

/// Not after a frame: a window that is not shown yet draws none.
const READY: &str = "window.__TAURI_INTERNALS__.invoke('ready');";

/// The blank page and its one script, instead of Backstory's.
struct Blank;

impl<R: Runtime> Assets<R> for Blank {
    fn get(&self, key: &AssetKey) -> Option<Cow<'_, [u8]>> {
        match key.as_ref() {
            "/index.html" => Some(Cow::Borrowed(PAGE.as_bytes())),
            "/ready.js" => Some(Cow::Borrowed(READY.as_bytes())),
            _ => None,
        }
    }

    fn iter(&self) -> Box<AssetsIter<'_>> {
        Box::new(std::iter::empty())
    }

    fn csp_hashes(&self, _html_path: &AssetKey) -> Box<dyn Iterator<Item = CspHash<'_>> + '_> {
        Box::new(std::iter::empty())
    }
}

#[tauri::command]
fn ready(window: WebviewWindow) {
    if window.show().is_ok() {
        tracing::info!("window ready");
    }
}

fn main() -> tauri::Result<()> {
    graphics::prepare();
    tracing_subscriber::fmt().with_writer(std::io::stderr).with_ansi(false).init();
    let mut context = tauri::generate_context!();
    context.set_assets(Box::new(Blank));
    tauri::Builder::default().invoke_handler(tauri::generate_handler![ready]).run(context)
}

//! Hands tauri.conf.json to Tauri's build step, with the capability files under `src-tauri/`.

#![allow(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a build script speaks to Cargo by printing and failing"
)]

fn main() {
    // `generate_context!` embeds ui/dist at compile time: a first build without a UI must still compile.
    let dist = std::path::Path::new("ui/dist");
    if !dist.exists() {
        std::fs::create_dir_all(dist).expect("ui/dist can be created");
    }
    // The page is compiled into the program: a new page is a new program.
    println!("cargo:rerun-if-changed=ui/dist");
    let attributes = tauri_build::Attributes::new().capabilities_path_pattern("src-tauri/capabilities/**/*");
    tauri_build::try_build(attributes).expect("tauri.conf.json and the capabilities are valid");
}

//! Settings of the web engine that must stand in the environment before it starts.

/// On Linux, WebKitGTK's DMA-BUF renderer leaves the window blank on some graphics drivers. It is switched off
/// unless the user has said otherwise.
///
/// A running program cannot change its own environment safely, so it starts itself again in its own place, with
/// the same process id. Where that fails, the window opens without the setting.
pub(crate) fn prepare() {
    #[cfg(target_os = "linux")]
    {
        use std::os::unix::process::CommandExt;

        const SETTING: &str = "WEBKIT_DISABLE_DMABUF_RENDERER";
        if std::env::var_os(SETTING).is_some() {
            return;
        }
        if let Ok(program) = std::env::current_exe() {
            let _failed = std::process::Command::new(program)
                .args(std::env::args_os().skip(1))
                .env(SETTING, "1")
                .exec();
        }
    }
}

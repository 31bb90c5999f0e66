//! Where work is done that waits for a disk.

use backstory_core::error::{Error, Result};

/// Runs work that waits for a disk or takes long, without holding up the async threads.
///
/// On a runtime with several threads the work stays where it is and everything else moves away from it: going to another
/// thread and back costs more than most reads. A runtime with one thread has it done elsewhere.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    use tokio::runtime::{Handle, RuntimeFlavor};
    if Handle::current().runtime_flavor() == RuntimeFlavor::MultiThread {
        return tokio::task::block_in_place(work);
    }
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(stopped) => Err(Error::internal("Work on the library stopped unexpectedly.").caused_by(stopped)),
    }
}

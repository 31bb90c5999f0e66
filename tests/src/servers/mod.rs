//! Real servers, started by the tests themselves: nothing is pretended, and nothing that runs already is touched.
//!
//! A server that is not installed is a failure that says what to install, never a test left out.

#[cfg(unix)]
pub mod postgres;
#[cfg(unix)]
pub mod redis;
mod s3;

pub use s3::S3Server;

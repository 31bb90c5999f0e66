//! Real servers on loopback, each started by the test that needs it.

mod s3;

pub use s3::S3Server;

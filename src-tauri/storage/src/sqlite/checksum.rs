//! A checksum over the fields of a row, made and compared by SQLite itself: the SQL function `checksum(…)`.
//!
//! Triggers (`migrations/V3__checksums.sql`) put it into every row in the statement that writes the row, so no writer can
//! forget it; a check compares it. A program that does not know the function cannot change a row unnoticed.

use rusqlite::{
    Connection,
    functions::{Context, FunctionFlags},
    types::ValueRef,
};

use super::failure::Result;

/// Lets a connection make checksums. Nothing can be written without.
pub(super) fn register(connection: &Connection) -> Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8
        | FunctionFlags::SQLITE_DETERMINISTIC
        // It does nothing but count: a file's own triggers may call it.
        | FunctionFlags::SQLITE_INNOCUOUS;
    connection.create_scalar_function(c"checksum", -1, flags, |fields| Ok(of(fields)))?;
    Ok(())
}

/// The first 64 bits of the BLAKE3 of the fields: each with its type and its length, so that nothing passes for anything else.
fn of(fields: &Context<'_>) -> i64 {
    let mut hasher = blake3::Hasher::new();
    let mut add = |kind: u8, bytes: &[u8]| {
        hasher.update(&[kind]).update(&(bytes.len() as u64).to_le_bytes()).update(bytes);
    };
    for field in 0..fields.len() {
        match fields.get_raw(field) {
            ValueRef::Null => add(0, &[]),
            ValueRef::Integer(number) => add(1, &number.to_le_bytes()),
            ValueRef::Real(number) => add(2, &number.to_le_bytes()),
            ValueRef::Text(text) => add(3, text),
            ValueRef::Blob(bytes) => add(4, bytes),
        }
    }
    let hash = hasher.finalize();
    i64::from_le_bytes(hash.as_bytes().first_chunk().copied().unwrap_or_default())
}

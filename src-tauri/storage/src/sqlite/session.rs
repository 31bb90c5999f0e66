//! A connection, and the keys of what it reads and writes.

use std::{borrow::Cow, cell::RefCell, ops::Deref, sync::Arc};

use backstory_core::model::CharacterId;
use rusqlite::{
    Connection, OptionalExtension as _, params,
    types::{Value, ValueRef},
};

use super::failure::{Result, damaged};
use crate::seal::{Key, Owner, Ring, Seal};

/// A connection to a library. It reads and writes with the keys that the library names at the moment of [`Session::refresh`].
#[derive(Debug)]
pub(super) struct Session {
    connection: Connection,
    seal: Arc<Seal>,
    ring: RefCell<Arc<Ring>>,
}

impl Deref for Session {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.connection
    }
}

impl Session {
    pub(super) fn new(connection: Connection, seal: Arc<Seal>) -> Self {
        Self { connection, seal, ring: RefCell::default() }
    }

    /// Takes the keys that the library names now: another program may have changed them. To be called at the beginning of
    /// whatever sees one state of the library.
    pub(super) fn refresh(&self) -> Result<()> {
        let text = record(&self.connection)?;
        *self.ring.borrow_mut() = self.seal.ring(text.as_deref())?;
        Ok(())
    }

    /// The same for whoever only reads. Where the file is damaged just there, what is plain can still be read; what is encrypted
    /// then says that its key is missing.
    pub(super) fn refresh_to_read(&self) -> Result<()> {
        match self.refresh() {
            Err(failure) if failure.is_damage() => {
                tracing::error!(error = ?failure, "what the library says of its keys cannot be read");
                *self.ring.borrow_mut() = Arc::default();
                Ok(())
            }
            done => done,
        }
    }

    /// The keys of the library.
    pub(super) fn ring(&self) -> Arc<Ring> {
        Arc::clone(&self.ring.borrow())
    }

    /// Whether nothing in the library is encrypted.
    pub(super) fn is_plain(&self) -> bool {
        self.ring.borrow().is_off()
    }

    /// What a character's texts are opened with.
    pub(super) fn owner(&self, character: i64) -> Result<Owner> {
        if self.is_plain() {
            return Ok(Owner::plain());
        }
        let Some((id, wrapped)) = self.key_of(character)? else { return Ok(Owner::plain()) };
        self.owner_of(&id, wrapped.as_deref())
    }

    /// The same, where the id and the form in which the key is kept are at hand.
    pub(super) fn owner_of(&self, id: &CharacterId, wrapped: Option<&[u8]>) -> Result<Owner> {
        let ring = self.ring();
        let key = wrapped.map(|wrapped| ring.key(id, wrapped)).transpose()?;
        Ok(Owner::character(ring, id, key))
    }

    /// What a character's texts are written with: it gets a key where it has none and needs one.
    pub(super) fn writing_owner(&self, character: i64) -> Result<Owner> {
        if !self.ring.borrow().seals() {
            return self.owner(character);
        }
        match self.key_of(character)? {
            Some((id, Some(wrapped))) => self.owner_of(&id, Some(&wrapped)),
            Some((id, None)) => Ok(Owner::character(self.ring(), &id, Some(self.give_key(character, &id)?))),
            None => Err(damaged("A character is missing while it is written.")),
        }
    }

    /// What belongs to no character.
    pub(super) fn common(&self) -> Owner {
        Owner::common(self.ring())
    }

    fn key_of(&self, character: i64) -> Result<Option<(CharacterId, Option<Vec<u8>>)>> {
        let mut statement = self.prepare_cached(
            "SELECT k.id, d.key FROM character AS k LEFT JOIN data_key AS d ON d.character = k.row WHERE k.row = ?1",
        )?;
        let columns = |row: &rusqlite::Row<'_>| Ok((row.get::<_, String>(0)?, row.get(1)?));
        let found = statement.query_row([character], columns).optional()?;
        Ok(found.map(|(id, key)| CharacterId::new(id).map(|id| (id, key))).transpose()?)
    }

    /// A new key for a character, in place of the one it may have.
    pub(super) fn give_key(&self, character: i64, id: &CharacterId) -> Result<Key> {
        let (key, wrapped) = self.ring.borrow().new_key(id)?;
        self.prepare_cached(
            "INSERT INTO data_key (character, key) VALUES (?1, ?2) ON CONFLICT (character) DO UPDATE SET key = excluded.key",
        )?
        .execute(params![character, wrapped])?;
        Ok(key)
    }
}

/// What the library says of its keys; none where it has none, or was made before there were any.
pub(super) fn record(connection: &Connection) -> Result<Option<String>> {
    let mut statement = match connection.prepare_cached("SELECT record FROM seal") {
        Err(rusqlite::Error::SqlInputError { msg, .. }) if msg.contains("no such table") => return Ok(None),
        Err(rusqlite::Error::SqliteFailure(_, Some(message))) if message.contains("no such table") => {
            return Ok(None);
        }
        statement => statement?,
    };
    Ok(statement.query_row([], |row| row.get(0)).optional()?)
}

/// A text column as it is to be kept: text, or a blob where it is encrypted.
pub(super) fn seal_text(owner: &Owner, field: &str, item: &[u8], text: String) -> Result<Value> {
    Ok(match owner.seal(field, item, text.as_bytes())? {
        Some(sealed) => Value::Blob(sealed),
        None => Value::Text(text),
    })
}

/// The text of a column, encrypted or not.
pub(super) fn open_text<'a>(
    owner: &Owner,
    field: &str,
    item: &[u8],
    kept: ValueRef<'a>,
) -> Result<Cow<'a, str>> {
    let not_text = || damaged("A text in the library is not one.");
    let (bytes, is_sealed) = match kept {
        ValueRef::Text(bytes) => (bytes, false),
        ValueRef::Blob(bytes) => (bytes, true),
        _ => return Err(not_text()),
    };
    match owner.open(field, item, bytes, is_sealed)? {
        Cow::Borrowed(bytes) => std::str::from_utf8(bytes).map(Cow::Borrowed).map_err(|_| not_text()),
        Cow::Owned(bytes) => String::from_utf8(bytes).map(Cow::Owned).map_err(|_| not_text()),
    }
}

//! Encrypting a library, decrypting it and renewing its keys: the record of keys first, then a character at a time, each in one
//! transaction that a reader sees before or after; at last the file is written whole, so that nothing of the old form is left.

use std::collections::HashMap;

use backstory_core::{
    encryption::{Encryption, EncryptionState, KeyChange},
    error::{Code, Error, Result},
    job::{Cancel, Progress, ProgressEvent},
    model::CharacterId,
    storage::StorageTransaction as _,
};
use rusqlite::{OptionalExtension as _, params};

use super::{
    SqliteStorage, content,
    failure::{self, damaged},
    query,
    rows::{self, unsigned},
    session::{Session, open_text, record, seal_text},
    traces,
    transaction::Open,
};
use crate::{
    aside,
    blocking::blocking,
    computer::point,
    seal::{Owner, is_envelope},
};

/// How far the library is encrypted.
pub(super) fn told(session: &Session) -> failure::Result<Encryption> {
    let count = |sql: &str| -> failure::Result<u64> {
        unsigned(session.prepare_cached(sql)?.query_row([], |row| row.get(0))?)
    };
    let characters = count("SELECT count(*) FROM character")?;
    let mut under = HashMap::new();
    if !session.is_plain() {
        let mut statement =
            session.prepare_cached("SELECT hex(substr(key, 3, 8)), count(*) FROM data_key GROUP BY 1")?;
        let found = statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?)))?;
        for row in found {
            let (id, count) = row?;
            under.insert(id.to_lowercase(), unsigned(count)?);
        }
    }
    Ok(session.ring().told(characters, |id| under.get(&id.to_string()).copied().unwrap_or(0)))
}

/// Changes the keys of a library.
pub(super) async fn change(
    storage: &SqliteStorage,
    change: &KeyChange,
    progress: &dyn Progress,
    cancel: &Cancel,
) -> Result<Encryption> {
    let rewrites = begin(storage, change).await?;
    if rewrites {
        rewrite(storage, progress, cancel).await?;
        // Before the library says that it is done: whoever reads that may rely on it.
        storage.begin_own().await?.scrub().await?;
        point();
        forget_copies(storage).await?;
        end(storage).await?;
    }
    storage.read(told).await
}

/// Copies that were made of the library before it was changed are as plain as it was: they go when it is encrypted.
async fn forget_copies(storage: &SqliteStorage) -> Result<()> {
    if storage.read(|session| Ok(session.ring().state())).await? != EncryptionState::Encrypting {
        return Ok(());
    }
    let path = storage.readers.door.path.clone();
    blocking(move || {
        for copy in aside::copies(&path) {
            let copy = path.with_file_name(copy.name);
            crate::computer::remove(&copy).map_err(|error| {
                Error::new(
                    Code::StorageFailed,
                    format!(
                        "The copy {} is not encrypted and cannot be taken away: {error}.",
                        copy.display()
                    ),
                )
                .kept("Everything in the library is encrypted.")
                .hint("Take it away yourself, then `backstory encryption resume`.")
                .caused_by(error)
            })?;
            point();
        }
        Ok(())
    })
    .await
}

/// Writes down what the keys are to be, and reads it back, before anything else is written. Says whether there is more to do.
async fn begin(storage: &SqliteStorage, change: &KeyChange) -> Result<bool> {
    let seal = std::sync::Arc::clone(&storage.readers.door.seal);
    let change = change.clone();
    let mut transaction = storage.begin_own().await?;
    let (before, plan) = transaction
        .run(move |open| {
            let session = &open.writer.connection;
            let before = session.ring();
            let plan = seal.plan(&before, &change)?;
            let written = write_down(session, plan.first.as_deref()).and_then(|text| {
                if let Some(text) = text {
                    seal.read_back(&plan, &text)?;
                }
                rewrite_members(session)
            });
            if written.is_err() {
                seal.withdraw(&plan, &before);
            }
            written.map(|()| (before, plan))
        })
        .await?;
    if plan.first.is_none() {
        return Ok(plan.rewrites);
    }
    let seal = &storage.readers.door.seal;
    point();
    if let Err(error) = Box::new(transaction).commit().await {
        seal.withdraw(&plan, &before);
        return Err(error);
    }
    point();
    if !plan.rewrites {
        let now = storage.read(|session| Ok(session.ring())).await?;
        seal.forget(&before, &now);
    }
    Ok(plan.rewrites)
}

/// Puts down what the library says of its keys, and gives it as it is read from there.
fn write_down(session: &Session, text: Option<&str>) -> failure::Result<Option<String>> {
    let Some(text) = text else { return Ok(None) };
    session.prepare_cached("INSERT OR REPLACE INTO seal (id, record) VALUES (1, ?1)")?.execute([text])?;
    record(session)
}

/// Writes those who have a place in a campaign anew, all at once: they are found by what they are called.
fn rewrite_members(session: &Session) -> failure::Result<()> {
    session.refresh()?;
    let members = query::members(session)?;
    session.prepare_cached("DELETE FROM member")?.execute([])?;
    for member in members {
        super::transaction::put_member(session, &member.campaign, &member.user, Some(member.role))?;
    }
    Ok(())
}

/// Goes over every character.
async fn rewrite(storage: &SqliteStorage, progress: &dyn Progress, cancel: &Cancel) -> Result<()> {
    let total = storage.read(|session| {
        let sql = "SELECT count(*) FROM character";
        unsigned(session.prepare_cached(sql)?.query_row([], |row| row.get(0))?)
    });
    let (total, mut after) = (total.await?, 0);
    for done in 0.. {
        cancel.check()?;
        progress.report(ProgressEvent::Advanced { done: done.min(total), total });
        let mut transaction = storage.begin_own().await?;
        let Some((row, changed)) = transaction.run(move |open| next_character(open, after)).await? else {
            break;
        };
        point();
        if changed {
            Box::new(transaction).commit().await?;
        }
        after = row;
    }
    Ok(())
}

/// Rewrites the next character; none behind the last one. Says whether that changed anything.
fn next_character(open: &mut Open, after: i64) -> failure::Result<Option<(i64, bool)>> {
    let session = &open.writer.connection;
    let next: Option<(i64, String)> = session
        .prepare_cached("SELECT row, id FROM character WHERE row > ?1 ORDER BY row LIMIT 1")?
        .query_row([after], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    // Rows of a damaged table may stand out of order, and would be come by for ever.
    let Some((row, id)) = next.filter(|(row, _)| *row > after) else { return Ok(None) };
    let id = CharacterId::new(id)?;
    let wrapped: Option<Vec<u8>> = session
        .prepare_cached("SELECT key FROM data_key WHERE character = ?1")?
        .query_row([row], |row| row.get(0))
        .optional()?;
    let ring = session.ring();
    let is_done = match ring.state() {
        EncryptionState::Renewing => wrapped.as_deref().is_some_and(|wrapped| ring.is_current(wrapped)),
        EncryptionState::Encrypting => false,
        EncryptionState::Decrypting => wrapped.is_none(),
        _ => true,
    };
    if is_done {
        return Ok(Some((row, false)));
    }
    let from = match session.owner_of(&id, wrapped.as_deref()) {
        Err(failure) if failure.is_damage() => {
            tracing::warn!(row, "a character's key does not open: nothing of it can be rewritten");
            return Ok(Some((row, false)));
        }
        from => from?,
    };
    let into = match (ring.state(), &wrapped) {
        (EncryptionState::Encrypting, Some(wrapped)) => session.owner_of(&id, Some(wrapped))?,
        (EncryptionState::Decrypting, _) => session.owner_of(&id, None)?,
        _ => Owner::character(ring, &id, Some(session.give_key(row, &id)?)),
    };
    Rewriting { open, row, from, into }.run(&id)?;
    Ok(Some((row, true)))
}

/// One character on its way from one form to another.
struct Rewriting<'a> {
    open: &'a Open,
    row: i64,
    from: Owner,
    into: Owner,
}

impl Rewriting<'_> {
    fn run(&self, id: &CharacterId) -> failure::Result<()> {
        self.details(id)?;
        self.versions()?;
        self.traces()?;
        self.documents()?;
        if !self.into.seals() {
            let forget = "DELETE FROM data_key WHERE character = ?1";
            self.session().prepare_cached(forget)?.execute([self.row])?;
        }
        Ok(())
    }

    fn session(&self) -> &Session {
        &self.open.writer.connection
    }

    fn details(&self, id: &CharacterId) -> failure::Result<()> {
        let session = self.session();
        let mut statement = session.prepare_cached(
            "SELECT revision, details FROM character WHERE row = ?1 AND details IS NOT NULL",
        )?;
        let mut found = statement.query([self.row])?;
        let Some(row) = found.next()? else { return Ok(()) };
        let opened = open_text(&self.from, rows::CHARACTER, &[], row.get_ref(1)?);
        let Some(text) = self.readable(opened)? else { return Ok(()) };
        let text = text.into_owned();
        let index = rows::index(id.clone(), row.get(0)?, &text);
        let kept = seal_text(&self.into, rows::CHARACTER, &[], text)?;
        session
            .prepare_cached("UPDATE character SET details = ?2 WHERE row = ?1")?
            .execute(params![self.row, kept])?;
        if self.into.seals() {
            session
                .prepare_cached(
                    "UPDATE character_index SET campaign = NULL, name_folded = '', search_folded = '', classes = ?2, \
                     owner = NULL WHERE character = ?1",
                )?
                .execute(params![self.row, rows::NO_CLASSES])?;
            return Ok(());
        }
        match self.readable(index)? {
            Some(index) => self.open.put_listed(self.row, &index, false),
            None => Ok(()),
        }
    }

    /// What is damaged already stays as it is, and keeps nothing else from being rewritten.
    fn readable<T>(&self, opened: failure::Result<T>) -> failure::Result<Option<T>> {
        match opened {
            Err(failure) if failure.is_damage() => {
                tracing::warn!(row = self.row, "something of a character is damaged and stays as it is");
                Ok(None)
            }
            opened => opened.map(Some),
        }
    }

    fn versions(&self) -> failure::Result<()> {
        let session = self.session();
        for version in self.numbers("SELECT row FROM version WHERE character = ?1")? {
            let mut statement = session.prepare_cached("SELECT id, details FROM version WHERE row = ?1")?;
            let mut found = statement.query([version])?;
            let Some(row) = found.next()? else { continue };
            let id: [u8; 16] = row.get(0)?;
            let opened = open_text(&self.from, rows::VERSION, &id, row.get_ref(1)?);
            let Some(text) = self.readable(opened)? else { continue };
            let kept = seal_text(&self.into, rows::VERSION, &id, text.into_owned())?;
            session
                .prepare_cached("UPDATE version SET details = ?2 WHERE row = ?1")?
                .execute(params![version, kept])?;
        }
        Ok(())
    }

    fn traces(&self) -> failure::Result<()> {
        let session = self.session();
        let all =
            "SELECT t.version FROM version AS v JOIN trace AS t ON t.version = v.row WHERE v.character = ?1";
        for version in self.numbers(all)? {
            let (id, kept): ([u8; 16], Vec<u8>) = session
                .prepare_cached("SELECT v.id, t.data FROM trace AS t JOIN version AS v ON v.row = t.version WHERE v.row = ?1")?
                .query_row([version], |row| Ok((row.get(0)?, row.get(1)?)))?;
            let opened = self.from.open(rows::TRACE, &id, &kept, is_envelope(&kept));
            let Some(data) = self.readable(opened.map_err(Into::into))? else { continue };
            let sealed = self.into.seal(rows::TRACE, &id, &data)?;
            session
                .prepare_cached("UPDATE trace SET data = ?2 WHERE version = ?1")?
                .execute(params![version, sealed.as_deref().unwrap_or(&data)])?;
            match sealed {
                Some(_) => traces::unindex(session, version)?,
                None => drop(self.readable(traces::reindex(session, version, &data))?),
            }
        }
        Ok(())
    }

    fn documents(&self) -> failure::Result<()> {
        for content in self.numbers("SELECT row FROM content WHERE character = ?1")? {
            self.readable(content::rewrite(self.session(), content, &self.from, &self.into))?;
        }
        Ok(())
    }

    fn numbers(&self, sql: &str) -> failure::Result<Vec<i64>> {
        let mut statement = self.session().prepare_cached(sql)?;
        let found = statement.query_map([self.row], |row| row.get(0))?;
        Ok(found.collect::<rusqlite::Result<_>>()?)
    }
}

/// The library says that it is done. Only then the keychain lets go of what opened it before.
async fn end(storage: &SqliteStorage) -> Result<()> {
    let seal = std::sync::Arc::clone(&storage.readers.door.seal);
    let mut transaction = storage.begin_own().await?;
    let before = transaction
        .run(move |open| {
            let session = &open.writer.connection;
            let before = session.ring();
            match seal.last(&before)? {
                Some(text) => drop(write_down(session, Some(&text))?),
                None => drop(session.prepare_cached("DELETE FROM seal")?.execute([])?),
            }
            let plain = "SELECT EXISTS (SELECT 1 FROM character WHERE typeof(details) = 'text') \
                 OR EXISTS (SELECT 1 FROM version WHERE typeof(details) = 'text') \
                 OR EXISTS (SELECT 1 FROM content WHERE codec < 256) OR EXISTS (SELECT 1 FROM word_index)";
            if before.seals() && session.query_row(plain, [], |row| row.get(0))? {
                return Err(damaged("Something in the library is not encrypted, and was to be."));
            }
            Ok(before)
        })
        .await?;
    Box::new(transaction).commit().await?;
    point();
    let now = storage.read(|session| Ok(session.ring())).await?;
    storage.readers.door.seal.forget(&before, &now);
    Ok(())
}

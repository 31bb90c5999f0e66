//! The audit log goes along: the entries of the source's log are kept in the target's, byte for byte, so that they can be
//! verified by themselves. The target's own log goes on behind them.

use std::collections::BTreeMap;

use crate::{
    error::Result,
    job::Cancel,
    privacy::audit::{
        Act, Action, Entry, Head, Kept, SEGMENT, Scribe, Segment, TreeHead,
        tree::Digest,
        verify::{self, Verdict, goes_on},
    },
    storage::CharacterStorage,
};

/// So many entries are read at a time.
const PAGE: u32 = 1_000;
/// So many entries of the target hold what one transaction brings: at 64 each, about four thousand.
const BATCH: usize = 64;

/// Brings what the target does not have yet of the source's log.
///
/// # Errors
/// As [`CharacterStorage::audit`] and [`CharacterStorage::begin`].
pub(super) async fn take(
    from: &dyn CharacterStorage,
    to: &dyn CharacterStorage,
    scribe: &Scribe,
    cancel: &Cancel,
) -> Result<()> {
    if from.audit_head().await?.size == 0 {
        return Ok(());
    }
    let verdict = verify::read(from, None).await?;
    let known = Known::of(to, cancel).await?;
    let first = from.audit(0, 1).await?.pop().filter(|_| verdict.ok);
    let Some(first) = first else { return refuse(to, scribe, &known, &verdict).await };
    let log = first.hash;
    let have = known.logs.get(&log).cloned().unwrap_or_default();
    if is_start(to, &verdict.log).await? || have.size >= verdict.log.size {
        return Ok(());
    }
    // What was taken over before and went on differently there is another log: all of it is kept once more.
    let goes_on = match have.size.checked_sub(1) {
        None => true,
        Some(before) => from.audit(before, 1).await?.pop().is_some_and(|entry| entry.hash == have.hash),
    };
    if !goes_on {
        return refuse(to, scribe, &known, &verdict).await;
    }
    bring(from, to, scribe, (log, have, verdict.log), cancel).await
}

/// Whether the target's own log begins with this one: then it is the same library.
async fn is_start(to: &dyn CharacterStorage, log: &TreeHead) -> Result<bool> {
    let Some(before) = log.size.checked_sub(1) else { return Ok(true) };
    Ok(to.audit(before, 1).await?.pop().is_some_and(|entry| entry.hash == log.hash))
}

async fn bring(
    from: &dyn CharacterStorage,
    to: &dyn CharacterStorage,
    scribe: &Scribe,
    (log, mut have, end): (Digest, Head, TreeHead),
    cancel: &Cancel,
) -> Result<()> {
    let mut writes = Vec::new();
    while have.size < end.size {
        cancel.check()?;
        let left = usize::try_from(end.size - have.size).unwrap_or(usize::MAX);
        let page = from.audit(have.size, SEGMENT.min(left) as u32).await?;
        if page.is_empty() {
            break;
        }
        let first = have.size + 1;
        page.iter().for_each(|entry| have.follow(entry));
        let head = (have.size == end.size).then_some(end);
        let count = page.len() as u64;
        let entries = page.into_iter().map(Kept::from).collect();
        let act = Act::new(Action::LogTaken).count("entries", count);
        writes.push(scribe.write(act.with(Segment { log, from: first, entries, head })));
        if writes.len() >= BATCH || head.is_some() {
            let mut transaction = to.begin().await?;
            transaction.write(std::mem::take(&mut writes)).await?;
            transaction.commit().await?;
        }
    }
    Ok(())
}

/// Notes once that a log was left.
async fn refuse(to: &dyn CharacterStorage, scribe: &Scribe, known: &Known, verdict: &Verdict) -> Result<()> {
    let about = verdict.log.hash.to_string();
    if known.refused.contains(&about) {
        return Ok(());
    }
    let act = Act::new(Action::LogRefused).about(about).count("entries", verdict.log.size);
    let mut transaction = to.begin().await?;
    transaction.write(vec![scribe.write(act)]).await?;
    transaction.commit().await.map(drop)
}

/// What a log has of other logs.
#[derive(Default)]
struct Known {
    logs: BTreeMap<Digest, Head>,
    refused: Vec<String>,
}

impl Known {
    async fn of(to: &dyn CharacterStorage, cancel: &Cancel) -> Result<Self> {
        let (mut known, mut after) = (Self::default(), 0);
        loop {
            cancel.check()?;
            let page = to.audit(after, PAGE).await?;
            let Some(last) = page.last() else { return Ok(known) };
            after = last.sequence;
            page.iter().for_each(|entry| known.look(entry));
        }
    }

    fn look(&mut self, entry: &Entry) {
        // Few entries are about logs, and every one would have to be parsed.
        if !entry.text.as_ref().is_some_and(|text| text.contains("\"action\":\"log_")) {
            return;
        }
        let Some(note) = entry.note() else { return };
        if note.action == Action::LogRefused {
            self.refused.extend(note.about);
        } else if let Some(segment) = note.log {
            // One that does not hold together is told of by verifying.
            goes_on(self.logs.entry(segment.log).or_default(), &segment);
        }
    }
}

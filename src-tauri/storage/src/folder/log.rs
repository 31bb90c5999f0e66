//! The audit log: `audit/000000000001.json`, a page of entries named after the first of them.
//!
//! How the log ends stands in the library's head, so an entry comes with the change it tells of. A page that is not what was
//! written is left as it is and read as far as it can be, so that verifying tells what is wrong with it; the next entry begins
//! another page.

use std::collections::BTreeSet;

use backstory_core::{
    error::Result,
    privacy::audit::{Entry, Kept, Note},
};
use serde::{Deserialize, Serialize};

use super::{
    head::Head,
    journal::{Change, View},
    layout::{self, AUDIT},
    sealed::{self, Unsealed},
};

/// How many entries a page has at most: a change writes its last page anew.
const PAGE: usize = 64;

/// A page of the log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Page {
    /// The number of the first entry.
    from: u64,
    entries: Vec<Kept>,
}

impl Page {
    fn place(&self) -> String {
        layout::audit(self.from)
    }

    fn entries(&self) -> impl Iterator<Item = Entry> {
        (self.from..).zip(&self.entries).map(|(sequence, kept)| kept.entry(sequence))
    }
}

/// The first entries of the pages there are, and are to be once a change under way is done.
fn pages(view: &View) -> Result<BTreeSet<u64>> {
    let entries = view.disk().list(AUDIT)?;
    let names = entries.iter().filter_map(|entry| layout::audit_page_of(entry.name.as_deref()?));
    let waiting = view.waiting().filter_map(|place| place.strip_prefix(AUDIT)?.strip_prefix('/'));
    Ok(names.chain(waiting.filter_map(layout::audit_page_of)).collect())
}

fn read(view: &View, from: u64) -> Result<Option<Unsealed<Page>>> {
    match view.read(&layout::audit(from)) {
        Err(error) if super::is_damage(&error) => Ok(Some(Unsealed::Damaged(error.message))),
        text => Ok(text?.map(|text| sealed::unseal(&text))),
    }
}

/// The entries behind a number, as far as their pages can be read.
pub(super) fn entries(view: &View, after: u64, limit: u32) -> Result<Vec<Entry>> {
    let pages: Vec<u64> = pages(view)?.into_iter().collect();
    // Every page that begins later, and the one before those.
    let first = pages.partition_point(|from| *from <= after + 1).saturating_sub(1);
    let mut entries = Vec::new();
    for from in &pages[first..] {
        if entries.len() >= limit as usize {
            break;
        }
        let Some(page) = read(view, *from)?.and_then(Unsealed::readable) else { continue };
        // What it calls itself is as little to be trusted as the rest of it.
        let page = Page { from: *from, ..page };
        entries.extend(page.entries().filter(|entry| entry.sequence > after));
    }
    entries.truncate(limit as usize);
    Ok(entries)
}

/// Adds entries to a change, and to the head that goes with it.
pub(super) fn append(view: &View, head: &mut Head, change: &mut Change, notes: &[Box<Note>]) -> Result<()> {
    if notes.is_empty() {
        return Ok(());
    }
    let next = head.audit.size + 1;
    let last = match read(view, head.audit_page)? {
        Some(Unsealed::Whole(page)) if page.from + page.entries.len() as u64 == next => Some(page),
        _ => None,
    };
    let mut page = last.unwrap_or(Page { from: next, entries: Vec::new() });
    for note in notes {
        if page.entries.len() >= PAGE {
            change.put(page.place(), sealed::seal(&page)?);
            page = Page { from: head.audit.size + 1, entries: Vec::new() };
        }
        page.entries.push(head.audit.append(note)?.into());
    }
    head.audit_page = page.from;
    change.put(page.place(), sealed::seal(&page)?);
    Ok(())
}

/// Puts the end of the log together from its pages, for a head that was lost.
pub(super) fn rebuild(view: &View, head: &mut Head) -> Result<()> {
    for from in pages(view)? {
        let Some(page) = read(view, from)?.and_then(Unsealed::readable) else { continue };
        Page { from, ..page }.entries().for_each(|entry| head.audit.follow(&entry));
        head.audit_page = from;
    }
    Ok(())
}

/// What is wrong with the pages: where, and what.
pub(super) fn check(view: &View, head: &Head) -> Result<Vec<(String, &'static str)>> {
    let mut wrong = Vec::new();
    let mut next = 1;
    for from in pages(view)? {
        let place = layout::audit(from);
        match read(view, from)? {
            Some(Unsealed::Whole(page)) if page.from == from && from == next => {
                next = from + page.entries.len() as u64;
            }
            Some(Unsealed::Whole(page)) => {
                wrong.push((place, "It does not go on from the page before it."));
                next = from + page.entries.len() as u64;
            }
            Some(Unsealed::Edited(page)) => {
                wrong.push((place, "It was changed by something other than Backstory."));
                next = from + page.entries.len() as u64;
            }
            Some(Unsealed::Damaged(_)) | None => wrong.push((place, "It cannot be read.")),
        }
    }
    if next != head.audit.size + 1 && wrong.is_empty() {
        wrong.push((AUDIT.to_owned(), "Pages of the audit log are missing."));
    }
    Ok(wrong)
}

//! Whether a log is what was written.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    Entry, Head, Segment, TreeHead, chained,
    tree::{Digest, Peaks},
};
use crate::{error::Result, storage::CharacterStorage};

/// So many findings are told; one is enough to know.
const MOST: usize = 100;
/// So many entries are read at a time.
const PAGE: u32 = 1_000;

/// What is wrong with a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub enum Fault {
    /// An entry is missing.
    Missing,
    /// An entry is not what was written, or does not go on from the one before it.
    Changed,
    /// What the store says of its log is not what its entries say.
    Head,
    /// The log is shorter than when it was last seen here: its end was cut off, or the whole store is an earlier one.
    Shorter,
    /// The log is not the one that was last seen here.
    Another,
    /// Entries of another log, which came in with characters, do not hold together.
    Segment,
}

/// What is wrong, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Finding {
    /// The number of the entry.
    pub sequence: u64,
    /// What.
    pub fault: Fault,
}

/// What a log is worth.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Verdict {
    /// Nothing is wrong.
    pub ok: bool,
    /// What stands for the log as it is.
    pub log: TreeHead,
    /// What stood for it when it was last seen here; none where it never was.
    pub anchor: Option<TreeHead>,
    /// How many entries of other logs are kept in it.
    pub taken: u64,
    /// What is wrong, the first hundred.
    pub findings: Vec<Finding>,
}

/// A log that is read from its first entry to its last.
#[derive(Debug, Default)]
pub struct Verifier {
    anchor: Option<TreeHead>,
    size: u64,
    /// The hash of the last entry; none where that is missing.
    before: Option<Digest>,
    peaks: Peaks,
    taken: BTreeMap<Digest, Head>,
    findings: Vec<Finding>,
}

impl Verifier {
    /// Begins. `anchor` is what stood for the log when it was last seen by whoever asks.
    pub fn new(anchor: Option<TreeHead>) -> Self {
        Self { anchor, before: Some(Digest::default()), ..Self::default() }
    }

    /// Reads the next entry.
    pub fn add(&mut self, entry: &Entry) {
        let next = self.size + 1;
        if entry.sequence < next {
            self.found(entry.sequence, Fault::Changed);
            return;
        }
        if entry.sequence > next {
            self.found(next, Fault::Missing);
            (self.size, self.before) = (entry.sequence - 1, None);
        }
        let begins = format!("{{\"sequence\":{},", entry.sequence);
        let is_numbered = entry.text.as_ref().is_none_or(|text| text.starts_with(&begins));
        let follows = self.before.is_none_or(|before| chained(&before, &entry.leaf) == entry.hash);
        if !is_numbered || !follows {
            self.found(entry.sequence, Fault::Changed);
        }
        self.peaks.add(self.size, entry.leaf);
        (self.size, self.before) = (entry.sequence, Some(entry.hash));
        if let Some(anchor) = self.anchor.filter(|anchor| anchor.size == entry.sequence) {
            // Where something is wrong already, the tree says no more than that.
            let is_root = !self.findings.is_empty() || anchor.root == self.peaks.root();
            if anchor.hash != entry.hash || !is_root {
                self.found(entry.sequence, Fault::Another);
            }
        }
        // Few entries hold others, and every one would have to be parsed.
        if entry.text.as_ref().is_some_and(|text| text.contains("\"log\":{"))
            && let Some(segment) = entry.note().and_then(|note| note.log)
            && !self.take(&segment)
        {
            self.found(entry.sequence, Fault::Segment);
        }
    }

    /// Goes on with another log; whether it goes on from what came before.
    fn take(&mut self, segment: &Segment) -> bool {
        let known = self.taken.entry(segment.log).or_default();
        goes_on(known, segment)
    }

    fn found(&mut self, sequence: u64, fault: Fault) {
        if self.findings.len() < MOST {
            self.findings.push(Finding { sequence, fault });
        }
    }

    /// Ends. `head` is what the store says of its log.
    pub fn finish(mut self, head: &Head) -> Verdict {
        let hash = self.before.unwrap_or_default();
        let found = Head { size: self.size, hash, peaks: std::mem::take(&mut self.peaks) };
        if head.size > self.size {
            self.found(self.size + 1, Fault::Missing);
        } else if *head != found {
            self.found(self.size, Fault::Head);
        }
        if self.anchor.is_some_and(|anchor| anchor.size > self.size) {
            self.found(self.size, Fault::Shorter);
        }
        Verdict {
            ok: self.findings.is_empty(),
            log: found.tree(),
            anchor: self.anchor,
            taken: self.taken.values().map(|head| head.size).sum(),
            findings: self.findings,
        }
    }
}

/// Goes on with a log that another one keeps; whether it goes on from there.
pub fn goes_on(known: &mut Head, segment: &Segment) -> bool {
    if segment.from != known.size + 1 {
        return false;
    }
    for kept in &segment.entries {
        let entry = kept.entry(known.size + 1);
        let is_first = known.size == 0;
        if chained(&known.hash, &entry.leaf) != entry.hash || (is_first && entry.hash != segment.log) {
            return false;
        }
        known.follow(&entry);
    }
    segment.head.is_none_or(|head| head == known.tree())
}

/// Reads a store's whole log and says whether it is what was written. What is written meanwhile is not looked at.
///
/// # Errors
/// As [`CharacterStorage::audit`].
pub async fn read(storage: &dyn CharacterStorage, anchor: Option<TreeHead>) -> Result<Verdict> {
    let mut verifier = Verifier::new(anchor);
    let (mut after, head) = (0, storage.audit_head().await?);
    while after < head.size {
        let page = storage.audit(after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = last.sequence.max(after + 1);
        page.iter().filter(|entry| entry.sequence <= head.size).for_each(|entry| verifier.add(entry));
    }
    Ok(verifier.finish(&head))
}

#[cfg(test)]
mod tests {
    use super::{super::tests::note, *};
    use crate::privacy::audit::{Act, Action, Kept};

    fn log(size: u64) -> (Vec<Entry>, Head) {
        let mut head = Head::default();
        let entry = |number: u64| {
            let mut note = note(Action::Capture);
            note.version = Some(number);
            head.append(&note).unwrap()
        };
        let entries = (1..=size).map(entry).collect();
        (entries, head)
    }

    fn verdict(entries: &[Entry], head: &Head, anchor: Option<TreeHead>) -> Verdict {
        let mut verifier = Verifier::new(anchor);
        entries.iter().for_each(|entry| verifier.add(entry));
        verifier.finish(head)
    }

    fn faults(entries: &[Entry], head: &Head, anchor: Option<TreeHead>) -> Vec<(u64, Fault)> {
        verdict(entries, head, anchor)
            .findings
            .iter()
            .map(|finding| (finding.sequence, finding.fault))
            .collect()
    }

    #[test]
    fn a_log_that_was_not_touched_is_whole() {
        for size in [0, 1, 2, 3, 17] {
            let (entries, head) = log(size);
            for anchor in [None, Some(log(size / 2).1.tree()), Some(head.tree())] {
                // The head of an empty log stands for nothing that could be missing.
                let found = verdict(&entries, &head, anchor);
                assert!(found.ok, "{size} {anchor:?} {found:?}");
                assert_eq!(found.log, head.tree());
            }
        }
    }

    #[test]
    fn what_is_wrong_is_told_where_it_is() {
        let (entries, head) = log(10);
        let anchor = Some(head.tree());
        let changed = |change: &dyn Fn(&mut Vec<Entry>)| {
            let mut entries = entries.clone();
            change(&mut entries);
            faults(&entries, &head, None)
        };
        let edited = changed(&|entries| {
            let text = entries[4].text.take().unwrap().replace("\"versions\":2", "\"versions\":3");
            entries[4] = Entry::new(5, text, entries[4].hash);
        });
        assert_eq!(edited, [(5, Fault::Changed), (10, Fault::Head)]);
        assert_eq!(changed(&|entries| drop(entries.remove(4))), [(5, Fault::Missing), (10, Fault::Head)]);
        assert_eq!(changed(&|entries| entries.truncate(7)), [(8, Fault::Missing)]);
        assert_eq!(changed(&|entries| entries.swap(2, 3))[0], (3, Fault::Missing));
        // With everything made anew behind it, only who saw the log before can tell.
        let (shorter, earlier) = log(7);
        assert_eq!(faults(&shorter, &earlier, anchor), [(7, Fault::Shorter)]);
        let mut other = Head::default();
        let others: Vec<_> = (0..12).map(|_| other.append(&note(Action::Pin)).unwrap()).collect();
        assert_eq!(faults(&others, &other, anchor), [(10, Fault::Another)]);
        assert_eq!(faults(&others, &other, None), []);
    }

    #[test]
    fn a_log_that_came_in_is_verified_by_itself() {
        let (foreign, foreign_head) = log(5);
        let kept = |entries: &[Entry]| entries.iter().cloned().map(Kept::from).collect::<Vec<_>>();
        let segment = |from: u64, entries: &[Entry], head| Segment {
            log: foreign[0].hash,
            from,
            entries: kept(entries),
            head,
        };
        let of = |segments: Vec<Segment>| {
            let mut head = Head::default();
            let entries: Vec<_> = segments
                .into_iter()
                .map(|segment| {
                    let act = Act::new(Action::LogTaken).with(segment);
                    head.append(&act.noted(jiff::Timestamp::UNIX_EPOCH, "window")).unwrap()
                })
                .collect();
            verdict(&entries, &head, None)
        };
        let whole =
            of(vec![segment(1, &foreign[..3], None), segment(4, &foreign[3..], Some(foreign_head.tree()))]);
        assert!(whole.ok && whole.taken == 5, "{whole:?}");
        for wrong in [
            vec![segment(4, &foreign[3..], None)],
            vec![segment(1, &foreign[..3], None), segment(1, &foreign[3..], None)],
            vec![segment(1, &foreign[1..], None)],
            vec![segment(1, &foreign[..3], Some(foreign_head.tree()))],
        ] {
            assert_eq!(of(wrong).findings.last().map(|finding| finding.fault), Some(Fault::Segment));
        }
    }
}

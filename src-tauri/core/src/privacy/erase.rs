//! Erasing: what is to go, what cannot be reached from here, and the receipt of what went.
//!
//! A receipt holds numbers and times and nothing of a person: no name, no id, no path. It is sealed with a key that is made
//! for it and thrown away; its number is made from that key. Whoever noted the number can tell a receipt that was altered,
//! or made anew, from the one that was shown.

use jiff::{Timestamp, tz::TimeZone};
use serde::{Deserialize, Serialize};

use crate::{
    hex,
    model::ContentHash,
    privacy::audit::TreeHead,
    storage::Kept,
    wording::{Arg, Language, List, Said, say},
};

/// The form of receipts that this program writes.
const FORM: u32 = 1;

/// What is to be erased.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case", deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub enum Scope {
    /// Everything Backstory holds of the player.
    Everything,
    /// One character.
    Character {
        /// Its id; or its name, where only one has it.
        character: String,
    },
}

/// A kind of place where Backstory keeps something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub enum HeldKind {
    /// A library of this computer, with its log.
    Library,
    /// Copies that were made before a library was changed.
    Copies,
    /// Libraries that were put aside.
    SetAside,
    /// Backups of a library that Backstory made.
    Backups,
    /// What an interrupted write left.
    Leftovers,
    /// How the window is liked, and which folders are watched.
    Settings,
    /// What the window's web engine keeps.
    WindowData,
    /// What was taken from watched folders, what was agreed to, when D&D Beyond was asked.
    Records,
    /// The session with D&D Beyond, in the system's keychain.
    Session,
    /// Copies of documents in a cache outside of the program.
    Cache,
}

/// A place where Backstory keeps something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Held {
    /// Its kind.
    pub kind: HeldKind,
    /// A file or a folder; empty for the keychain.
    pub path: String,
    /// How many files.
    pub files: u64,
    /// How many bytes.
    pub bytes: u64,
}

/// What Backstory cannot erase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub enum BeyondKind {
    /// The characters at D&D Beyond or in Foundry.
    Sources,
    /// Files that were imported or exported; copies of the library that the player made, and the one before a move.
    Files,
    /// Backups of this computer that other programs make.
    Backups,
    /// A database server's own log and backups.
    ServerLog,
    /// Old versions that a bucket keeps.
    ObjectVersions,
    /// Another library that the configuration names.
    OtherLibrary,
    /// The configuration, which the player wrote.
    Configuration,
    /// The system's keychain, which did not open: a session with D&D Beyond may be in it.
    Keychain,
    /// A library that was put aside: it holds other characters too, and may be their only copy.
    SetAside,
    /// Copies of documents in a cache that does not answer. They end by themselves.
    Cache,
}

impl From<Kept> for BeyondKind {
    fn from(kept: Kept) -> Self {
        match kept {
            Kept::ServerLog => Self::ServerLog,
            Kept::ObjectVersions => Self::ObjectVersions,
        }
    }
}

/// Something that Backstory cannot erase.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Beyond {
    /// Its kind.
    pub kind: BeyondKind,
    /// Where it is, as far as that is known.
    pub path: Option<String>,
}

impl Beyond {
    /// Something whose place is not known.
    pub fn somewhere(kind: BeyondKind) -> Self {
        Self { kind, path: None }
    }
}

/// How much there is of what is to be erased.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[allow(missing_docs, reason = "named after what they count")]
pub struct Amount {
    pub characters: u64,
    pub versions: u64,
    pub captures: u64,
}

/// What would be erased, and what would stay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct ErasePlan {
    /// What.
    pub scope: Scope,
    /// The character's name, where it is one.
    pub name: Option<String>,
    /// How much.
    pub counts: Amount,
    /// The store that is open, where everything is to go and it is not a file of this computer: it is emptied.
    pub store: Option<String>,
    /// What is taken away on this computer.
    pub places: Vec<Held>,
    /// What stays.
    pub beyond: Vec<Beyond>,
    /// Stands for this very plan: `erase.start` wants it back.
    pub token: String,
}

impl ErasePlan {
    /// The token of what is planned. Lengths are left out of it: they change while somebody reads.
    pub fn sealed(mut self) -> Self {
        let places: Vec<_> = self.places.iter().map(|place| (place.kind, &place.path)).collect();
        let all = (&self.scope, self.counts, &self.store, places, &self.beyond);
        self.token = ContentHash::of(&serde_json::to_vec(&all).unwrap_or_default()).to_string();
        self
    }

    /// Whether the open library itself is a file or a folder that is taken away whole.
    pub fn takes_library(&self) -> bool {
        self.scope == Scope::Everything && self.store.is_none()
    }
}

/// An erasure that was begun: what whoever starts the program after an interruption needs to end it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Erasure {
    /// What was planned.
    pub plan: ErasePlan,
    /// When the player asked for it.
    pub asked_at: Timestamp,
    /// Which library was open, as its store says where it is.
    pub library: Option<String>,
    /// What must not be found anywhere afterwards: byte strings, in hexadecimal digits.
    pub traces: Vec<String>,
    /// What must not be found either, and is not written down: where the library is encrypted, its names and notes stand
    /// nowhere in the clear. After an interruption they are not looked for.
    #[serde(skip)]
    pub secret_traces: Vec<Vec<u8>>,
    /// What stood for the audit log of the open library, the erasing itself among what it tells where the log stays.
    #[serde(default)]
    pub log: Option<TreeHead>,
    /// How often it was interrupted.
    pub interrupted: u32,
    /// Whether what was planned is gone, and only cleaning up and the last look are left. What comes into its place from then
    /// on is the player's anew, and nobody's to erase.
    pub erased: bool,
}

impl Erasure {
    /// Whether the open library is still to be taken away whole: nothing may be opened in its place before.
    pub fn takes_library(&self) -> bool {
        self.plan.takes_library() && !self.erased
    }

    /// What must not be found anywhere afterwards.
    pub fn searched_for(&self) -> Vec<Vec<u8>> {
        let written = self.traces.iter().filter_map(|text| hex::decode(text));
        written.chain(self.secret_traces.iter().cloned()).collect()
    }
}

/// What a last look over everything found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Sweep {
    /// Files that were read.
    pub files: u64,
    /// Bytes that were read.
    pub bytes: u64,
    /// How many names, texts, identities and hashes were looked for.
    pub searched: u64,
    /// How often one of them was found: 0.
    pub traces: u64,
}

/// What was taken away of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[allow(missing_docs, reason = "named after what they are")]
pub struct Removed {
    pub kind: HeldKind,
    pub files: u64,
    pub bytes: u64,
}

/// What was erased.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Receipt {
    /// The form of this receipt.
    pub form: u32,
    /// Backstory's version.
    pub program: String,
    /// Whether it was everything, or one character.
    pub everything: bool,
    /// When the player asked for it.
    #[cfg_attr(test, ts(as = "String"))]
    pub asked_at: Timestamp,
    /// When the last look was done.
    #[cfg_attr(test, ts(as = "String"))]
    pub finished_at: Timestamp,
    /// How often it was interrupted and went on.
    pub interrupted: u32,
    /// How much.
    pub counts: Amount,
    /// Whether a store was emptied that is not a file of this computer.
    pub store: bool,
    /// What was taken away on this computer.
    pub removed: Vec<Removed>,
    /// The last look.
    pub sweep: Sweep,
    /// What stays.
    pub beyond: Vec<BeyondKind>,
    /// What stood for the library's audit log in the end: so many entries, which end in this hash and have this root. None in
    /// receipts of before there was a log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub log: Option<TreeHead>,
}

/// A receipt with its number and its seal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct SealedReceipt {
    /// `BS-20250804-1408-7F3A09C2`: the time in UTC, and what the key begins with when it is hashed.
    pub number: String,
    /// What was erased.
    pub receipt: Receipt,
    /// The public key, Ed25519, in hexadecimal digits. The private one is kept nowhere.
    pub key: String,
    /// The signature of [`SealedReceipt::signed_text`], in hexadecimal digits.
    pub signature: String,
}

impl Receipt {
    /// The receipt of an erasure that is done.
    pub fn of(erasure: &Erasure, sweep: Sweep, finished_at: Timestamp, program: &str) -> Self {
        let plan = &erasure.plan;
        let mut removed: Vec<Removed> = Vec::new();
        for place in &plan.places {
            match removed.iter_mut().find(|one| one.kind == place.kind) {
                Some(one) => (one.files, one.bytes) = (one.files + place.files, one.bytes + place.bytes),
                None => {
                    removed.push(Removed { kind: place.kind, files: place.files, bytes: place.bytes });
                }
            }
        }
        let mut beyond: Vec<_> = plan.beyond.iter().map(|beyond| beyond.kind).collect();
        beyond.sort_unstable();
        beyond.dedup();
        Self {
            form: FORM,
            program: program.to_owned(),
            everything: plan.scope == Scope::Everything,
            asked_at: erasure.asked_at,
            finished_at,
            interrupted: erasure.interrupted,
            counts: plan.counts,
            store: plan.store.is_some(),
            removed,
            sweep,
            beyond,
            log: erasure.log,
        }
    }

    /// The number of this receipt where it is sealed with this key.
    pub fn number(&self, key: &str) -> String {
        let at = self.finished_at.to_zoned(TimeZone::UTC);
        let hash = ContentHash::of(key.as_bytes()).to_string().to_uppercase();
        format!("BS-{}-{}", at.strftime("%Y%m%d-%H%M"), &hash[..8])
    }

    /// The receipt in plain words.
    pub fn text(&self, number: &str, language: Language) -> String {
        let tell = |said: Said| said.text(language);
        let at = |time: Timestamp| time.strftime("%Y-%m-%d %H:%M UTC").to_string();
        let Amount { characters, versions, .. } = self.counts;
        let mut lines = vec![
            tell(say("receipt-title").with("number", number)),
            String::new(),
            tell(say("receipt-when").with("from", at(self.asked_at)).with("to", at(self.finished_at))),
            tell(what(self.everything, characters, versions)),
        ];
        if self.store {
            lines.push(tell(say("receipt-store")));
        }
        for removed in &self.removed {
            lines.push(tell(
                say("receipt-removed")
                    .with("what", place(removed.kind))
                    .with("files", removed.files as i64)
                    .with("size", size(removed.bytes)),
            ));
        }
        lines.push(tell(
            say("receipt-sweep")
                .with("files", self.sweep.files as i64)
                .with("size", size(self.sweep.bytes))
                .with("searched", self.sweep.searched as i64)
                .with("traces", self.sweep.traces as i64),
        ));
        if self.interrupted > 0 {
            lines.push(tell(say("receipt-interrupted").with("count", i64::from(self.interrupted))));
        }
        if let Some(log) = self.log {
            let said = say("receipt-log").with("entries", log.size as i64);
            lines.push(tell(said.with("hash", log.hash.to_string()).with("root", log.root.to_string())));
        }
        let beyond = self.beyond.iter().map(|kind| Arg::from(beyond(*kind))).collect();
        lines.push(tell(say("receipt-beyond").with("what", List::Clauses(beyond))));
        lines.push(String::new());
        lines.push(tell(say("receipt-check")));
        lines.join("\n") + "\n"
    }
}

fn what(everything: bool, characters: u64, versions: u64) -> Said {
    let said = if everything { say("receipt-everything") } else { say("receipt-character") };
    said.with("characters", characters as i64).with("versions", versions as i64)
}

fn place(kind: HeldKind) -> Said {
    match kind {
        HeldKind::Library => say("place-library"),
        HeldKind::Copies => say("place-copies"),
        HeldKind::SetAside => say("place-set-aside"),
        HeldKind::Backups => say("place-backups"),
        HeldKind::Leftovers => say("place-leftovers"),
        HeldKind::Settings => say("place-settings"),
        HeldKind::WindowData => say("place-window-data"),
        HeldKind::Records => say("place-records"),
        HeldKind::Session => say("place-session"),
        HeldKind::Cache => say("place-cache"),
    }
}

fn beyond(kind: BeyondKind) -> Said {
    match kind {
        BeyondKind::Sources => say("beyond-sources"),
        BeyondKind::Files => say("beyond-files"),
        BeyondKind::Backups => say("beyond-backups"),
        BeyondKind::ServerLog => say("beyond-server-log"),
        BeyondKind::ObjectVersions => say("beyond-object-versions"),
        BeyondKind::OtherLibrary => say("beyond-other-library"),
        BeyondKind::Configuration => say("beyond-configuration"),
        BeyondKind::Keychain => say("beyond-keychain"),
        BeyondKind::SetAside => say("beyond-set-aside"),
        BeyondKind::Cache => say("beyond-cache"),
    }
}

/// Bytes, in a person's measure.
fn size(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{:.1} kB", bytes as f64 / 1e3),
        _ => format!("{:.1} MB", bytes as f64 / 1e6),
    }
}

impl SealedReceipt {
    /// What is signed: the number and the receipt, as this program writes it.
    pub fn signed_text(number: &str, receipt: &Receipt) -> String {
        format!("Backstory receipt\n{number}\n{}", serde_json::to_string(receipt).unwrap_or_default())
    }

    /// Whether the number belongs to the key. The signature is for [`crate::api::erase::Computer::is_sealed`] to check.
    pub fn has_its_number(&self) -> bool {
        self.number == self.receipt.number(&self.key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn receipt() -> Receipt {
        let plan = ErasePlan {
            scope: Scope::Everything,
            name: None,
            counts: Amount { characters: 15, versions: 763, captures: 900 },
            store: None,
            places: [("a", 10), ("b", 2_000_000)]
                .map(|(path, bytes)| Held { kind: HeldKind::Library, path: path.to_owned(), files: 1, bytes })
                .to_vec(),
            beyond: [BeyondKind::Files, BeyondKind::Sources, BeyondKind::Files]
                .map(Beyond::somewhere)
                .to_vec(),
            token: String::new(),
        };
        let at = |second: i64| Timestamp::from_second(1_754_316_420 + second).unwrap();
        let erasure = Erasure {
            plan: plan.sealed(),
            asked_at: at(0),
            library: Some("/home/ada/secret".to_owned()),
            traces: vec!["416461".to_owned()],
            secret_traces: Vec::new(),
            log: None,
            interrupted: 1,
            erased: true,
        };
        assert_eq!(erasure.searched_for(), [b"Ada"]);
        Receipt::of(&erasure, Sweep { files: 3, bytes: 900, searched: 4_000, traces: 0 }, at(60), "0.1.0")
    }

    #[test]
    fn a_receipt_says_how_much_and_nothing_of_whom() {
        let receipt = receipt();
        let wire = serde_json::to_string(&receipt).unwrap();
        assert!(!wire.contains("ada") && !wire.contains("Ada") && !wire.contains("416461"), "{wire}");
        assert_eq!(receipt.removed, [Removed { kind: HeldKind::Library, files: 2, bytes: 2_000_010 }]);
        assert_eq!(receipt.beyond, [BeyondKind::Sources, BeyondKind::Files]);
        insta::assert_snapshot!("receipt_en", receipt.text("BS-1", Language::En));
        insta::assert_snapshot!("receipt_de", receipt.text("BS-1", Language::De));
    }

    #[test]
    fn a_number_is_made_from_the_time_and_the_key() {
        let receipt = receipt();
        let number = receipt.number("abc");
        assert!(number.starts_with("BS-20250804-1408-") && number.len() == 25, "{number}");
        let sealed = |number: String, key: &str| SealedReceipt {
            number,
            receipt: receipt.clone(),
            key: key.to_owned(),
            signature: String::new(),
        };
        assert!(sealed(number.clone(), "abc").has_its_number());
        assert!(!sealed(number, "abd").has_its_number(), "another key has another number");
    }

    #[test]
    fn a_plan_is_another_one_when_there_is_more_to_erase_and_the_same_when_a_file_grew() {
        let plan = ErasePlan {
            scope: Scope::Everything,
            name: None,
            counts: Amount::default(),
            store: None,
            places: vec![Held { kind: HeldKind::Library, path: "a".into(), files: 1, bytes: 1 }],
            beyond: Vec::new(),
            token: String::new(),
        }
        .sealed();
        let mut grown = plan.clone();
        grown.places[0].bytes = 2;
        assert_eq!(grown.sealed().token, plan.token);
        let more = ErasePlan { counts: Amount { characters: 1, ..Amount::default() }, ..plan.clone() };
        assert_ne!(more.sealed().token, plan.token);
    }
}

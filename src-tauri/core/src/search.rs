//! Looking for words in the versions of all characters: "when did I first own a Cloak of Protection?"
//!
//! A version's trace holds the words that appeared in it, so a hit is the version in which something was first there, not
//! every version that still has it.

use jiff::Timestamp;
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

use crate::{
    error::Result,
    model::{CharacterId, SnapshotId, VersionMetadata},
    storage::{CharacterStorage, HistoryQuery, QueryFilter},
    trace::{Place, Trace, Words},
};

/// What is looked for in the words of all versions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SearchQuery {
    /// The words. All of them must stand in a text, each at the beginning of a word; case and accents do not matter.
    pub text: String,
    /// Only in these characters; empty: in all that are not in the bin.
    pub characters: Vec<CharacterId>,
    /// The oldest first, else the newest.
    pub oldest_first: bool,
    /// At most so many; none: 200.
    pub limit: Option<u32>,
}

impl SearchQuery {
    /// How many hits are given where nobody says otherwise.
    pub const LIMIT: u32 = 200;

    /// The words, folded as they are compared: small letters without accents, cut where a word ends. Empty: nothing is found.
    pub fn words(&self) -> Vec<String> {
        fold(&self.text).split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect()
    }
}

/// Whether all words stand in a text, each at the beginning of a word.
pub fn has_words(text: &str, words: &[String]) -> bool {
    let text = format!(" {}", fold(text));
    !words.is_empty() && words.iter().all(|word| text.contains(&format!(" {word}")))
}

/// A text as it is compared in a search: small letters without accents, everything that is no letter and no digit a blank.
pub fn fold(text: &str) -> String {
    let letters = text.nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase);
    letters.map(|c| if c.is_alphanumeric() { c } else { ' ' }).collect()
}

/// Where words were found: the version in which they appeared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchHit {
    /// Whose.
    pub character: CharacterId,
    /// In which version.
    pub version: SnapshotId,
    /// Its number.
    pub number: u64,
    /// When it was captured.
    pub captured_at: Timestamp,
    /// Where on the sheet.
    pub place: Place,
    /// The whole text.
    pub text: String,
}

/// Answers a search from the traces of all versions: for a store that has no index of words.
pub async fn in_traces<S: CharacterStorage + ?Sized>(
    storage: &S,
    query: &SearchQuery,
) -> Result<Vec<SearchHit>> {
    let words = query.words();
    if words.is_empty() {
        return Ok(Vec::new());
    }
    let filter = QueryFilter { ids: query.characters.clone(), ..QueryFilter::default() };
    let mut hits = Vec::new();
    for character in storage.query(&filter).await?.items {
        let all = HistoryQuery { traces: true, ..HistoryQuery::all(character.id) };
        for version in storage.history(&all).await?.items {
            if let Some(trace) = &version.trace {
                hits.extend(hits_in(&Appeared::from(&version), trace, &words));
            }
        }
    }
    Ok(in_order(hits, query))
}

/// A version in which words appeared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appeared {
    /// Whose.
    pub character: CharacterId,
    /// Which version.
    pub version: SnapshotId,
    /// Its number.
    pub number: u64,
    /// When it was captured.
    pub captured_at: Timestamp,
}

impl From<&VersionMetadata> for Appeared {
    fn from(version: &VersionMetadata) -> Self {
        let (number, captured_at) = (version.version, version.captured_at);
        Self { character: version.character.clone(), version: version.id, number, captured_at }
    }
}

/// The words of a version that match.
pub fn hits_in(at: &Appeared, trace: &Trace, words: &[String]) -> Vec<SearchHit> {
    let found = trace.words.iter().filter(|Words(_, text)| has_words(text, words));
    let hit = |Words(place, text): &Words| SearchHit {
        character: at.character.clone(),
        version: at.version,
        number: at.number,
        captured_at: at.captured_at,
        place: *place,
        text: text.clone(),
    };
    found.map(hit).collect()
}

/// Hits in the order that was asked for, and no more than that.
pub fn in_order(mut hits: Vec<SearchHit>, query: &SearchQuery) -> Vec<SearchHit> {
    hits.sort_by(|a, b| {
        let order = (a.captured_at, a.version).cmp(&(b.captured_at, b.version));
        let order = if query.oldest_first { order } else { order.reverse() };
        order.then_with(|| (a.place, &a.text).cmp(&(b.place, &b.text)))
    });
    hits.truncate(usize::try_from(query.limit.unwrap_or(SearchQuery::LIMIT)).unwrap_or(usize::MAX));
    hits
}

/// How many letters stand around the first word that was found.
const AROUND: usize = 60;

/// A piece of a text around the first of the words; the whole text where it is short.
pub fn snippet(text: &str, words: &[String]) -> String {
    let letters: Vec<char> = text.chars().collect();
    if letters.len() <= 2 * AROUND {
        return text.to_owned();
    }
    let begins = |at: &usize| {
        let rest: String = letters[*at..].iter().take(AROUND).collect();
        (*at == 0 || !letters[*at - 1].is_alphanumeric())
            && words.iter().any(|word| fold(&rest).starts_with(word.as_str()))
    };
    let found = (0..letters.len()).find(begins).unwrap_or(0);
    let (from, to) = (found.saturating_sub(AROUND), (found + AROUND).min(letters.len()));
    let piece: String = letters[from..to].iter().collect();
    let (before, after) = (if from > 0 { "…" } else { "" }, if to < letters.len() { "…" } else { "" });
    format!("{before}{}{after}", piece.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_by_their_beginnings_without_case_and_accents() {
        let query = |text: &str| SearchQuery { text: text.to_owned(), ..SearchQuery::default() };
        let found = |text, words| has_words(text, &query(words).words());
        assert!(found("Cloak of Protection", "cloak PROT"));
        assert!(found("Maëlis’ Château", "maelis chateau"));
        assert!(!found("Cloak of Protection", "rotection"));
        assert!(!found("Cloak of Protection", "cloak ring"));
        assert!(!found("anything", " "), "no words, nothing found");
        assert_eq!(query("Potion-of (Healing)").words(), ["potion", "of", "healing"]);
    }

    #[test]
    fn a_snippet_shows_what_stands_around() {
        let long = format!("{} the Château of bells {}", "before ".repeat(40), "after ".repeat(40));
        let piece = snippet(&long, &["chateau".to_owned()]);
        assert!(
            piece.starts_with('…') && piece.ends_with('…') && piece.contains("the Château of bells"),
            "{piece}"
        );
        assert_eq!(snippet("short", &["x".to_owned()]), "short");
    }
}

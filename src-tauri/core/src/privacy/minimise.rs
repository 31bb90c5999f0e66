//! Cutting other people's data out of a document at the door: by byte span, everything else untouched.

use crate::{model::Cut, source::ForeignSpan};

/// The text without the foreign spans, and a record of every cut.
///
/// Spans are expected to rise and not to overlap, as [`crate::source::Reading::foreign`] promises. One that does not lie
/// on whole characters of the text after the cut before it is left alone, so that the result is always the text itself
/// but for the cuts that are recorded. A value that already is its replacement is not cut.
pub fn cut(text: &str, foreign: &[ForeignSpan]) -> (Vec<u8>, Vec<Cut>) {
    let mut document = Vec::with_capacity(text.len());
    let mut cuts = Vec::new();
    let mut at = 0;
    for foreign in foreign {
        let Some(value) = text.get(foreign.span.clone()).filter(|_| foreign.span.start >= at) else {
            continue;
        };
        if value == foreign.replacement {
            continue;
        }
        document.extend_from_slice(&text.as_bytes()[at..foreign.span.start]);
        document.extend_from_slice(foreign.replacement.as_bytes());
        at = foreign.span.end;
        cuts.push(Cut {
            pointer: foreign.pointer.clone(),
            removed_bytes: value.len() as u64,
            replaced_by: foreign.replacement.to_owned(),
        });
    }
    document.extend_from_slice(&text.as_bytes()[at..]);
    (document, cuts)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn span(range: std::ops::Range<usize>, replacement: &'static str) -> ForeignSpan {
        ForeignSpan { span: range, pointer: "/campaign/characters".into(), replacement }
    }

    #[test]
    fn a_cut_takes_the_value_and_nothing_else() {
        let text = r#"{"campaign":{"characters":[{"n":"Zoë"}],"name":"Tide"}}"#;
        let start = text.find("[{").unwrap();
        let end = text.find("],").unwrap() + 1;
        let (document, cuts) = cut(text, &[span(start..end, "[]")]);
        assert_eq!(document, r#"{"campaign":{"characters":[],"name":"Tide"}}"#.as_bytes());
        assert_eq!(cuts[0].removed_bytes, (end - start) as u64);
        assert_eq!(cuts[0].pointer, "/campaign/characters");
        assert_eq!(cuts[0].replaced_by, "[]");
    }

    #[test]
    fn what_is_already_cut_is_no_cut() {
        let (document, cuts) = cut(r#"{"c":[]}"#, &[span(5..7, "[]")]);
        assert_eq!(document, br#"{"c":[]}"#);
        assert!(cuts.is_empty());
    }

    #[test]
    fn a_span_out_of_place_is_left_alone() {
        for bad in [3..9, std::ops::Range { start: 2, end: 1 }, 1..2] {
            let (document, cuts) = cut("é[1]", &[span(bad, "null")]);
            assert_eq!(document, "é[1]".as_bytes());
            assert!(cuts.is_empty());
        }
        let (document, cuts) = cut("[1,2]", &[span(1..4, "0"), span(3..4, "null")]);
        assert_eq!((document.as_slice(), cuts.len()), (b"[0]".as_slice(), 1));
    }

    proptest! {
        /// Whatever the spans: what is left and what was taken out add up to the text.
        #[test]
        fn lengths_add_up(text in ".{0,80}", spans in prop::collection::vec((0usize..90, 0usize..12), 0..6)) {
            let spans: Vec<_> = spans.into_iter().map(|(start, len)| span(start..start + len, "null")).collect();
            let (document, cuts) = cut(&text, &spans);
            let removed: u64 = cuts.iter().map(|cut| cut.removed_bytes).sum();
            let added: u64 = cuts.iter().map(|cut| cut.replaced_by.len() as u64).sum();
            prop_assert_eq!(document.len() as u64 + removed, text.len() as u64 + added);
            prop_assert!(String::from_utf8(document).is_ok());
        }
    }
}

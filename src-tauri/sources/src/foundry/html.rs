//! From the editor's HTML to plain text.

/// The text of some HTML: paragraphs become lines, entities are decoded, a link stays with the words it shows
/// (`@UUID[Actor.x]{Old Tam}`). Most texts but the biography are plain already: their lines are kept.
pub(super) fn plain(html: &str) -> String {
    let marked = html.contains("</") || html.contains("<br");
    // Between tags a line's end is a blank.
    let source = if marked { html.replace(['\n', '\r'], " ") } else { html.to_owned() };
    let mut text = String::with_capacity(source.len());
    decode(&source, &mut text);
    // A paragraph ends and another begins: one line's end of two.
    tidy(&text, usize::from(marked))
}

fn decode(mut rest: &str, text: &mut String) {
    while let Some(at) = rest.find(['<', '&', '@', '[']) {
        let (before, from) = rest.split_at(at);
        text.push_str(before);
        rest = mark(from, text);
    }
    text.push_str(rest);
}

/// Reads what begins like a mark, and gives back what follows it. What is none stands for itself.
fn mark<'t>(from: &'t str, text: &mut String) -> &'t str {
    let read = match from.as_bytes().first() {
        Some(b'<') => tag(from, text),
        Some(b'&') => entity(from, text),
        _ => link(from, text),
    };
    read.unwrap_or_else(|| {
        let mut characters = from.chars();
        text.extend(characters.next());
        characters.as_str()
    })
}

/// Tags after which another line begins.
const BLOCKS: [&str; 17] = [
    "p",
    "br",
    "div",
    "li",
    "tr",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "ul",
    "ol",
    "table",
    "blockquote",
    "section",
];

fn tag<'t>(from: &'t str, text: &mut String) -> Option<&'t str> {
    if let Some(comment) = from.strip_prefix("<!--") {
        return Some(comment.split_once("-->").map_or("", |(_, rest)| rest));
    }
    let inner = from.get(1..)?;
    let name_at = inner.strip_prefix('/').unwrap_or(inner);
    // "a < b" is no tag.
    let end = name_at.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(name_at.len());
    let name = name_at.get(..end)?.to_ascii_lowercase();
    if !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return None;
    }
    let rest = from.get(from.find('>')? + 1..)?;
    if BLOCKS.contains(&name.as_str()) {
        text.push('\n');
    } else if name == "td" || name == "th" {
        text.push(' ');
    }
    let silent = (name == "script" || name == "style") && !inner.starts_with('/');
    if !silent {
        return Some(rest);
    }
    let (_, end) = rest.split_once("</")?;
    Some(end.split_once('>')?.1)
}

/// Named entities that editors write.
const ENTITIES: [(&str, &str); 18] = [
    ("amp", "&"),
    ("lt", "<"),
    ("gt", ">"),
    ("quot", "\""),
    ("apos", "'"),
    ("nbsp", " "),
    ("ndash", "–"),
    ("mdash", "—"),
    ("hellip", "…"),
    ("lsquo", "‘"),
    ("rsquo", "’"),
    ("ldquo", "“"),
    ("rdquo", "”"),
    ("bull", "•"),
    ("deg", "°"),
    ("frac12", "½"),
    ("times", "×"),
    ("eacute", "é"),
];

fn entity<'t>(from: &'t str, text: &mut String) -> Option<&'t str> {
    let (name, rest) = from.get(1..)?.split_once(';')?;
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).ok()?,
            None => number.parse().ok()?,
        };
        text.push(char::from_u32(code).filter(|c| !c.is_control() || *c == '\n')?);
    } else {
        text.push_str(ENTITIES.iter().find(|(known, _)| *known == name)?.1);
    }
    Some(rest)
}

/// `@UUID[Actor.x]{Old Tam}` and `[[/roll 1d6]]{luck}`: the words in the last brackets are what is shown.
fn link<'t>(from: &'t str, text: &mut String) -> Option<&'t str> {
    let target = if let Some(inner) = from.strip_prefix("[[") {
        inner.split_once("]]")?.1
    } else {
        let word = from.strip_prefix('@')?;
        let end = word.find(|c: char| !c.is_ascii_alphanumeric())?;
        word.get(end..)?.strip_prefix('[')?.split_once(']')?.1
    };
    let (shown, rest) = target.strip_prefix('{')?.split_once('}')?;
    // What is shown holds no bracket that closes, so no other link.
    decode(shown, text);
    Some(rest)
}

/// Lines without blanks at their ends, and no empty ones at the beginning, at the end or twice. Up to `apart` of them
/// stand between lines that follow each other.
fn tidy(text: &str, apart: usize) -> String {
    let mut tidy = String::with_capacity(text.len());
    let mut empty = 0;
    for line in text.lines().map(|line| line.trim_matches([' ', '\t', '\u{a0}'])) {
        if line.is_empty() {
            empty += 1;
            continue;
        }
        if !tidy.is_empty() {
            tidy.push_str(if empty > apart { "\n\n" } else { "\n" });
        }
        empty = 0;
        tidy.push_str(line);
    }
    tidy
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::plain;

    #[test]
    fn marks_become_text() {
        assert_eq!(plain("<p>One &amp; two.</p><p>Three<br/>four</p>"), "One & two.\nThree\nfour");
        assert_eq!(plain("<ul><li>a</li><li>b</li></ul>"), "a\nb");
        assert_eq!(plain("Kin: @UUID[Actor.lt7g]{Old <em>Tam</em>}."), "Kin: Old Tam.");
        assert_eq!(plain("[[/roll 1d6]]{luck} &#8212; &#x2019;&nope; &"), "luck — ’&nope; &");
        assert_eq!(plain("2 < 3 @ home [x]"), "2 < 3 @ home [x]");
        assert_eq!(plain("<style>p{}</style>a<!-- b -->c<"), "ac<");
        assert_eq!(plain("Height: 2'10\nHair: Black"), "Height: 2'10\nHair: Black");
        assert_eq!(plain("<p></p>"), "");
    }

    proptest! {
        #[test]
        fn nothing_is_too_odd(text in "[<>&@\\[\\]{};#x1pé a/!-]{0,60}") {
            prop_assert!(plain(&text).len() <= text.len() + 4);
        }
    }
}

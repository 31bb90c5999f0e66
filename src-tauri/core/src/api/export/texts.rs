//! Exports that other programs read: one JSON document, a chronicle, a table.

use std::{
    collections::BTreeMap,
    io::{self, Write},
};

use jiff::{Timestamp, tz::TimeZone};

use super::{
    Export,
    packing::unwritable,
    sink::{Sink, failed},
};
use crate::{
    error::Result,
    history::timeline::sittings,
    json::Tree,
    migrate::Whole,
    model::{CharacterId, CharacterIndex, ContentHash, Kind, VersionMetadata},
    privacy::audit,
    sheet::Ability,
    trace::Numbers,
};

impl Export<'_> {
    /// `{"characters":[{"character":…,"history":[…],"documents":{hash: document}}],"audit":[…],"consents":[…]}`, a document once however often it was seen.
    pub(super) async fn json(&mut self, characters: &[CharacterId], mut to: Sink) -> Result<Sink> {
        put(&mut to, "{\"characters\":[")?;
        for id in characters {
            let whole = self.read(id).await?;
            let Some(row) = &whole.index else { continue };
            put(&mut to, if self.exported.characters == 0 { "\n" } else { ",\n" })?;
            self.json_of(&whole, row, &mut to).await?;
            self.exported.characters += 1;
        }
        put(&mut to, "\n]")?;
        if self.key.is_none() {
            let log = self.library.whole_audit().await?;
            let log = if self.is_whole().await? { log } else { self.concerning(log).await? };
            put(&mut to, ",\n\"audit\":[\n")?;
            put(&mut to, audit::lines(log)?.trim_end().replace('\n', ",\n").as_str())?;
            let consents = serde_json::to_string(&self.consents().await?).map_err(unwritable)?;
            put(&mut to, &format!("],\n\"consents\":{consents}"))?;
        }
        put(&mut to, "}\n")?;
        Ok(to)
    }

    async fn json_of(&mut self, whole: &Whole, row: &CharacterIndex, to: &mut Sink) -> Result<()> {
        put(to, "{\"character\":")?;
        put(to, &serde_json::to_string(row).map_err(unwritable)?)?;
        put(to, ",\n\"history\":[")?;
        let mut documents: BTreeMap<ContentHash, &VersionMetadata> = BTreeMap::new();
        for (place, version) in whole.versions.iter().enumerate() {
            let told = VersionMetadata { trace: None, ..version.clone() };
            let entry = serde_json::json!({ "sentences": self.sentences(version), "version": told });
            put(to, if place == 0 { "\n" } else { ",\n" })?;
            put(to, &entry.to_string())?;
            documents.entry(version.content).or_insert(version);
            self.advance()?;
        }
        put(to, "],\n\"documents\":{")?;
        for (place, (hash, version)) in documents.into_iter().enumerate() {
            let bytes = self.document(version).await?;
            put(to, if place == 0 { "\n" } else { ",\n" })?;
            put(to, &format!("\"{hash}\":"))?;
            let text = String::from_utf8_lossy(&bytes);
            let text = text.trim_start_matches('\u{feff}').trim();
            match Tree::parse(text) {
                Ok(_) => put(to, text)?,
                // Whatever it is, it stays readable as a text.
                Err(_) => put(to, &serde_json::to_string(text).map_err(unwritable)?)?,
            }
            self.cancel.check()?;
        }
        put(to, "}}")
    }

    /// What happened, by day, oldest first; a sitting that lasts beyond midnight is of the day it began.
    pub(super) async fn markdown(&mut self, characters: &[CharacterId], mut to: Sink) -> Result<Sink> {
        for id in characters {
            let whole = self.read(id).await?;
            let Some(row) = &whole.index else { continue };
            if self.exported.characters > 0 {
                put(&mut to, "\n")?;
            }
            self.chronicle(&whole, row, &mut to)?;
            self.exported.characters += 1;
        }
        Ok(to)
    }

    fn chronicle(&mut self, whole: &Whole, row: &CharacterIndex, to: &mut Sink) -> Result<()> {
        put(to, &format!("# {}\n", plain(&row.name)))?;
        let classes = row.classes.iter().map(|class| match &class.subclass {
            Some(subclass) => format!("{} {} ({})", class.name, class.level, subclass),
            None => format!("{} {}", class.name, class.level),
        });
        let facts: Vec<String> =
            row.species.iter().cloned().chain(classes).chain(row.campaign.clone()).collect();
        if !facts.is_empty() {
            put(to, &format!("\n{}\n", plain(&facts.join(" · "))))?;
        }
        let mut open = None;
        for (version, sitting) in whole.versions.iter().zip(sittings(&whole.versions)) {
            self.advance()?;
            let marked = version.pinned || version.note.is_some() || !version.tags.is_empty();
            if matches!(version.summary.kind, Kind::Quiet | Kind::State) && !marked {
                continue;
            }
            let day = day(sitting);
            if open.as_ref() != Some(&day) {
                put(to, &format!("\n## {day}\n\n"))?;
                open = Some(day);
            }
            for sentence in self.sentences(version) {
                put(to, &format!("- {}\n", plain(&sentence)))?;
            }
            let tags: Vec<String> = version.tags.iter().map(|tag| format!("**{}**", plain(tag))).collect();
            if !tags.is_empty() {
                put(to, &format!("- {}\n", tags.join(", ")))?;
            }
            if let Some(note) = &version.note {
                let lines: Vec<String> =
                    note.lines().map(|line| format!("  > {}", plain(line)).trim_end().to_owned()).collect();
                put(to, &format!("{}\n", lines.join("\n")))?;
            }
        }
        Ok(())
    }

    /// One line a version.
    pub(super) async fn csv(&mut self, characters: &[CharacterId], mut to: Sink) -> Result<Sink> {
        let abilities = Ability::ALL.into_iter().map(Ability::key);
        let head =
            ["character", "name", "version", "captured_at", "level", "xp", "hit_points_max", "armor_class"];
        let tail = ["gold", "items", "spells_known"];
        let columns: Vec<&str> = head.into_iter().chain(tail).chain(abilities).chain(["changes"]).collect();
        put(&mut to, &format!("{}\r\n", columns.join(",")))?;
        for id in characters {
            let whole = self.read(id).await?;
            let Some(row) = &whole.index else { continue };
            for version in &whole.versions {
                let numbers = version.trace.as_ref().map(|trace| trace.numbers);
                let cells = self.cells(row, version, numbers);
                put(&mut to, &format!("{}\r\n", cells.join(",")))?;
                self.advance()?;
            }
            self.exported.characters += 1;
        }
        Ok(to)
    }

    fn cells(
        &self,
        row: &CharacterIndex,
        version: &VersionMetadata,
        numbers: Option<Numbers>,
    ) -> Vec<String> {
        let number = |of: &dyn Fn(Numbers) -> i64| numbers.map(|n| of(n).to_string()).unwrap_or_default();
        #[allow(clippy::cast_precision_loss, reason = "coins on a sheet are few")]
        let gold = numbers.map(|n| (n.copper as f64 / 100.0).to_string()).unwrap_or_default();
        let mut cells = vec![
            cell(row.id.as_str()),
            cell(&row.name),
            version.version.to_string(),
            version.captured_at.to_string(),
            number(&|n| n.level),
            number(&|n| n.xp),
            number(&|n| n.hit_points_max),
            number(&|n| n.armor_class),
            gold,
            number(&|n| n.items),
            number(&|n| n.spells),
        ];
        cells.extend((0..Ability::ALL.len()).map(|at| number(&|n| n.abilities[at])));
        cells.push(cell(&self.sentences(version).join("; ")));
        cells
    }
}

fn put(to: &mut Sink, text: &str) -> Result<()> {
    to.write_all(text.as_bytes()).map_err(|error: io::Error| failed(&error))
}

/// The day of a moment, in UTC: the core does not know where the player is.
fn day(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).date().to_string()
}

/// A text that means nothing to Markdown, on one line.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '|' | '~' | '!' => {
                plain.push('\\');
                plain.push(c);
            }
            c if c.is_control() => plain.push(' '),
            c => plain.push(c),
        }
    }
    plain
}

/// A text as a cell. What a spreadsheet would take for a formula gets an apostrophe before it, as OWASP advises.
pub(in crate::api) fn cell(text: &str) -> String {
    let formula = text.trim_start_matches(' ').starts_with(['=', '+', '-', '@', '\t', '\r', '\n']);
    let text = if formula { format!("'{text}") } else { text.to_owned() };
    if text.contains([',', '"', '\n', '\r', '\'', ';']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_never_a_formula() {
        for (text, expected) in [
            ("Rekor", "Rekor"),
            ("Rekor, the Bold", "\"Rekor, the Bold\""),
            ("a \"b\"", "\"a \"\"b\"\"\""),
            ("=HYPERLINK(\"x\")", "\"'=HYPERLINK(\"\"x\"\")\""),
            ("  @SUM(A1)", "\"'  @SUM(A1)\""),
            ("+1 sword", "\"'+1 sword\""),
            ("-1", "\"'-1\""),
            ("\tcmd", "\"'\tcmd\""),
        ] {
            assert_eq!(cell(text), expected);
        }
    }

    #[test]
    fn a_text_means_nothing_to_markdown() {
        assert_eq!(plain("# <b>*x*</b>\n[a](b)"), "\\# \\<b\\>\\*x\\*\\</b\\> \\[a\\](b)");
        assert_eq!(plain("Zoë O'Hara"), "Zoë O'Hara");
    }
}

//! Since when, where, how it grew: in lines for a terminal.

use std::fmt::Write;

use backstory_core::{
    api::{
        character::HistoryEntry,
        past::{Blame, Growth, Point, SearchHits},
    },
    library::Retold,
};

use super::{count, plain, table, time};

pub(crate) fn blame(blame: &Blame) -> String {
    let row = |field: &backstory_core::api::past::BlameField| {
        vec![
            field.label.clone(),
            short(&plain(&field.value)),
            format!("v{}", field.since.version),
            time(field.since.captured_at),
            field.sentence.clone().unwrap_or_default(),
        ]
    };
    table(&blame.fields.iter().map(row).collect::<Vec<_>>())
}

pub(crate) fn hits(found: &SearchHits) -> String {
    if found.hits.is_empty() {
        return "nothing was found\n".to_owned();
    }
    let place = |hit: &backstory_core::api::past::SearchFound| format!("{:?}", hit.place).to_lowercase();
    let row = |hit: &backstory_core::api::past::SearchFound| {
        let version = format!("v{}", hit.version);
        vec![time(hit.captured_at), hit.character.to_string(), version, place(hit), short(&hit.snippet)]
    };
    table(&found.hits.iter().map(row).collect::<Vec<_>>())
}

pub(crate) fn growth(growth: &Growth) -> String {
    let series = &growth.series;
    let mut rows = Vec::new();
    let lines: [(&str, &[Point]); 7] = [
        ("Level", &series.level),
        ("Experience", &series.xp),
        ("Hit points", &series.hit_points_max),
        ("Armor Class", &series.armor_class),
        ("Gold", &series.gold),
        ("Things", &series.items),
        ("Spells", &series.spells_known),
    ];
    for (label, points) in lines {
        rows.push(vec![label.to_owned(), line(points)]);
    }
    for (ability, points) in &series.abilities {
        rows.push(vec![ability.to_uppercase(), line(points)]);
    }
    let mut out = table(&rows);
    for level in &growth.levels {
        let after = level.seconds.map_or_else(String::new, |seconds| {
            format!(", after {}", count(u64::try_from(seconds / 86_400).unwrap_or(0), "day", "days"))
        });
        let _ = writeln!(out, "level {} on {}{after}", level.level, time(level.t));
    }
    out
}

/// `3 → 4 → 5`, the first and the last where there are many.
fn line(points: &[Point]) -> String {
    let mut values: Vec<String> = points.iter().map(|point| point.v.to_string()).collect();
    values.dedup();
    if values.len() > 9 {
        values.splice(4..values.len() - 4, ["…".to_owned()]);
    }
    values.join(" → ")
}

pub(crate) fn restored(entry: &HistoryEntry) -> String {
    let origin = entry.origin.as_deref().unwrap_or("an old version");
    format!(
        "Version {} is as {origin} was. What was there before stays in the history. D&D Beyond or Foundry is not changed by this.\n",
        entry.version
    )
}

pub(crate) fn retold(done: &Retold) -> String {
    let mut out = format!(
        "{} of {} told anew\n",
        count(done.versions, "version", "versions"),
        count(done.characters, "character", "characters")
    );
    if done.unreadable > 0 {
        let _ = writeln!(
            out,
            "{} could not be read and stay as they are",
            count(done.unreadable, "version", "versions")
        );
    }
    out
}

fn short(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(80) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

//! `backstory stats`: how much there is, and how the cache stands.

use backstory_core::{
    cache::{Breaker, CacheStatistics, TierStatistics},
    storage::StorageStatistics,
};
use serde::Serialize;

use super::{bytes, statistics, table};

/// How much there is in the library, and how the cache before it stands.
#[derive(Debug, Serialize)]
pub(crate) struct Standing {
    #[serde(flatten)]
    pub(crate) library: StorageStatistics,
    pub(crate) cache: CacheStatistics,
}

pub(crate) fn words(standing: &Standing) -> String {
    let mut out = statistics(&standing.library);
    for tier in &standing.cache.tiers {
        out.push('\n');
        out.push_str(&table(&rows(tier)));
        out.extend(tier.trouble.map(|trouble| format!("{trouble}\n")));
    }
    out
}

fn rows(tier: &TierStatistics) -> Vec<Vec<String>> {
    let row = |label: &str, value: String| vec![label.to_owned(), value];
    let unknown = || "not known now".to_owned();
    let location = tier.location.as_ref().map(|at| format!(" at {at}")).unwrap_or_default();
    let asked = match tier.breaker {
        Breaker::Closed => "yes",
        Breaker::Open => "no: it failed, and is left alone for a while",
        Breaker::HalfOpen => "no: it failed, and is being tried again",
    };
    let room = tier.max_bytes.map(|most| format!(" of {}", bytes(most))).unwrap_or_default();
    vec![
        row("Cache", format!("{}{location}", tier.name)),
        row("Asked", asked.to_owned()),
        row("Entries", tier.entries.map_or_else(unknown, |entries| entries.to_string())),
        row("Kept in", tier.bytes.map_or_else(unknown, |taken| format!("{}{room}", bytes(taken)))),
        row("Found, not found", format!("{}, {}", tier.hits, tier.misses)),
        row("Left for want of room, after their time", format!("{}, {}", tier.evictions, tier.expired)),
        row(
            "Failures, damaged, deletions owed",
            format!("{}, {}, {}", tier.failures, tier.damaged, tier.owed),
        ),
        row(
            "Half of all answers, 99 of 100",
            format!("{:.1} µs, {:.1} µs", tier.get_p50_us, tier.get_p99_us),
        ),
    ]
}

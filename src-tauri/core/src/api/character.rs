//! The list of characters, one sheet, one history.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    api::App,
    error::Result,
    history::timeline::sittings,
    job::Progress,
    library::Burst,
    model::{CharacterId, CharacterIndex, ContentHash, Cut, Kind, Seen, SnapshotId, Topic, VersionMetadata},
    sheet::{
        Abilities, Ability, Action, Class, Currency, Defenses, Derived, Feature, Item, Limit, Part,
        Proficiencies, Rules, Sheet, SkillRank, Spellcasting,
    },
    storage::{Cursor, HistoryQuery, QueryFilter},
    wording::Language,
};

/// A character in the list: its row, and what changed last in words.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct CharacterEntry {
    /// What the library knows of it.
    #[serde(flatten)]
    pub index: CharacterIndex,
    /// What changed the last time something did.
    pub last_sentence: Option<String>,
}

impl CharacterEntry {
    pub(super) fn new(index: CharacterIndex, language: Language) -> Self {
        let last_sentence = index.last_change.as_ref().map(|said| said.text(language));
        // What leads to its entries in the log is nobody's business but the library's.
        Self { index: CharacterIndex { audit_key: None, ..index }, last_sentence }
    }
}

impl std::ops::Deref for CharacterEntry {
    type Target = CharacterIndex;

    fn deref(&self) -> &CharacterIndex {
        &self.index
    }
}

/// A page of the list of characters.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct CharacterList {
    /// How many match, beyond this page.
    pub total: u64,
    /// The page.
    pub characters: Vec<CharacterEntry>,
    /// Give this as `after` for the next page; none when this is the last.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(test, ts(optional))]
    pub next: Option<Cursor>,
}

/// Asks for one character.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct CharacterGet {
    /// An id, or a name where it is the only one.
    pub character: String,
}

/// Asks for a history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
pub struct HistoryGet {
    /// An id, or a name where it is the only one.
    pub character: String,
    /// Also the versions in which nothing a player sees changed.
    #[serde(default)]
    #[cfg_attr(test, ts(as = "Option<bool>"))]
    pub quiet_too: bool,
    /// At most so many.
    #[serde(default)]
    pub limit: Option<u32>,
    /// Skips so many.
    #[serde(default)]
    #[cfg_attr(test, ts(as = "Option<u32>"))]
    pub offset: u32,
}

/// One version in a history.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct HistoryEntry {
    /// Its identity.
    pub id: SnapshotId,
    /// Its number.
    pub version: u64,
    /// When we looked.
    #[cfg_attr(test, ts(as = "String"))]
    pub captured_at: Timestamp,
    /// When the player edited, if the source says.
    #[cfg_attr(test, ts(as = "Option<String>"))]
    pub edited_at: Option<Timestamp>,
    /// How it compares with the version before it.
    pub kind: Kind,
    /// What happened, the most important first.
    pub sentences: Vec<String>,
    /// The first of them, without what came with it: "Reached Wizard 3".
    pub headline: Option<String>,
    /// What each sentence is about.
    pub topics: Vec<Topic>,
    /// How many changes a player would notice.
    pub changes: u32,
    /// How many differences only a rest makes.
    pub state: u32,
    /// The total level at this version.
    pub level: u32,
    /// Whether it is a turning point.
    pub landmark: bool,
    /// How long it stood.
    pub seen: Seen,
    /// Kept for ever.
    pub pinned: bool,
    /// Names the player gave it.
    pub tags: Vec<String>,
    /// What the player wrote to it.
    pub note: Option<String>,
    /// Lies in the archive area.
    pub archived: bool,
    /// The sitting it belongs to: the time of the sitting's first version.
    #[cfg_attr(test, ts(as = "String"))]
    pub session: Timestamp,
    /// The file it came from.
    pub origin: Option<String>,
    /// The length of its document.
    pub bytes: u64,
    /// The BLAKE3 of its document.
    pub content: ContentHash,
    /// What was cut out of it at the door.
    pub cuts: Vec<Cut>,
}

/// A page of a history, newest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct History {
    /// Whose.
    pub character: CharacterId,
    /// How many there are, beyond this page.
    pub total: u64,
    /// The page.
    pub entries: Vec<HistoryEntry>,
}

/// What is summed up in a history.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Bursts {
    /// Whose.
    pub character: CharacterId,
    /// The stretches that are summed up, the newest first.
    pub bursts: Vec<BurstEntry>,
}

/// Changes of the same kind in one sitting, summed up by what they come to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct BurstEntry {
    /// The number of its first version.
    pub first: u64,
    /// The number of its last version.
    pub last: u64,
    /// How many changes it sums up.
    pub changes: u32,
    /// What was tried.
    pub topic: Topic,
    /// "Swapped spells 12 times, kept 4".
    pub headline: String,
    /// What it came to, beside that.
    pub sentences: Vec<String>,
}

/// Asks for the sheet at a version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
pub struct SheetGet {
    /// An id, or a name where it is the only one.
    pub character: String,
    /// A number, an identity, `latest`, `first`, `~N` or a date. None: the latest.
    #[serde(default)]
    pub version: Option<String>,
}

/// Hit points now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[allow(missing_docs, reason = "the field's own names")]
pub struct HitPoints {
    pub max: i32,
    pub current: i32,
    pub temporary: i32,
    /// What the maximum is made of.
    pub parts: Vec<Part>,
}

/// A spell as shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[allow(missing_docs, reason = "the field's own names")]
pub struct SpellView {
    pub key: String,
    pub name: String,
    pub level: u32,
    pub source: String,
    pub prepared: bool,
    pub always: bool,
}

/// Slots of one level as shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[allow(missing_docs, reason = "the field's own names")]
pub struct SlotView {
    pub level: u32,
    pub max: u32,
    pub used: u32,
    pub pact: bool,
}

/// A thing carried, as shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[allow(missing_docs, reason = "the field's own names")]
pub struct ItemView {
    pub key: String,
    pub name: String,
    pub kind: Option<String>,
    pub quantity: i64,
    pub equipped: bool,
    pub attuned: bool,
    /// The name of the container it lies in.
    pub container: Option<String>,
    pub custom: bool,
    pub charges: Option<LimitView>,
}

/// What can be done only so often, and how often it was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[allow(missing_docs, reason = "the field's own names")]
pub struct LimitView {
    pub name: String,
    pub max: u32,
    pub used: u32,
    pub resets: Option<String>,
}

/// Death saves at present.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[allow(missing_docs, reason = "the field's own names")]
pub struct DeathSaves {
    pub successes: u32,
    pub failures: u32,
}

/// The sheet at a version, as `show` prints it and the window draws it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[allow(missing_docs, reason = "the field's own names; the model's docs say what they are")]
pub struct SheetView {
    pub id: CharacterId,
    pub version: u64,
    #[cfg_attr(test, ts(as = "String"))]
    pub captured_at: Timestamp,
    #[cfg_attr(test, ts(as = "Option<String>"))]
    pub edited_at: Option<Timestamp>,
    pub name: String,
    pub species: Option<String>,
    pub background: Option<String>,
    pub rules: Rules,
    pub level: u32,
    pub xp: Option<i64>,
    pub classes: Vec<Class>,
    pub abilities: Abilities,
    pub proficiency_bonus: i32,
    pub hit_points: HitPoints,
    pub armor_class: Derived,
    pub initiative: Derived,
    pub speeds: BTreeMap<String, i32>,
    pub size: Option<String>,
    pub senses: BTreeMap<String, i32>,
    pub defenses: Defenses,
    pub saving_throws: BTreeSet<Ability>,
    pub saves: BTreeMap<Ability, Derived>,
    pub skill_bonuses: BTreeMap<String, Derived>,
    pub passive: BTreeMap<String, Derived>,
    pub skills: BTreeMap<String, SkillRank>,
    pub proficiencies: Proficiencies,
    pub currency: Currency,
    pub spells: Vec<SpellView>,
    pub spell_slots: Vec<SlotView>,
    pub spellcasting: Vec<Spellcasting>,
    pub inventory: Vec<ItemView>,
    pub feats: Vec<Feature>,
    pub features: Vec<Feature>,
    pub actions: Vec<Action>,
    /// What can be done only so often.
    pub limits: Vec<LimitView>,
    /// Each as it is counted: `Exhaustion 2`.
    pub conditions: Vec<String>,
    pub inspiration: bool,
    pub death_saves: DeathSaves,
    /// By class name.
    pub hit_dice_used: BTreeMap<String, u32>,
    pub notes: BTreeMap<String, String>,
    pub campaign: Option<String>,
    pub unknown_fields: Vec<String>,
    /// The source's name for a person: `D&D Beyond`.
    pub source: String,
}

/// A page of the list.
///
/// # Errors
/// As [`crate::library::Library::query`].
pub async fn characters_list(app: &App, filter: QueryFilter, _: &dyn Progress) -> Result<CharacterList> {
    let library = app.library()?;
    app.shows(&library, &[]);
    let page = library.query(&filter).await?;
    let characters = page.items.into_iter().map(|index| CharacterEntry::new(index, app.language())).collect();
    Ok(CharacterList { total: page.total, characters, next: page.next })
}

/// One character's row.
///
/// # Errors
/// As [`crate::library::Library::find`].
pub async fn character_get(app: &App, request: CharacterGet, _: &dyn Progress) -> Result<CharacterEntry> {
    Ok(CharacterEntry::new(app.library()?.find(&request.character).await?, app.language()))
}

/// A page of a history, newest first.
///
/// # Errors
/// As [`crate::library::Library::find`] and [`crate::library::Library::history`].
pub async fn character_history(app: &App, request: HistoryGet, _: &dyn Progress) -> Result<History> {
    let library = app.library()?;
    let character = library.find(&request.character).await?.id;
    let mut query = HistoryQuery::all(character.clone());
    query.without_quiet = !request.quiet_too;
    (query.limit, query.offset) = (request.limit, request.offset);
    let page = library.history(&query).await?;
    let mut versions = page.items;
    versions.reverse();
    let sessions = sittings(&versions);
    let entries = versions
        .into_iter()
        .zip(sessions)
        .rev()
        .map(|(version, session)| entry(version, session, app.language()));
    Ok(History { character, total: page.total, entries: entries.collect() })
}

/// Changes of a sitting that are summed up, the newest first.
///
/// # Errors
/// As [`crate::library::Library::find`] and [`crate::library::Library::bursts`].
pub async fn character_bursts(app: &App, request: CharacterGet, _: &dyn Progress) -> Result<Bursts> {
    let library = app.library()?;
    let character = library.find(&request.character).await?.id;
    let language = app.language();
    let summed = |burst: Burst| {
        let mut said = burst.sentences.iter().map(|sentence| sentence.said.text(language));
        BurstEntry {
            first: burst.first,
            last: burst.last,
            changes: burst.changes,
            topic: burst.topic,
            headline: match burst.tried {
                Some(tried) => tried.text(language),
                None => said.next().unwrap_or_default(),
            },
            sentences: said.collect(),
        }
    };
    let bursts = library.bursts(&character).await?.into_iter().map(summed).collect();
    Ok(Bursts { character, bursts })
}

/// A version by itself: its sitting is not looked for.
pub(super) fn single_entry(version: VersionMetadata, language: Language) -> HistoryEntry {
    let at = version.captured_at;
    entry(version, at, language)
}

fn entry(version: VersionMetadata, session: Timestamp, language: Language) -> HistoryEntry {
    let summary = version.summary;
    HistoryEntry {
        id: version.id,
        version: version.version,
        captured_at: version.captured_at,
        edited_at: version.edited_at,
        kind: summary.kind,
        topics: summary.sentences.iter().map(|sentence| sentence.topic).collect(),
        headline: summary.sentences.first().map(|sentence| sentence.said.short().text(language)),
        sentences: summary.sentences.iter().map(|sentence| sentence.said.text(language)).collect(),
        changes: summary.changes,
        state: summary.state,
        level: summary.level,
        landmark: summary.landmark,
        seen: version.seen,
        pinned: version.pinned,
        tags: version.tags,
        note: version.note,
        archived: version.archived,
        session,
        origin: version.origin,
        bytes: version.bytes,
        content: version.content,
        cuts: version.cuts,
    }
}

/// The sheet at a version.
///
/// # Errors
/// As [`crate::library::Library::find`], [`crate::library::Library::version`], [`crate::library::Library::sheet`].
pub async fn character_sheet(app: &App, request: SheetGet, _: &dyn Progress) -> Result<SheetView> {
    let library = app.library()?;
    let character = library.find(&request.character).await?.id;
    let version = library.version(&character, request.version.as_deref().unwrap_or("latest")).await?;
    let sheet = library.sheet(&version).await?;
    app.shows(&library, &[&version]);
    Ok(view(&version, &sheet, library.source_label(&version.source)))
}

pub(super) fn view(version: &VersionMetadata, sheet: &Sheet, source: String) -> SheetView {
    let state = &sheet.state;
    let max = sheet.hit_points_max.value;
    SheetView {
        id: version.character.clone(),
        version: version.version,
        captured_at: version.captured_at,
        edited_at: version.edited_at,
        name: sheet.name.clone(),
        species: sheet.species.clone(),
        background: sheet.background.clone(),
        rules: sheet.rules,
        level: sheet.level,
        xp: sheet.xp,
        classes: sheet.classes.clone(),
        abilities: sheet.abilities,
        proficiency_bonus: sheet.proficiency_bonus,
        hit_points: HitPoints {
            max,
            current: max - state.hit_points_lost,
            temporary: state.temporary_hit_points,
            parts: sheet.hit_points_max.parts.clone(),
        },
        armor_class: sheet.armor_class.clone(),
        initiative: sheet.initiative.clone(),
        speeds: sheet.speeds.clone(),
        size: sheet.size.clone(),
        senses: sheet.senses.clone(),
        defenses: sheet.defenses.clone(),
        saving_throws: sheet.saving_throws.clone(),
        saves: sheet.saves.clone(),
        skill_bonuses: sheet.skill_bonuses.clone(),
        passive: sheet.passive.clone(),
        skills: sheet.skills.clone(),
        proficiencies: sheet.proficiencies.clone(),
        currency: sheet.currency,
        spells: spells(sheet),
        spell_slots: slots(sheet),
        spellcasting: sheet.spellcasting.clone(),
        inventory: sheet.inventory.iter().map(|item| item_view(sheet, item)).collect(),
        feats: sheet.feats.clone(),
        features: sheet.features.clone(),
        actions: sheet.actions.clone(),
        limits: limits(sheet),
        death_saves: DeathSaves { successes: state.death_saves.0, failures: state.death_saves.1 },
        hit_dice_used: state.hit_dice_used.clone(),
        conditions: conditions(&state.conditions),
        inspiration: state.inspiration,
        notes: sheet.notes.clone(),
        campaign: sheet.campaign.clone(),
        unknown_fields: sheet.unknown_fields.clone(),
        source,
    }
}

fn spells(sheet: &Sheet) -> Vec<SpellView> {
    let view = |spell: &crate::sheet::Spell| SpellView {
        key: spell.key.clone(),
        name: spell.name.clone(),
        level: spell.level,
        source: spell.source.clone(),
        prepared: spell.always || sheet.state.prepared.contains(&spell.key),
        always: spell.always,
    };
    sheet.spells.iter().map(view).collect()
}

fn slots(sheet: &Sheet) -> Vec<SlotView> {
    let view = |slots: &crate::sheet::SpellSlots| {
        let used = if slots.pact { &sheet.state.pact_used } else { &sheet.state.slots_used };
        let used = used.get(&slots.level).copied().unwrap_or(0);
        SlotView { level: slots.level, max: slots.max, used, pact: slots.pact }
    };
    sheet.spell_slots.iter().map(view).collect()
}

fn item_view(sheet: &Sheet, item: &Item) -> ItemView {
    let container = item.container.as_ref();
    let container = container.and_then(|key| sheet.inventory.iter().find(|other| &other.key == key));
    ItemView {
        key: item.key.clone(),
        name: item.name.clone(),
        kind: item.kind.clone(),
        quantity: item.quantity,
        equipped: item.equipped,
        attuned: item.attuned,
        container: container.map(|item| item.name.clone()),
        custom: item.custom,
        charges: item.charges.as_ref().map(|charges| limit_view(sheet, &item.name, charges)),
    }
}

fn limits(sheet: &Sheet) -> Vec<LimitView> {
    sheet.limits.iter().map(|(name, limit)| limit_view(sheet, name, limit)).collect()
}

fn limit_view(sheet: &Sheet, name: &str, limit: &Limit) -> LimitView {
    let used = sheet.state.uses_spent.get(name).copied().unwrap_or(0);
    LimitView { name: name.to_owned(), max: limit.max, used, resets: limit.resets.clone() }
}

/// `Poisoned`, `Exhaustion 2`.
fn conditions(conditions: &BTreeMap<String, u32>) -> Vec<String> {
    let name =
        |(name, level): (&String, &u32)| if *level > 1 { format!("{name} {level}") } else { name.clone() };
    conditions.iter().map(name).collect()
}

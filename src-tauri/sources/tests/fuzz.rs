//! Everything that reads what a stranger wrote, on mangled input: nothing panics and nothing is said twice differently.
//!
//! An input that leads to something new (another error, another set of filled fields) is mangled further: that stands in for
//! the coverage that only instrumented builds know. `BACKSTORY_FUZZ_SECONDS` is the time for each target, 60 unless told. An
//! input that breaks something is kept in `target/fuzz`, named by its target and hash.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, reason = "tests may")]

use std::{
    collections::HashSet,
    fs,
    hash::{DefaultHasher, Hash, Hasher},
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use backstory_core::{
    config::{Config, Environment, File, Format, Layers},
    diff,
    error::Error,
    history::sentences,
    json::{Kind, ParseErrorKind, Tree, Value},
    model::{CharacterId, ContentHash},
    search::{self, Appeared},
    sheet::Sheet,
    source::Source,
    wording::Language,
};
use backstory_sources::{ddb::DdbSource, decode, foundry::FoundrySource, sample};
use jiff::Timestamp;

/// Larger ones are not mangled further.
const LARGEST: usize = 64 << 10;
/// The longest that one input may take: far beyond what any takes, and far below what a person calls hanging.
const HANGS: Duration = Duration::from_secs(20);

/// The same numbers each time: what was found is found again.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, end: usize) -> usize {
        (self.roll() % end.max(1) as u64) as usize
    }

    fn of<'a, T: ?Sized>(&mut self, all: &[&'a T]) -> &'a T {
        all[self.below(all.len())]
    }
}

/// What breaks parsers, put where a value was or anywhere.
const WORDS: [&str; 34] = [
    "null",
    "true",
    "{}",
    "[]",
    "\"\"",
    "0",
    "-0",
    "-1",
    "1e999",
    "-1e-999",
    "0.5",
    "9223372036854775807",
    "-9223372036854775808",
    "18446744073709551616",
    "4294967296",
    "2147483648",
    "\"\\ud800\"",
    "\"\\u0000\"",
    "\"\u{202e}\u{200b}\"",
    "\"<b>&amp;<script>\"",
    "\"9d9 + @abilities.str.mod * 99999999999\"",
    "\"@prof\"",
    "\"((((\"",
    "\"1/0\"",
    "[[[[[[[[",
    "{\"a\":{\"a\":{",
    "\"2026-02-31T25:61:61Z\"",
    "\"-1\"",
    "[null]",
    "[{}]",
    "[[]]",
    "\"\u{feff}\"",
    ",",
    "\"é\u{301}\u{1f9d9}\"",
];

/// Changes an input in a few places.
fn mangle(input: &[u8], other: &[u8], dice: &mut Dice) -> Vec<u8> {
    let mut bytes = input.to_vec();
    for _ in 0..=dice.below(3) {
        match std::str::from_utf8(&bytes).ok().and_then(|text| Tree::parse(text).ok()) {
            Some(tree) if dice.below(8) > 0 => bytes = change_value(&tree, other, dice),
            _ => change_bytes(&mut bytes, other, dice),
        }
    }
    bytes
}

/// Puts something else in the place of one of the values of a document: a word, another value of its own or of another one.
fn change_value(tree: &Tree<'_>, other: &[u8], dice: &mut Dice) -> Vec<u8> {
    let text = tree.text();
    let target = any_value(tree.root(), dice);
    let span = target.span();
    let foreign = std::str::from_utf8(other).ok().and_then(|text| Tree::parse(text).ok());
    let new = match (dice.below(6), &foreign) {
        (0, Some(foreign)) => any_value(foreign.root(), dice).raw().to_owned(),
        (0 | 1, _) => any_value(tree.root(), dice).raw().to_owned(),
        (2, _) => format!("[{0},{0}]", target.raw()),
        (3, _) => format!("\"{}\"", target.raw().replace(['"', '\\'], "")),
        (4, _) if target.kind() == Kind::Number => (dice.roll() as i64 >> dice.below(64)).to_string(),
        _ => dice.of(&WORDS).to_owned(),
    };
    [&text[..span.start], &new, &text[span.end..]].concat().into_bytes()
}

/// Goes down from a value, at every step to any of what is in it, until it stops somewhere.
fn any_value<'a>(value: Value<'a>, dice: &mut Dice) -> Value<'a> {
    let mut at = value;
    loop {
        let inside: Vec<Value<'a>> = match at.kind() {
            Kind::Object => at.members().map(|(_, value)| value).collect(),
            Kind::Array => at.items().collect(),
            _ => return at,
        };
        if inside.is_empty() || dice.below(12) == 0 {
            return at;
        }
        at = inside[dice.below(inside.len())];
    }
}

fn change_bytes(bytes: &mut Vec<u8>, other: &[u8], dice: &mut Dice) {
    let (from, length) = (dice.below(bytes.len() + 1), dice.below(64));
    let to = (from + length).min(bytes.len());
    match dice.below(6) {
        0 if from < bytes.len() => bytes[from] ^= 1 << dice.below(8),
        1 => drop(bytes.drain(from..to)),
        2 => bytes.truncate(from),
        3 => {
            let piece = bytes[from..to].repeat(1 + dice.below(4));
            bytes.splice(from..from, piece);
        }
        4 => {
            let start = dice.below(other.len() + 1);
            let piece = &other[start..(start + length).min(other.len())];
            bytes.splice(from..to, piece.iter().copied());
        }
        _ => drop(bytes.splice(from..to, dice.of(&WORDS).bytes())),
    }
}

/// Mangles seeds until the time is over. The target gives what it came to, as a number.
fn fuzz(name: &str, seeds: Vec<Vec<u8>>, target: impl Fn(&[u8]) -> u64) {
    let seconds = std::env::var("BACKSTORY_FUZZ_SECONDS").ok().map_or(60, |text| text.parse().unwrap());
    let end = Instant::now() + Duration::from_secs(seconds);
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let mut known = HashSet::new();
    let mut pool = seeds;
    assert!(!pool.is_empty());
    for seed in &pool {
        known.insert(target(seed));
    }
    let (mut runs, mut slowest) = (0_u64, Duration::ZERO);
    while Instant::now() < end {
        // Of two the smaller: large ones take long and find no more.
        let [one, two, other] = [(); 3].map(|()| &pool[dice.below(pool.len())]);
        let input = mangle(if one.len() < two.len() { one } else { two }, other, &mut dice);
        let start = Instant::now();
        let came_to = catch_unwind(AssertUnwindSafe(|| target(&input)));
        let took = start.elapsed();
        if came_to.is_err() || took > HANGS {
            panic!("{name}: {} breaks it, after {took:?} and {runs} runs", keep(name, &input).display());
        }
        slowest = slowest.max(took);
        runs += 1;
        if known.insert(came_to.unwrap()) && input.len() < LARGEST {
            pool.push(input);
        }
    }
    println!("{name}: {runs} runs, {} different ends, the slowest took {slowest:?}", known.len());
    assert!(known.len() > 10, "{name} always ends the same");
}

fn keep(name: &str, input: &[u8]) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/fuzz");
    fs::create_dir_all(&folder).unwrap();
    let path = folder.join(format!("{name}-{}", &ContentHash::of(input).to_string()[..12]));
    fs::write(&path, input).unwrap();
    path
}

fn number(of: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}

/// An error as a number: its code, so that every wording of one is the same end.
fn said(error: &Error) -> u64 {
    assert!(!error.message.is_empty());
    number(&format!("{:?}", error.code))
}

/// Documents of the corpus that are small enough, where it is; and the samples.
fn documents(folder: &str) -> Vec<Vec<u8>> {
    let root = std::env::var_os("BACKSTORY_CORPUS")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus"), PathBuf::from);
    let mut folders = vec![root.join(folder)];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if fs::metadata(&path).unwrap().len() < 200 << 10 && found.len() < 40 {
                found.push(fs::read(path).unwrap());
            }
        }
    }
    found
}

/// A sheet as a number: which of its parts hold how much, up to a few, and the numbers that rules lead to.
fn shape(sheet: &Sheet) -> u64 {
    let few = |length: usize| length.min(6);
    number(&(
        [sheet.classes.len(), sheet.spells.len(), sheet.inventory.len(), sheet.features.len()].map(few),
        [sheet.actions.len(), sheet.limits.len(), sheet.notes.len(), sheet.spell_slots.len()].map(few),
        [sheet.unknown_fields.len(), sheet.armor_class.parts.len(), sheet.initiative.parts.len()].map(few),
        [sheet.hit_points_max.parts.len(), sheet.speeds.len(), sheet.senses.len()].map(few),
        (sheet.level.min(40), sheet.species.is_some(), sheet.xp.is_some(), sheet.campaign.is_some()),
        (sheet.armor_class.value.clamp(-1, 40), sheet.rules == backstory_core::sheet::Rules::default()),
    ))
}

/// Reads a document and does everything with it that is done with one.
fn use_document(source: &dyn Source, bytes: &[u8], before: &Sheet) -> u64 {
    let text = match decode::text(bytes) {
        Ok(text) => text,
        Err(error) => return said(&error),
    };
    let tree = match decode::parse(&text, bytes.len()) {
        Ok(tree) => tree,
        Err(error) => return said(&error),
    };
    if !source.recognises(&tree) {
        return 0;
    }
    let reading = match source.read(&tree) {
        Ok(reading) => reading,
        Err(error) => return said(&error),
    };
    for (old, new) in [(before, &reading.sheet), (&reading.sheet, before)] {
        let rows = diff::compare(old, new, diff::Options { state: true, same: false });
        let told = sentences::tell(old, new, &rows);
        for told in told {
            assert!(!told.rows.is_empty(), "nothing is behind {:?}", told.sentence.said.text(Language::En));
        }
        let (summary, trace) = sentences::summarise(Some(old), new, 1);
        for sentence in &summary.sentences {
            assert!(
                !sentence.said.text(Language::En).is_empty() && !sentence.said.text(Language::De).is_empty()
            );
        }
        let appeared = Appeared {
            character: CharacterId::new("ddb-1").unwrap(),
            version: serde_json::from_str("\"00000000-0000-7000-8000-000000000000\"").unwrap(),
            number: 1,
            captured_at: Timestamp::UNIX_EPOCH,
        };
        for words in trace.words.iter().take(3) {
            let folded = search::fold(&words.1);
            let first: Vec<String> =
                folded.split(' ').filter(|word| !word.is_empty()).take(1).map(str::to_owned).collect();
            assert!(first.is_empty() || !search::hits_in(&appeared, &trace, &first).is_empty(), "{words:?}");
        }
    }
    assert!(
        diff::compare(&reading.sheet, &reading.sheet, diff::Options { state: true, same: false })
            .changes
            .is_empty(),
        "a sheet differs from itself"
    );
    shape(&reading.sheet)
}

/// The sheet of the first seed that can be read.
fn first_sheet(source: &dyn Source, seeds: &[Vec<u8>]) -> Sheet {
    let read = |bytes: &Vec<u8>| source.read(&Tree::parse(std::str::from_utf8(bytes).ok()?).ok()?).ok();
    seeds.iter().find_map(read).expect("a seed that can be read").sheet
}

#[test]
#[ignore = "slow"]
fn ddb_documents() {
    let mut seeds = documents("ddb");
    seeds.extend(sample::demo().into_iter().map(|capture| capture.document).take(3));
    let before = first_sheet(&DdbSource, &seeds);
    fuzz("ddb", seeds, |bytes| use_document(&DdbSource, bytes, &before));
}

/// A small actor, for where the corpus is not.
const ACTOR: &str = r#"{"_id":"PaladinAAAAAAAA1","name":"Tamsin Reed","type":"character","_stats":{"systemId":"dnd5e",
"systemVersion":"5.3.3","modifiedTime":1740853800000},"ownership":{"default":0,"userA":3},"flags":{},"effects":[{"_id":"e",
"name":"Bless","changes":[{"key":"system.bonuses.abilities.save","mode":2,"value":"+1d4"}]}],"system":{"abilities":{"str":
{"value":16,"proficient":1},"dex":{"value":10}},"attributes":{"ac":{"calc":"default"},"hp":{"value":30,"max":null,"temp":4},
"movement":{"walk":30,"units":"ft"},"exhaustion":2,"spellcasting":"cha"},"details":{"biography":{"value":"<p>Raised by
<b>ferrymen</b>.</p>"},"xp":{"value":6500}},"skills":{"ath":{"value":1,"ability":"str"}},"currency":{"gp":12},"traits":{"size":
"med","languages":{"value":["common"],"custom":"Cant; Hush"}},"spells":{"spell1":{"value":1,"override":null}}},"items":[{"_id":
"ClassAAAAAAAAAA1","type":"class","name":"Paladin","system":{"identifier":"paladin","levels":5,"hd":{"denomination":"d10",
"spent":2},"spellcasting":{"progression":"half","ability":"cha"},"advancement":{"a":{"type":"HitPoints","value":{"1":"max",
"2":"avg"}},"b":{"type":"ScaleValue","title":"Smite","configuration":{"scale":{"3":{"value":2}}}}}}},{"_id":"FeatAAAAAAAAAAA1",
"type":"feat","name":"Lay on Hands","system":{"uses":{"max":"5 * @classes.paladin.levels","spent":7}}},{"_id":"ThingAAAAAAAAAA1",
"type":"equipment","name":"Chain Mail","system":{"quantity":1,"equipped":true,"type":{"value":"heavy"},"armor":{"value":16}}},
{"_id":"SpellAAAAAAAAAA1","type":"spell","name":"Bless","system":{"level":1,"method":"spell","prepared":1}}]}"#;

#[test]
#[ignore = "slow"]
fn foundry_actors() {
    let mut seeds = documents("foundry");
    seeds.push(ACTOR.replace('\n', " ").into_bytes());
    let before = first_sheet(&FoundrySource, &seeds);
    fuzz("foundry", seeds, |bytes| use_document(&FoundrySource, bytes, &before));
}

#[test]
#[ignore = "slow"]
fn json_texts() {
    let seeds =
        WORDS.iter().map(|word| word.as_bytes().to_vec()).chain([ACTOR.as_bytes().to_vec()]).collect();
    fuzz("json", seeds, |bytes| {
        let Ok(text) = std::str::from_utf8(bytes) else {
            return decode::text(bytes).map_or_else(|e| said(&e), |_| 1);
        };
        let ours = Tree::parse(text);
        // Neither looks into texts and numbers that nobody asks for.
        let theirs = serde_json::from_str::<serde::de::IgnoredAny>(text);
        // What is refused on purpose beyond the grammar is more than anybody writes.
        let is_bounded = matches!(&ours, Err(error) if matches!(error.kind, ParseErrorKind::TooLarge | ParseErrorKind::TooDeep));
        assert!(is_bounded || ours.is_ok() == theirs.is_ok(), "{ours:?} {theirs:?}: {text:?}");
        ours.map_or_else(
            |error| number(&(format!("{:?}", error.kind), error.path.len())),
            |tree| number(&(tree.root().kind() as u8)),
        )
    });
}

const TOML: &str = "language = \"de\"\nlibrary = \"home\"\n[libraries.home]\naddress = \"~/characters/\"\nencoding = \"zstd\"\n\
    [libraries.group]\naddress = \"${DATABASE_URL}\"\n";
const YAML: &str = "language: de\nlibrary: home\nlibraries:\n  home:\n    address: ~/characters/\n    encoding: zstd\n  group:\n    \
    address: ${DATABASE_URL}\n";

#[test]
#[ignore = "slow"]
fn configurations() {
    let seeds = vec![TOML.as_bytes().to_vec(), YAML.as_bytes().to_vec()];
    let secret = "hunter2";
    fuzz("config", seeds, |bytes| {
        let Ok(text) = std::str::from_utf8(bytes) else { return 0 };
        let read = |format| {
            let variable =
                |name: &str| (name == "DATABASE_URL").then(|| format!("postgres://ada:{secret}@localhost/b"));
            let layers = Layers {
                home: Ok("/home/ada/library.sqlite".to_owned()),
                file: Some(File { path: "config", text, format }),
                environment: Environment { names: vec!["DATABASE_URL".to_owned()], lookup: &variable },
                library: None,
            };
            match Config::read(layers) {
                Ok(config) => number(&config.names()),
                Err(error) => {
                    assert!(!format!("{error:?}").contains(secret), "{error:?}");
                    said(&error)
                }
            }
        };
        read(Format::Toml) ^ read(Format::Yaml).rotate_left(1)
    });
}

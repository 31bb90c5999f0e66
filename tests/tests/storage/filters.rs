//! The list of characters: every filter against the plainest way of saying what it means.

use std::collections::BTreeMap;

use backstory_core::{
    error::Code,
    model::{CharacterId, CharacterIndex},
    sheet::Class,
    storage::{CharacterStorage, Cursor, Deleted, Expect, QueryFilter, Sort, VisibleTo, Write},
};
use backstory_tests::fixtures::{character_id, class, index, moment};

use crate::backends::Backend;

async fn put(storage: &dyn CharacterStorage, indexes: &[CharacterIndex]) {
    let write =
        |index: &CharacterIndex| Write::Character { index: Box::new(index.clone()), expect: Expect::Absent };
    let mut transaction = storage.begin().await.unwrap();
    transaction.write(indexes.iter().map(write).collect()).await.unwrap();
    transaction.commit().await.unwrap();
}

/// Sixty characters with few enough values that every filter finds some and leaves some.
fn cast() -> Vec<CharacterIndex> {
    let names = ["Mirren", "mirrén", "MIRREN the 2nd", "Žofie", "Ñandú", "Bob_100%", "İdil"];
    let campaigns = [None, Some("The Sunken Bell"), Some("the sunken bell"), Some(""), Some("Ürün")];
    let species = [None, Some("Half-Elf"), Some("GOBLIN")];
    let classes = ["Wizard", "Fighter", "wizard", "Éclaireur"];
    let owners = [None, Some("ada"), Some("Ben O'Neil")];
    let pick = |n: u64, list: &[&'static str]| list[n as usize % list.len()].to_owned();
    (0..60)
        .map(|n| CharacterIndex {
            name: pick(n, &names),
            species: species[n as usize % 3].map(str::to_owned),
            campaign: campaigns[n as usize % 5].map(str::to_owned),
            classes: (0..n % 4)
                .map(|k| Class {
                    subclass: (k == 1).then(|| "Bladesinging".to_owned()),
                    ..class(&pick(n / 4 + k, &classes), 1)
                })
                .collect(),
            level: (n % 8) as u32,
            last_changed: moment(n as i64 % 10),
            owner: owners[n as usize % 3].map(str::to_owned),
            deleted_at: (n % 11 == 0).then(|| moment(100)),
            ..index(character_id(n))
        })
        .collect()
}

/// What the documentation of [`QueryFilter`] says, word by word.
fn expected(cast: &[CharacterIndex], filter: &QueryFilter) -> Vec<CharacterId> {
    let contains = |text: &str, part: &str| text.to_lowercase().contains(&part.to_lowercase());
    let mut found: Vec<_> = cast
        .iter()
        .filter(|c| filter.ids.is_empty() || filter.ids.contains(&c.id))
        .filter(|c| match filter.deleted {
            Deleted::Without => c.deleted_at.is_none(),
            Deleted::With => true,
            Deleted::Only => c.deleted_at.is_some(),
        })
        .filter(|c| filter.owner.as_ref().is_none_or(|owner| c.owner.as_ref() == Some(owner)))
        .filter(|c| {
            filter.visible_to.as_ref().is_none_or(|to| {
                let by = |campaign: &String, owner: &String| {
                    // An empty name is no campaign.
                    !campaign.is_empty()
                        && c.campaign.as_ref() == Some(campaign)
                        && c.owner.as_ref() == Some(owner)
                };
                c.owner.as_ref() == Some(&to.user)
                    || to.shared.iter().any(|(campaign, owner)| by(campaign, owner))
            })
        })
        .filter(|c| {
            let called = |name: &String| name.to_lowercase() == c.name.to_lowercase();
            filter.names.is_empty() || filter.names.iter().any(called)
        })
        .filter(|c| filter.name.as_ref().is_none_or(|part| contains(&c.name, part)))
        .filter(|c| {
            filter.text.as_ref().is_none_or(|part| {
                let own = [Some(&c.name), c.species.as_ref(), c.campaign.as_ref()];
                let classes = c.classes.iter().flat_map(|class| [Some(&class.name), class.subclass.as_ref()]);
                own.into_iter().chain(classes).flatten().any(|text| contains(text, part))
            })
        })
        .filter(|c| {
            let has =
                |class: &String| c.classes.iter().any(|own| own.name.to_lowercase() == class.to_lowercase());
            filter.classes.is_empty() || filter.classes.iter().any(has)
        })
        .filter(|c| filter.min_level.is_none_or(|level| c.level >= level))
        .filter(|c| filter.max_level.is_none_or(|level| c.level <= level))
        .filter(|c| filter.campaign.as_ref().is_none_or(|name| c.campaign.as_deref().unwrap_or("") == name))
        .filter(|c| filter.changed_after.is_none_or(|time| c.last_changed >= time))
        .filter(|c| filter.changed_before.is_none_or(|time| c.last_changed < time))
        .collect();
    found.sort_by(|a, b| {
        let order = match filter.sort {
            Sort::Changed => b.last_changed.cmp(&a.last_changed),
            Sort::Name => a.name.to_lowercase().cmp(&b.name.to_lowercase()),
            Sort::Level => b.level.cmp(&a.level),
        };
        order.then(a.id.cmp(&b.id))
    });
    found.into_iter().map(|c| c.id.clone()).collect()
}

/// Each filter alone, and pairs of them.
fn filters() -> Vec<QueryFilter> {
    let text = |text: &str| Some(text.to_owned());
    let all = QueryFilter::default;
    let shared = vec![
        ("The Sunken Bell".to_owned(), "Ben O'Neil".to_owned()),
        ("Ürün".to_owned(), "Ben O'Neil".to_owned()),
        (String::new(), "ada".to_owned()),
    ];
    let mut single = vec![
        QueryFilter { ids: vec![character_id(3), character_id(70), character_id(3)], ..all() },
        QueryFilter { name: text("MIRR"), ..all() },
        QueryFilter { name: text("n"), ..all() },
        QueryFilter { name: text("žOF"), ..all() },
        QueryFilter { name: text(""), ..all() },
        QueryFilter { text: text("elf"), ..all() },
        QueryFilter { text: text("BLADE"), ..all() },
        QueryFilter { text: text("bell"), ..all() },
        QueryFilter { text: text("éclair"), ..all() },
        QueryFilter { text: text("nobody"), ..all() },
        QueryFilter { classes: vec!["WIZARD".to_owned()], ..all() },
        QueryFilter { classes: vec!["éCLAIREUR".to_owned(), "fighter".to_owned()], ..all() },
        QueryFilter { classes: vec!["Wiz".to_owned()], ..all() },
        QueryFilter { min_level: Some(3), ..all() },
        QueryFilter { max_level: Some(0), ..all() },
        QueryFilter { campaign: text(""), ..all() },
        QueryFilter { campaign: text("The Sunken Bell"), ..all() },
        QueryFilter { changed_after: Some(moment(4)), ..all() },
        QueryFilter { changed_before: Some(moment(4)), ..all() },
        QueryFilter { changed_after: Some(jiff::Timestamp::MAX), ..all() },
        QueryFilter { changed_before: Some(jiff::Timestamp::MIN), ..all() },
        QueryFilter { names: vec!["MIRRÉN".to_owned(), "bob_100%".to_owned()], ..all() },
        QueryFilter { names: vec!["mirr".to_owned()], ..all() },
        QueryFilter { owner: text("Ben O'Neil"), ..all() },
        QueryFilter { owner: text("nobody"), ..all() },
        QueryFilter { deleted: Deleted::With, ..all() },
        QueryFilter { deleted: Deleted::Only, ..all() },
        QueryFilter { visible_to: Some(VisibleTo { user: "ada".to_owned(), shared: vec![] }), ..all() },
        QueryFilter {
            visible_to: Some(VisibleTo { user: "carl".to_owned(), shared: shared.clone() }),
            ..all()
        },
        QueryFilter { visible_to: Some(VisibleTo { user: "ada".to_owned(), shared }), ..all() },
    ];
    let pairs: Vec<_> = single.iter().flat_map(|a| single.iter().map(|b| both(a, b))).collect();
    single.extend(pairs);
    single.push(all());
    single
}

fn both(a: &QueryFilter, b: &QueryFilter) -> QueryFilter {
    let list = |a: &Vec<_>, b: &Vec<_>| if a.is_empty() { b.clone() } else { a.clone() };
    QueryFilter {
        ids: if a.ids.is_empty() { b.ids.clone() } else { a.ids.clone() },
        name: a.name.clone().or(b.name.clone()),
        text: a.text.clone().or(b.text.clone()),
        classes: list(&a.classes, &b.classes),
        min_level: a.min_level.or(b.min_level),
        max_level: a.max_level.or(b.max_level),
        campaign: a.campaign.clone().or(b.campaign.clone()),
        changed_after: a.changed_after.or(b.changed_after),
        changed_before: a.changed_before.or(b.changed_before),
        names: list(&a.names, &b.names),
        owner: a.owner.clone().or(b.owner.clone()),
        deleted: if a.deleted == Deleted::Without { b.deleted } else { a.deleted },
        visible_to: a.visible_to.clone().or(b.visible_to.clone()),
        ..QueryFilter::default()
    }
}

pub(crate) async fn every_filter_agrees_with_the_model(backend: &dyn Backend) {
    let storage = backend.open().await;
    let cast = cast();
    put(&*storage, &cast).await;
    let by_id: BTreeMap<_, _> = cast.iter().map(|c| (&c.id, c)).collect();
    for filter in filters() {
        for sort in [Sort::Changed, Sort::Name, Sort::Level] {
            let filter = QueryFilter { sort, ..filter.clone() };
            let page = storage.query(&filter).await.unwrap();
            let ids: Vec<_> = page.items.iter().map(|c| c.id.clone()).collect();
            assert_eq!(ids, expected(&cast, &filter), "{filter:?}");
            assert_eq!(page.total, ids.len() as u64);
            assert!(page.items.iter().all(|c| c == by_id[&c.id]));
        }
    }
}

pub(crate) async fn totals_ignore_limits(backend: &dyn Backend) {
    let storage = backend.open().await;
    let cast = cast();
    put(&*storage, &cast).await;
    let windows = [
        (None, 0),
        (Some(0), 0),
        (Some(7), 0),
        (Some(7), 5),
        (None, 5),
        (Some(7), 1_000),
        (Some(u32::MAX), u32::MAX),
    ];
    for (limit, offset) in windows {
        for name in [None, Some("mirr".to_owned())] {
            let filter = QueryFilter { name, limit, offset, sort: Sort::Name, ..QueryFilter::default() };
            let page = storage.query(&filter).await.unwrap();
            let all = expected(&cast, &filter);
            let wanted: Vec<_> = all
                .iter()
                .skip(offset as usize)
                .take(limit.map_or(usize::MAX, |limit| limit as usize))
                .collect();
            assert_eq!(page.items.iter().map(|c| &c.id).collect::<Vec<_>>(), wanted, "{filter:?}");
            assert_eq!(page.total, all.len() as u64, "{filter:?}");
        }
    }
}

pub(crate) async fn a_list_is_read_page_by_page(backend: &dyn Backend) {
    let storage = backend.open().await;
    let mut cast = cast();
    put(&*storage, &cast).await;
    for sort in [Sort::Changed, Sort::Name, Sort::Level] {
        for deleted in [Deleted::Without, Deleted::With] {
            let mut filter = QueryFilter { sort, deleted, limit: Some(7), ..QueryFilter::default() };
            let all = expected(&cast, &filter);
            let mut seen = Vec::new();
            loop {
                let page = storage.query(&filter).await.unwrap();
                assert_eq!(page.total, all.len() as u64, "{filter:?}");
                seen.extend(page.items.into_iter().map(|c| c.id));
                filter.after = page.next;
                if filter.after.is_none() {
                    break;
                }
                assert!(seen.len().is_multiple_of(7));
            }
            assert_eq!(seen, all);
        }
    }
    let skipped = QueryFilter { limit: Some(7), sort: Sort::Name, ..QueryFilter::default() };
    let first = storage.query(&skipped).await.unwrap();
    let from = QueryFilter { after: first.next, offset: 3, ..skipped.clone() };
    let ids: Vec<_> = storage.query(&from).await.unwrap().items.into_iter().map(|c| c.id).collect();
    assert_eq!(ids, expected(&cast, &skipped)[10..17]);

    // A place stays where it is, whatever happens around it, even to the character it was made from.
    let here = QueryFilter { sort: Sort::Level, limit: Some(20), ..QueryFilter::default() };
    let page = storage.query(&here).await.unwrap();
    let last = page.items.last().unwrap().clone();
    let moved = CharacterIndex { level: 20, revision: 2, ..last.clone() };
    let write = Write::Character { index: Box::new(moved.clone()), expect: Expect::Revision(1) };
    let mut transaction = storage.begin().await.unwrap();
    transaction.write(vec![write]).await.unwrap();
    transaction.commit().await.unwrap();
    let place = expected(&cast, &here).iter().position(|id| *id == last.id).unwrap();
    let rest = expected(&cast, &here)[place + 1..].to_vec();
    cast.iter_mut().find(|c| c.id == last.id).unwrap().clone_from(&moved);
    let next = QueryFilter { after: page.next, limit: None, ..here };
    let found: Vec<_> = storage.query(&next).await.unwrap().items.into_iter().map(|c| c.id).collect();
    assert_eq!(found, rest);

    let of_another_order = QueryFilter { sort: Sort::Name, ..next };
    let made_up = QueryFilter { after: Some("zz".parse::<Cursor>().unwrap()), ..QueryFilter::default() };
    let too_long = QueryFilter { text: Some("x".repeat(100_000)), ..QueryFilter::default() };
    for filter in [of_another_order, made_up, too_long] {
        assert_eq!(storage.query(&filter).await.unwrap_err().code, Code::InvalidArgument);
    }
}

pub(crate) async fn facets_count_and_sort(backend: &dyn Backend) {
    let storage = backend.open().await;
    let character = |n, campaign: Option<&str>, classes: &[&str]| CharacterIndex {
        campaign: campaign.map(str::to_owned),
        classes: classes.iter().map(|name| class(name, 1)).collect(),
        ..index(character_id(n))
    };
    put(
        &*storage,
        &[
            character(1, Some("bell"), &["Wizard", "Fighter"]),
            character(2, Some("Anchor"), &["wizard", "Wizard", "Wizard"]),
            character(3, None, &[]),
            character(4, Some(""), &["Éclaireur"]),
            character(5, Some("bell"), &["Fighter"]),
            CharacterIndex { deleted_at: Some(moment(1)), ..character(6, Some("bin"), &["Wizard"]) },
        ],
    )
    .await;
    let facets = storage.facets().await.unwrap();
    let list = |facets: Vec<backstory_core::storage::Facet>| -> Vec<(Option<String>, u64)> {
        facets.into_iter().map(|facet| (facet.name, facet.count)).collect()
    };
    let named = |name: &str, count| (Some(name.to_owned()), count);
    assert_eq!(list(facets.campaigns), [named("Anchor", 1), named("bell", 2), (None, 2)]);
    let classes = [named("Fighter", 2), named("Wizard", 2), named("wizard", 1), named("Éclaireur", 1)];
    assert_eq!(list(facets.classes), classes);
    assert_eq!((facets.characters, facets.versions), (5, 0));
}

pub(crate) async fn texts_with_a_meaning_to_databases_are_plain(backend: &dyn Backend) {
    let storage = backend.open().await;
    let names =
        ["100%", "a_b", "axb", "O'Neil", "\"; DROP TABLE character; --", "back\\slash", "*", "nul\0nul"];
    let cast: Vec<_> = (0..)
        .zip(names)
        .map(|(n, name)| CharacterIndex {
            name: name.to_owned(),
            campaign: Some(name.to_owned()),
            classes: vec![class(name, 1)],
            ..index(character_id(n))
        })
        .collect();
    put(&*storage, &cast).await;
    for part in names.into_iter().chain(["%", "_", "'", "\\", "\0n", "drop table"]) {
        let text = Some(part.to_owned());
        for filter in [
            QueryFilter { name: text.clone(), ..QueryFilter::default() },
            QueryFilter { text: text.clone(), ..QueryFilter::default() },
            QueryFilter { campaign: text, ..QueryFilter::default() },
            QueryFilter { classes: vec![part.to_owned()], ..QueryFilter::default() },
        ] {
            let found: Vec<_> =
                storage.query(&filter).await.unwrap().items.into_iter().map(|c| c.id).collect();
            assert_eq!(found, expected(&cast, &filter), "{filter:?}");
        }
    }
}

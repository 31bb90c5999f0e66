//! Levels, subclasses, who they are, abilities and the numbers that follow.

use std::collections::BTreeSet;

use super::{Teller, classes, derived, in_one_clause, reasons};
use crate::{
    diff::{Change, ChangeKind, Section},
    model::Topic,
    sheet::{Class, Rules, Sheet},
    wording::{Said, say},
};

impl<'d> Teller<'d> {
    /// A level gained or lost, and everything that came with it.
    pub(super) fn levels(&mut self) {
        let Some(head) = self.level_head() else { return };
        let is_level = |row: &Change| {
            row.key == "identity/level"
                || (row.key.starts_with("identity/class/") && !row.key.ends_with("/subclass"))
        };
        self.take(is_level);
        let numbers = self.take_numbers_of_growth();
        let mut parts = in_one_clause(&numbers);
        parts.extend(self.chosen_subclasses());
        parts.extend(self.all_feature_parts());
        parts.extend(self.spell_parts(|_| true));
        parts.extend(self.training_parts(|_| true));
        self.say_act(Topic::Level, head, parts);
    }

    /// What was reached; none where no level moved.
    fn level_head(&self) -> Option<Said> {
        let (old, new) = (self.old, self.new);
        let before = |class: &Class| old.classes.iter().find(|c| c.name == class.name).map_or(0, |c| c.level);
        let gained = new.classes.iter().filter(|class| class.level > before(class)).count();
        let lost =
            old.classes.iter().any(|c| new.classes.iter().all(|n| n.name != c.name || n.level < c.level));
        let now = classes(&new.classes);
        Some(match gained {
            0 if !lost => return None,
            _ if !lost && new.classes.len() == 1 => say("reached").with("now", now),
            _ if !lost => say("reached-level").with("level", new.level).with("now", now),
            _ if new.classes.is_empty() => say("lost-classes").with("before", classes(&old.classes)),
            _ if new.level < old.level => {
                say("went-back").with("from", old.level).with("to", new.level).with("now", now)
            }
            _ if new.level == old.level => {
                say("rebuilt").with("before", classes(&old.classes)).with("now", now)
            }
            _ => say("rebuilt-at").with("level", new.level).with("now", now),
        })
    }

    /// The numbers that a level moves. An armour class that moved because of what is worn belongs to what is worn.
    fn take_numbers_of_growth(&mut self) -> Vec<&'d Change> {
        let (old, new) = (self.old, self.new);
        let things: BTreeSet<&str> =
            old.inventory.iter().chain(&new.inventory).map(|item| item.name.as_str()).collect();
        self.take(|row| {
            let of_things = derived(row, old, new)
                .is_some_and(|(a, b)| reasons(a, b, old, new).iter().any(|reason| things.contains(reason)));
            !of_things && is_number(row)
        })
    }

    /// Subclasses that came with a level.
    fn chosen_subclasses(&mut self) -> Vec<Said> {
        let rows = self.take(|row| row.key.starts_with("identity/class/") && row.key.ends_with("/subclass"));
        rows.into_iter().filter_map(subclass_part).collect()
    }

    /// A subclass chosen, changed or given up without a level.
    pub(super) fn subclasses(&mut self) {
        for class in self.old.classes.iter().chain(&self.new.classes) {
            let key = format!("identity/class/{}/subclass", class.name.to_lowercase());
            let rows = self.take(|row| row.key == key);
            let Some(row) = rows.first() else { continue };
            let (was, now) = (super::text(&row.old), super::text(&row.new));
            let head = match (was, now) {
                (None, Some(now)) => say("chose-subclass-of").with("now", now),
                (Some(was), Some(now)) => say("changed-subclass").with("was", was).with("now", now),
                (Some(was), None) => say("gave-up-subclass-of").with("was", was),
                _ => continue,
            };
            let head = head.with("class", class.name.as_str());
            let name = class.name.as_str();
            let mut parts = self.feature_parts(|group| group == name || is_option(group));
            let of = |source: &str| source == name || Some(source) == was || Some(source) == now;
            parts.extend(self.spell_parts(of));
            parts.extend(self.training_parts(|_| true));
            self.say_act(Topic::Subclass, head, parts);
        }
    }

    /// Name, species, background, size, campaign, rules.
    pub(super) fn identity(&mut self) {
        let (old, new) = (self.old, self.new);
        self.one("identity/name", |row| {
            Some(say("renamed").with("was", super::text(&row.old)?).with("now", super::text(&row.new)?))
        });
        self.origin("species", old.species.as_deref(), new.species.as_deref());
        self.origin("background", old.background.as_deref(), new.background.as_deref());
        self.one("identity/size", |row| origin_head("size", super::text(&row.old), super::text(&row.new)));
        self.one("identity/campaign", |row| {
            Some(match (super::text(&row.old), super::text(&row.new)) {
                (None, Some(now)) => say("joined-campaign").with("now", now),
                (Some(was), None) => say("left-campaign").with("was", was),
                (Some(was), Some(now)) => say("moved-campaign").with("was", was).with("now", now),
                _ => return None,
            })
        });
        self.one("identity/rules", |_| {
            Some(say("rules-changed").with("was", rules(old)).with("now", rules(new)))
        });
    }

    /// A sentence about one row.
    fn one(&mut self, key: &str, told: impl Fn(&Change) -> Option<Said>) {
        if let Some(said) = self.take(|row| row.key == key).first().and_then(|row| told(row)) {
            self.say(Topic::Identity, said);
        }
    }

    /// A new species or background, and what came and went with it.
    fn origin(&mut self, field: &str, was: Option<&str>, now: Option<&str>) {
        let key = format!("identity/{field}");
        if self.take(|row| row.key == key).is_empty() {
            return;
        }
        let Some(head) = origin_head(field, was, now) else { return };
        let mut parts = Vec::new();
        if field == "species" {
            let moved = self.take(|row| {
                row.key == "identity/size"
                    || row.key.starts_with("combat/speed/")
                    || row.key.starts_with("combat/sense/")
            });
            parts.extend(in_one_clause(&moved));
        }
        let of = |name: &str| Some(name) == was || Some(name) == now;
        parts.extend(self.feature_parts(of));
        parts.extend(self.spell_parts(of));
        parts.extend(self.training_parts(|row| row.key.starts_with("combat/")));
        self.say_act(Topic::Identity, head, parts);
    }

    /// Abilities, and what follows from them.
    pub(super) fn abilities(&mut self) {
        let rows = self.take(|row| row.section == Section::Abilities);
        if rows.is_empty() {
            return;
        }
        let causes = rows.iter().map(|row| row.label.clone()).collect();
        let mut parts = in_one_clause(&rows);
        let effects = self.effects(&causes);
        if let (Some(head), false) = (parts.pop(), effects.is_empty()) {
            return self.say_act(Topic::Abilities, head, effects);
        }
        for said in in_one_clause(&rows) {
            self.say(Topic::Abilities, said);
        }
    }

    /// Numbers that nothing else explained.
    pub(super) fn numbers(&mut self) {
        let rows = self.take(|row| row.key == "combat/hit_points_max");
        for said in in_one_clause(&rows) {
            self.say(Topic::HitPoints, said);
        }
        let rows = self.take(is_number);
        for said in in_one_clause(&rows) {
            self.say(Topic::Combat, said);
        }
    }

    /// Experience points.
    pub(super) fn experience(&mut self) {
        let rows = self.take(|row| row.key == "identity/xp");
        let Some(row) = rows.first() else { return };
        let said = match (super::number(&row.old), super::number(&row.new)) {
            (Some(a), Some(b)) if b > a => say("earned-xp").with("count", b - a),
            (Some(a), Some(b)) => say("xp-set-back").with("from", a).with("to", b),
            (None, _) => say("levels-by-xp"),
            (_, None) => say("levels-by-milestones"),
        };
        self.say(Topic::Experience, said);
    }
}

/// A row whose two sides are numbers that a sheet shows.
fn is_number(row: &Change) -> bool {
    let numeric = |value: &Option<serde_json::Value>| value.as_ref().is_none_or(serde_json::Value::is_number);
    let place = row.key.starts_with("abilities/")
        || row.key.starts_with("combat/")
        || row.key.starts_with("limits/")
        || ["saves/", "checks/", "passive/"]
            .iter()
            .any(|list| row.key.strip_prefix("proficiencies/").is_some_and(|rest| rest.starts_with(list)));
    place && row.attribute.is_none() && numeric(&row.old) && numeric(&row.new)
}

/// Picks that name their own subclass are grouped under it.
fn is_option(group: &str) -> bool {
    ["Class", "Other"].contains(&group)
}

fn subclass_part(row: &Change) -> Option<Said> {
    Some(match (super::text(&row.old), super::text(&row.new), row.kind) {
        (_, Some(now), ChangeKind::Added) => say("chose").with("now", now),
        (Some(was), Some(now), _) => say("subclass-step").with("was", was).with("now", now),
        (Some(was), None, _) => say("gave-up").with("was", was),
        _ => return None,
    })
}

fn origin_head(field: &str, was: Option<&str>, now: Option<&str>) -> Option<Said> {
    let what = say(field);
    Some(match (was, now) {
        (Some(was), Some(now)) => say("changed-from").with("what", what).with("was", was).with("now", now),
        (None, Some(now)) => say("is-now").with("what", what).with("now", now),
        (Some(was), None) => say("taken-away").with("what", what).with("was", was),
        _ => return None,
    })
}

fn rules(sheet: &Sheet) -> Said {
    say(match sheet.rules {
        Rules::Legacy => "rules-2014",
        Rules::Revised => "rules-2024",
        Rules::Mixed => "rules-mixed",
    })
}

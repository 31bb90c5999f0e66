//! What a rest, a fight or a minute changed.

use super::{Teller, names, number};
use crate::{
    diff::{Change, ChangeKind, Section},
    model::Topic,
    wording::{Arg, Said, say},
};

impl Teller<'_> {
    /// One sentence for a rest, else one for what was lost, one for what was spent, one for what came back.
    pub(super) fn rest(&mut self) {
        let back = self.take(|row| is_counter(row) && number(&row.new) < number(&row.old));
        let back: Vec<Arg> = back.iter().map(|row| counted(row)).collect();
        let rows_back = std::mem::take(&mut self.taken);
        let spent = self.take(|row| is_counter(row) && number(&row.new) > number(&row.old));
        let rests_with_hit_dice = spent.iter().all(|row| row.key.starts_with("state/hit_dice/"));
        let spent: Vec<Arg> = spent.iter().map(|row| counted(row)).collect();
        let rows_spent = std::mem::take(&mut self.taken);
        let wounds = self.wounds();
        let healed = self.new.state.hit_points_lost < self.old.state.hit_points_lost;
        let worse = self.new.state.hit_points_lost > self.old.state.hit_points_lost;
        let rested = !worse && rests_with_hit_dice && !back.is_empty() && (healed || back.len() > 1);
        let told = |id: &str, things: Vec<Arg>| say(id).with("names", names(things));
        if rested {
            let mut parts: Vec<Said> = wounds.into_iter().collect();
            parts.push(told("got-back", back));
            if !spent.is_empty() {
                parts.push(told("spent", spent));
            }
            self.taken.extend(rows_back.into_iter().chain(rows_spent));
            self.say_act(Topic::State, say("rested"), parts);
        } else {
            if let Some(wounds) = wounds {
                self.say(Topic::State, wounds);
            }
            for (id, things, rows) in [("spent", spent, rows_spent), ("got-back", back, rows_back)] {
                if !things.is_empty() {
                    self.taken = rows;
                    self.say(Topic::State, told(id, things));
                }
            }
        }
        self.conditions();
    }

    fn wounds(&mut self) -> Option<Said> {
        self.take(|row| row.key == "state/hit_points_lost");
        let hurt = self.new.state.hit_points_lost - self.old.state.hit_points_lost;
        let max = self.new.hit_points_max.value;
        let now = (max - self.new.state.hit_points_lost).max(0);
        let said = match hurt {
            0 => return None,
            hurt if hurt > 0 => say("lost-hit-points").with("count", hurt),
            hurt => say("regained-hit-points").with("count", -hurt),
        };
        Some(said.with("now", now).with("max", max))
    }

    fn conditions(&mut self) {
        let state = |row: &Change, place: &str| row.section == Section::State && row.key.starts_with(place);
        for row in self.take(|row| row.key == "state/temporary") {
            let said = match number(&row.new) {
                Some(0) | None => say("temporary-gone"),
                Some(now) => say("temporary-now").with("count", now),
            };
            self.say(Topic::State, said);
        }
        for (id, on) in [("prepared", true), ("no-longer-prepared", false)] {
            let rows = self.take(|row| state(row, "state/prepared/") && row.new == Some(on.into()));
            if !rows.is_empty() {
                let spells = rows.iter().map(|row| row.label.trim_end_matches(" prepared").into());
                self.say(Topic::State, say(id).with("names", names(spells)));
            }
        }
        let condition = |row: &Change, kind| state(row, "state/condition/") && row.kind == kind;
        let rows = self.take(|row| condition(row, ChangeKind::Added));
        self.say_names(Topic::State, "condition-now", &rows);
        let rows = self.take(|row| condition(row, ChangeKind::Removed));
        self.say_names(Topic::State, "condition-gone", &rows);
        let rows = self.take(|row| condition(row, ChangeKind::Changed));
        let rows = super::in_one_clause(&rows);
        for said in rows {
            self.say(Topic::State, said);
        }
        for row in self.take(|row| row.key == "state/inspiration") {
            let on = row.new == Some(true.into());
            self.say(Topic::State, say(if on { "inspiration-gained" } else { "inspiration-spent" }));
        }
        if !self.take(|row| state(row, "state/death/")).is_empty() {
            let (saved, failed) = self.new.state.death_saves;
            let said = match (saved, failed) {
                (0, 0) => say("death-saves-over"),
                _ => say("death-saves").with("saved", saved).with("failed", failed),
            };
            self.say(Topic::State, said);
        }
    }
}

/// What is counted up when it is used.
fn is_counter(row: &Change) -> bool {
    row.section == Section::State
        && ["state/hit_dice/", "state/slots/", "state/pact/", "state/uses/"]
            .iter()
            .any(|place| row.key.starts_with(place))
}

/// `2 1st-level slots`, `a hit die`, `Second Wind`.
fn counted(row: &Change) -> Arg {
    let count = (number(&row.new).unwrap_or(0) - number(&row.old).unwrap_or(0)).abs();
    let mut path = row.key.splitn(3, '/').skip(1);
    let (kind, name) = (path.next().unwrap_or_default(), path.next().unwrap_or_default());
    let level: String = name.chars().take_while(char::is_ascii_digit).collect();
    let level = level.parse::<u32>().unwrap_or(0);
    match kind {
        "slots" => say("count-slots").with("level", level),
        "pact" => say("count-pact-slots").with("level", level),
        "hit_dice" => say("count-hit-dice").with("class", name),
        _ => say("count-uses").with("name", name),
    }
    .with("count", count)
    .into()
}

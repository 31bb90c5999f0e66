//! Where in a document the actor stands, and the pieces of it that are other people's.

use backstory_core::{
    json::{Kind, Value},
    source::ForeignSpan,
};

use crate::fields::says_something;

/// An actor and where in the document it stands.
pub(super) struct Found<'a> {
    /// The whole document.
    pub(super) document: Value<'a>,
    pub(super) actor: Value<'a>,
    /// A JSON pointer: empty for a native export.
    pointer: &'static str,
}

impl<'a> Found<'a> {
    /// The part that belongs to the game system: `system`, or `data` before Foundry 10.
    pub(super) fn system(&self) -> Option<Value<'a>> {
        system(self.actor)
    }
}

/// The part of a document that belongs to the game system.
pub(super) fn system(document: Value<'_>) -> Option<Value<'_>> {
    let object = |key| document.get(key).filter(|value| value.kind() == Kind::Object);
    object("system").or_else(|| object("data"))
}

/// Looks for an actor: bare, or in `{exportedAt, systemId, foundryVersion, actor}`.
pub(super) fn find(document: Value<'_>) -> Option<Found<'_>> {
    if is_actor(document) {
        return Some(Found { document, actor: document, pointer: "" });
    }
    let actor = document.present("actor").filter(|actor| is_actor(*actor))?;
    Some(Found { document, actor, pointer: "/actor" })
}

/// An actor of any game system has a type, the system's part and items.
fn is_actor(value: Value<'_>) -> bool {
    value.text("type").is_some()
        && system(value).is_some()
        && value.get("items").is_some_and(|items| items.kind() == Kind::Array)
}

/// Other people's data in the document, in the order of the text: who may see the actor and its items, who changed the
/// actor last, and what an importer copied from the campaign on D&D Beyond. (Who changed each single item last stays: it
/// is a number without a name, and a record of hundreds of cuts would outweigh the version.)
pub(super) fn foreign(found: &Found<'_>) -> Vec<ForeignSpan> {
    let mut spans = Spans { pointer: found.pointer.to_owned(), spans: Vec::new() };
    for (key, value) in found.actor.members() {
        match key.as_ref() {
            "ownership" | "permission" => spans.owners(key.as_ref(), value),
            "_stats" => spans.within("_stats", value, |spans, key, value| {
                if key == "lastModifiedBy" {
                    spans.cut(key, value, "null");
                }
            }),
            "flags" => spans.within("flags", value, importer),
            "items" => {
                for (at, item) in value.items().enumerate() {
                    spans.within(&format!("items/{at}"), item, |spans, key, value| {
                        if key == "ownership" || key == "permission" {
                            spans.owners(key, value);
                        }
                    });
                }
            }
            _ => {}
        }
    }
    spans.spans
}

/// The importer keeps the campaign with all its players beside the character's number.
fn importer(spans: &mut Spans, key: &str, value: Value<'_>) {
    if key != "ddbimporter" {
        return;
    }
    spans.within(key, value, |spans, key, value| {
        if key == "dndbeyond" {
            spans.within(key, value, |spans, key, value| {
                if key == "campaign" {
                    spans.within(key, value, |spans, key, value| match key {
                        "characters" => spans.cut(key, value, "[]"),
                        "dmUserId" | "dmUsername" => spans.cut(key, value, "null"),
                        _ => {}
                    });
                }
            });
        }
    });
}

/// The cuts found so far, and the place the search is at.
struct Spans {
    pointer: String,
    spans: Vec<ForeignSpan>,
}

impl Spans {
    /// Looks at every member of an object, and at both of a name that is written twice.
    fn within(&mut self, name: &str, object: Value<'_>, look: impl Fn(&mut Self, &str, Value<'_>)) {
        let outside = self.pointer.len();
        self.pointer = format!("{}/{name}", self.pointer);
        for (key, value) in object.members() {
            look(self, &key, value);
        }
        self.pointer.truncate(outside);
    }

    /// What everybody may do (`default`) names nobody.
    fn owners(&mut self, key: &str, value: Value<'_>) {
        if value.members().any(|(who, _)| who != "default") {
            self.cut(key, value, "{}");
        }
    }

    fn cut(&mut self, key: &str, value: Value<'_>, replacement: &'static str) {
        if says_something(value) {
            let pointer = format!("{}/{key}", self.pointer);
            self.spans.push(ForeignSpan { span: value.span(), pointer, replacement });
        }
    }
}

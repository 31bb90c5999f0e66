//! The command surface: every command is a plain async function over [`App`], declared once in one list.
//! The window's bridge and the command line only carry it.

pub mod app;
pub mod character;
pub mod compare;
pub mod import;

use serde::{Deserialize, Serialize};

use crate::{job::ProgressEvent, library::ChangeSet, storage::QueryFilter};

/// What the program tells its windows unasked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub enum AppEvent {
    /// Something was written.
    Changed(ChangeSet),
    /// Files are held over the window.
    DropHover {
        /// How many.
        count: u64,
    },
    /// They were taken away again.
    DropLeft,
    /// Files were dropped on the window, or handed over by a second start of the program.
    Dropped(import::Selection),
}

/// Every command: its name, what it takes, what it gives. The router and the TypeScript `Commands` type are made from this list.
macro_rules! commands {
    ($callback:ident) => {
        $callback! {
            "app.overview": app::Empty => app::Overview, overview;
            "app.ready": app::Empty => app::Empty, ready;
            "app.verify": app::VerifyGet => app::VerifyReport, verify;
            "preferences.get": app::Empty => app::Preferences, preferences_get;
            "preferences.set": app::Preferences => app::Empty, preferences_set;
            "sample.open": app::Empty => app::Overview, sample_open;
            "sample.close": app::Empty => app::Overview, sample_close;
            "characters.list": QueryFilter => character::CharacterList, characters_list;
            "character.get": character::CharacterGet => crate::model::CharacterIndex, character_get;
            "character.history": character::HistoryGet => character::History, character_history;
            "character.sheet": character::SheetGet => character::SheetView, character_sheet;
            "compare.sheets": compare::CompareGet => compare::Comparison, compare_sheets;
            "compare.raw": compare::RawCompareGet => compare::RawComparison, compare_raw;
            "compare.lines": compare::RawLinesGet => compare::RawLines, compare_lines;
            "import.choose": app::Empty => Option<import::Selection>, import_choose;
            "import.start": import::ImportStart => import::ImportReport, import_start;
            "job.cancel": import::JobCancel => app::Empty, job_cancel;
        }
    };
}
pub(crate) use commands;

#[cfg(test)]
mod bindings {
    //! Writes the TypeScript side of the bridge. `cargo xtask gen` refreshes it; the test holds it.
    use std::{any::TypeId, collections::BTreeMap};

    use ts_rs::{Config, TS, TypeVisitor};

    use super::*;

    #[derive(Default)]
    struct Types {
        seen: std::collections::HashSet<TypeId>,
        decls: BTreeMap<String, String>,
        config: Config,
    }

    impl TypeVisitor for Types {
        fn visit<T: TS + 'static + ?Sized>(&mut self) {
            if !self.seen.insert(TypeId::of::<T>()) {
                return;
            }
            T::visit_dependencies(self);
            T::visit_generics(self);
            if T::output_path().is_some() {
                let docs = T::docs().unwrap_or_default();
                self.decls
                    .insert(T::ident(&self.config), format!("{docs}export {}\n", T::decl(&self.config)));
            }
        }
    }

    macro_rules! declare {
        ($($name:literal: $req:ty => $res:ty, $function:ident;)*) => {
            fn generate() -> String {
                let mut types = Types { config: Config::new().with_large_int("number"), ..Types::default() };
                let mut map = String::new();
                $(
                    types.visit::<$req>();
                    types.visit::<$res>();
                    map += &format!("  {:?}: [{}, {}];\n", $name, <$req>::name(&types.config), <$res>::name(&types.config));
                )*
                types.visit::<crate::error::Error>();
                types.visit::<AppEvent>();
                types.visit::<ProgressEvent>();
                let decls: Vec<_> = types.decls.into_values().collect();
                format!(
                    "// Made from the Rust types by `cargo xtask gen`. Do not edit.\n\n{}\n\
                     /** Every command: what it takes and what it gives. */\nexport type Commands = {{\n{map}}};\n",
                    decls.join("\n"),
                )
            }
        };
    }
    commands!(declare);

    #[test]
    fn bindings_are_current() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../ui/src/api/generated/api.ts");
        let text = generate();
        if std::env::var_os("BACKSTORY_GEN").is_some() {
            std::fs::create_dir_all(std::path::Path::new(path).parent().unwrap()).unwrap();
            std::fs::write(path, &text).unwrap();
        }
        let there = std::fs::read_to_string(path).unwrap_or_default();
        assert!(there == text, "ui/src/api/generated/api.ts is not current: run `cargo xtask gen`");
    }
}

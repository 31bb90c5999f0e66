//! The storage contract, run against every backend; and what only one backend can do wrong.
//!
//! A new backend: an implementation of [`backends::Backend`] and a line at the end of this file.
//! `cargo test -p backstory-tests --test storage every_case -- --nocapture` prints which case runs on which backend.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, reason = "tests")]

mod audit;
mod backends;
mod documents;
mod filters;
mod flips;
mod folder;
mod history;
mod lifetime;
mod model;
mod objects;
#[cfg(unix)]
mod postgres;
mod processes;
mod sqlite;
mod traces;
mod transactions;

/// Every case of the contract, by the file it stands in.
macro_rules! cases {
    ($callback:ident $(, $backend:expr)?) => {
        $callback! { $($backend;)?
            documents: any_bytes_come_back a_content_is_stored_once an_unknown_content_is_not_found
                documents_of_many_editions_come_back a_document_under_a_wrong_hash_is_refused
                a_transaction_reads_its_own_documents statistics_count;
            filters: every_filter_agrees_with_the_model a_list_is_read_page_by_page totals_ignore_limits
                facets_count_and_sort texts_with_a_meaning_to_databases_are_plain;
            history: equal_times_are_ordered_by_id every_query_agrees_with_the_model surroundings_of_a_moment
                sightings_are_a_set a_version_is_replaced_by_its_id rules_of_versions times_far_off_are_refused;
            transactions: nothing_is_seen_before_the_commit a_dropped_transaction_is_undone
                a_stale_revision_is_a_conflict a_revision_must_rise a_failed_transaction_is_over
                concurrent_writers_lose_nothing two_handles_of_one_store the_revision_counts_commits
                a_sound_store_has_no_problems a_stale_row_is_found a_check_can_be_stopped;
            lifetime: the_bin_keeps_everything erasing_leaves_nothing_but_the_id scrubbing_changes_nothing_that_is_there
                dropped_versions_leave_the_others_readable the_archive_is_read_like_anything_else
                the_archive_is_filled_whenever_it_is_killed
                the_feed_tells_every_commit_once waiting_ends_with_a_commit members_come_and_go settings_are_compared_and_set one_of_many_sets_a_setting
                sightings_are_told_in_order how_a_document_is_kept_is_told what_is_derived_is_repaired
                recompressing_changes_no_document;
            audit: entries_come_with_what_they_tell_of a_change_that_is_not_made_is_not_noted
                writers_leave_one_unbroken_chain nothing_takes_an_entry_away;
            traces: a_trace_comes_back_where_it_is_asked_for words_are_found_where_they_appeared;
            model: every_field_comes_back any_writes_do_what_the_model_does;
        }
    };
}

/// The cases as tests, for one backend. Each gets a store of its own.
macro_rules! tests {
    ($backend:expr; $($file:ident: $($test:ident)*;)*) => {
        $($(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                crate::$file::$test(&$backend).await;
            }
        )*)*
    };
}

/// The names of the cases.
macro_rules! names {
    ($($file:ident: $($test:ident)*;)*) => { [$($(concat!(stringify!($file), "::", stringify!($test)),)*)*] };
}

/// The backends: each runs every case.
macro_rules! backends {
    ($($(#[$meta:meta])* $name:ident: $backend:expr, $excludes:expr;)*) => {
        $($(#[$meta])* mod $name { cases!(tests, $backend); })*

        /// Prints which case runs on which backend, and what is left out and why. Nothing is: a capability says what a
        /// backend does beyond the contract, never less.
        #[test]
        fn every_case_runs_on_every_backend() {
            let cases = cases!(names);
            let backends: Vec<(&str, &[(&str, &str)])> =
                vec![$($(#[$meta])* (stringify!($name), &$excludes),)*];
            for (backend, excludes) in &backends {
                println!("{backend}: {} cases, {} left out", cases.len() - excludes.len(), excludes.len());
                excludes.iter().for_each(|(case, why)| println!("  without {case}: {why}"));
                assert!(excludes.iter().all(|(case, why)| cases.contains(case) && !why.is_empty()));
            }
            cases.iter().for_each(|case| println!("  {case}"));
            assert_eq!(cases.len(), cases.iter().collect::<std::collections::BTreeSet<_>>().len());
        }
    };
}

backends! {
    memory_backend: crate::backends::Memory::default(), [];
    folder_backend: crate::backends::Folder::default(), [];
    sqlite_backend: crate::backends::Sqlite::default(), [];
    #[cfg(unix)]
    postgres_backend: crate::backends::Postgres::default(), [];
    objects_backend: crate::backends::Objects::default(), [];
    s3_backend: crate::backends::S3::default(), [];
    gradual_over_memory_and_memory: crate::backends::Joined::gradual(), [];
    hybrid_over_memory_and_sqlite: crate::backends::Joined::hybrid(), [];
}

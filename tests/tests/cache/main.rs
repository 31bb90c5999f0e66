//! The cache contract, run against every cache; and what only one of them can do wrong.
//!
//! A new cache: an implementation of [`subjects::Subject`] and a line at the end of this file.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, reason = "tests")]

mod contract;
#[cfg(unix)]
mod library;
mod memory;
mod model;
#[cfg(unix)]
mod redis;
#[cfg(unix)]
mod subjects;
mod tiered;

/// Every case of the contract, by the file it stands in.
macro_rules! cases {
    ($subject:expr) => {
        cases! { $subject;
            contract: nothing_is_there_at_first any_bytes_come_back a_value_takes_the_place_of_another
                an_entry_ends_with_its_time what_remains_is_said what_lives_no_time_is_not_kept
                a_deleted_entry_is_gone a_group_goes_and_no_other everything_goes uses_are_counted;
            model: any_operations_do_what_the_model_does;
        }
    };
    ($subject:expr; $($file:ident: $($test:ident)*;)*) => {
        $($(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                crate::$file::$test(&$subject).await;
            }
        )*)*
    };
}

#[cfg(unix)]
mod memory_cache {
    cases!(crate::subjects::Memory);
}
#[cfg(unix)]
mod redis_cache {
    cases!(crate::subjects::Redis::plain());
}
#[cfg(unix)]
mod sealed_redis_cache {
    cases!(crate::subjects::Redis::sealed());
}
#[cfg(unix)]
mod tiered_cache {
    cases!(crate::subjects::Tiered);
}
#[cfg(unix)]
mod three_tiers {
    cases!(crate::subjects::Three);
}

//! One contract for every store, and what SQLite adds to it.

#[cfg(test)]
mod backup;
#[cfg(test)]
mod codes;
#[cfg(test)]
mod devices;
#[cfg(test)]
mod events;
#[cfg(test)]
mod fixture;
#[cfg(test)]
mod nonces;
#[cfg(test)]
mod sessions;
#[cfg(test)]
mod sqlite;
#[cfg(test)]
mod users;

/// Runs each test of the contract on every store.
macro_rules! contract {
    ($($module:ident::$test:ident,)+) => {
        #[cfg(test)]
        mod on_memory {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
                async fn $test() {
                    crate::$module::$test(crate::fixture::memory()).await;
                }
            )+
        }
        #[cfg(test)]
        mod on_sqlite {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
                async fn $test() {
                    let folder = tempfile::tempdir().unwrap();
                    crate::$module::$test(crate::fixture::sqlite(folder.path()).await).await;
                }
            )+
        }
    };
}

contract! {
    codes::a_code_is_found_by_its_selector_and_taken_once,
    codes::tries_are_bounded_however_many_come_at_once,
    codes::a_code_dies_with_its_time,
    codes::expired_codes_are_purged,
    devices::a_device_is_stored_once_and_read_as_it_was,
    devices::of_many_enrolments_with_one_code_one_is_done,
    devices::an_existing_device_leaves_the_code_unused,
    devices::only_an_active_device_gets_another_certificate,
    devices::a_status_change_ends_sessions_and_revocation_is_for_ever,
    devices::pages_hold_every_device_once,
    users::a_user_is_stored_once_and_read_as_it_was,
    users::logins_lock_and_unlock,
    users::no_more_logins_are_claimed_than_allowed,
    users::a_new_password_ends_sessions,
    users::a_frozen_user_has_no_sessions,
    sessions::a_session_is_read_as_it_was_and_ends_once,
    sessions::the_oldest_sessions_end_over_the_limit,
    sessions::the_limit_holds_for_logins_at_once,
    sessions::nothing_is_opened_for_the_frozen_and_the_unknown,
    sessions::use_moves_forward_only,
    sessions::what_is_idle_or_over_is_purged,
    sessions::pages_hold_every_session_once,
    events::events_are_read_as_they_were,
    events::a_batch_that_is_sent_again_counts_once,
    events::pages_go_both_ways,
    events::filters_narrow,
    events::evidence_and_latencies_add_up,
    events::a_purge_keeps_the_evidence_and_the_numbering,
    events::too_large_a_batch_is_refused,
}

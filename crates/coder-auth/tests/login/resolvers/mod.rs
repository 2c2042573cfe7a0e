//! Every rule of sign-in, against each kind of catalog: whole logins and refreshes.

mod rules;
mod sources;

macro_rules! resolver_tests {
    ($source:ident as $name:ident) => {
        resolver_tests! {
            @cases $source, $name;
            a_username_is_the_name_of_a_user_in_any_case
            a_username_finds_users_of_the_default_namespace_only
            an_address_is_looked_up_in_any_case
            an_address_with_a_tag_is_looked_up_without_it_when_nobody_has_it
            an_address_of_two_users_signs_nobody_in
            an_address_finds_users_and_no_groups
            an_odd_address_finds_itself_and_nobody_else
            a_local_part_is_the_name_of_a_user
            only_allowed_domains_sign_in_letter_by_letter
            who_is_in_no_catalog_signs_in_only_when_that_is_allowed
            the_first_resolver_that_finds_somebody_decides
            only_finding_nobody_lets_the_next_resolver_try
            nobody_found_is_told_in_backstages_words
            an_account_without_an_address_is_refused_by_address
            an_address_of_another_type_matches_nobody
            ownership_is_the_user_and_its_groups_once_in_order
            ownership_has_the_groups_that_name_the_user_as_a_member
            a_changed_catalog_counts_from_the_next_sign_in_on
            a_changed_catalog_counts_from_the_next_refresh_on
            who_has_left_the_catalog_is_signed_out_of_backstage
            a_catalog_that_is_down_refuses_for_now_and_keeps_the_session
        }
    };
    (@cases $source:ident, $name:ident; $($rule:ident)+) => {
        mod $name {
            $(
                #[tokio::test(start_paused = true)]
                async fn $rule() {
                    super::rules::$rule(super::sources::$source::new).await;
                }
            )+
        }
    };
}

resolver_tests!(Memory as memory);
resolver_tests!(Files as files);
resolver_tests!(Remote as remote);

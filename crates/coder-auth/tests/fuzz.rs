//! The texts that the fuzz targets start from hold what the targets hold.
#![expect(clippy::unwrap_used, reason = "a failed test may panic anywhere")]

#[expect(unreachable_pub, reason = "the fuzz targets use it too")]
#[path = "../../../fuzz/src/coder_auth.rs"]
mod checks;
#[path = "../../../fuzz/src/replay.rs"]
mod replay;

use replay::replay;

#[test]
fn only_the_browsers_own_login_signs_in() {
    replay("callback_query", checks::callback_query);
}

#[test]
fn only_a_real_attempt_and_a_real_session_open_anything() {
    replay("cookies", checks::cookies);
}

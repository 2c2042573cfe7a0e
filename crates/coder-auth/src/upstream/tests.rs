use serde_json::{Value, json};

use super::{TokenAnswer, expires_in};

/// Returns what Coder answers from 2.30 on, and with `scope` from 2.38 on.
fn answers() -> [Value; 2] {
    let answer = json!({
        "access_token": "kW3rTq9ZpA-8sVb1NxEo4YcQm7LdHu2Rj",
        "token_type": "bearer",
        "expires_in": 86399,
        "refresh_token": "coder_h7Qk2ZpX9a_3fT8vRb6NcLw1JxYq5GmKs0DuPe7Ho2AzVi4Cy9t",
        "expiry": "2026-08-21T09:31:42.118204Z",
    });
    let mut scoped = answer.clone();
    scoped["scope"] = json!("coder:workspaces.create coder:workspaces.operate user:read_personal");
    [answer, scoped]
}

#[test]
fn a_token_answer_encodes_back_to_the_same_json() {
    for answer in answers() {
        let read: TokenAnswer = serde_json::from_value(answer.clone()).unwrap();
        assert_eq!(serde_json::to_value(&read).unwrap(), answer);
    }
}

#[test]
fn what_a_newer_coder_adds_to_a_token_answer_does_no_harm() {
    for mut answer in answers() {
        // Coder writes it like this; its case has no meaning (RFC 6749 §5.1).
        answer["token_type"] = json!("Bearer");
        answer["id_token"] = json!({ "unknown": true });
        serde_json::from_value::<TokenAnswer>(answer).unwrap();
    }
}

#[test]
fn a_token_that_is_said_to_live_for_ever_lives_ten_years_at_most() {
    let now = "2026-08-20T09:31:42Z".parse().unwrap();
    let life = |fields: Value| {
        let mut answer = json!({ "access_token": "a", "token_type": "bearer" });
        answer.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        expires_in(&serde_json::from_value(answer).unwrap(), now)
    };
    assert_eq!(life(json!({ "expires_in": 3600 })), Some(3600));
    assert_eq!(life(json!({ "expires_in": 316_224_001 })), Some(316_224_000));
    assert_eq!(life(json!({ "expires_in": u64::MAX })), Some(316_224_000));
    assert_eq!(life(json!({ "expiry": "2026-08-20T10:31:42Z" })), Some(3600));
    assert_eq!(life(json!({ "expiry": "9999-01-01T00:00:00Z" })), Some(316_224_000));
    assert_eq!(life(json!({ "expiry": "2026-08-20T09:31:41Z" })), None, "it is dead already");
    assert_eq!(life(json!({})), None);
}

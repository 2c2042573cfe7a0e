use serde_json::{Value, json};

use super::TokenAnswer;

/// As Coder answers from 2.30 on, and with `scope` from 2.38 on.
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

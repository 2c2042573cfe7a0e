-- The users who have signed in with a grant. Without any grant, what is known of them is deleted. For
-- those who are signed in now it is written anew when their browser asks for its session.
DELETE FROM coder_auth_persons;
CREATE TABLE coder_auth_identities (
    deployment TEXT NOT NULL,
    client_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    user_entity_ref TEXT NOT NULL
        REFERENCES coder_auth_persons (user_entity_ref) ON DELETE CASCADE,
    PRIMARY KEY (deployment, client_id, user_id, user_entity_ref),
    FOREIGN KEY (deployment, client_id, user_id)
        REFERENCES coder_auth_grants (deployment, client_id, user_id) ON DELETE CASCADE
) STRICT;
CREATE INDEX coder_auth_identities_by_person ON coder_auth_identities (user_entity_ref);

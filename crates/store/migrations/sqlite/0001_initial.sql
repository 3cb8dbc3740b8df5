-- Times are milliseconds since 1970, ids their 16 bytes.

CREATE TABLE users (
    name            TEXT    NOT NULL PRIMARY KEY,
    subject         TEXT    NOT NULL,
    password        TEXT    NOT NULL,
    password_at_ms  INTEGER NOT NULL,
    status          TEXT    NOT NULL CHECK (status IN ('active', 'frozen')),
    failed_logins   INTEGER NOT NULL,
    locked_until_ms INTEGER NOT NULL,
    made_at_ms      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Claims on unknown or locked users: counted, so that they take a write like any other.
CREATE TABLE login_misses (
    id    INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    count INTEGER NOT NULL
) STRICT;
INSERT INTO login_misses (id, count) VALUES (1, 0);

CREATE TABLE devices (
    id                       BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    algorithm                TEXT    NOT NULL,
    signature_key            BLOB    NOT NULL,
    certificate_sha256       BLOB    NOT NULL CHECK (length(certificate_sha256) = 32),
    certificate_not_after_ms INTEGER NOT NULL,
    user_name                TEXT,
    platform                 TEXT    NOT NULL,
    model                    TEXT    NOT NULL,
    status                   TEXT    NOT NULL CHECK (status IN ('active', 'frozen', 'revoked')),
    status_at_ms             INTEGER NOT NULL,
    enrolled_at_ms           INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE enrolment_codes (
    selector      TEXT    NOT NULL PRIMARY KEY,
    digest        BLOB    NOT NULL CHECK (length(digest) = 32),
    user_name     TEXT,
    made_at_ms    INTEGER NOT NULL,
    expires_at_ms INTEGER NOT NULL,
    tries         INTEGER NOT NULL,
    used_at_ms    INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX enrolment_codes_by_expiry ON enrolment_codes (expires_at_ms);

CREATE TABLE sessions (
    id            BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    user_name     TEXT    NOT NULL REFERENCES users (name),
    subject       TEXT    NOT NULL,
    device        BLOB    NOT NULL REFERENCES devices (id),
    token_digest  BLOB    NOT NULL CHECK (length(token_digest) = 32),
    sealed_key    BLOB    NOT NULL,
    opened_at_ms  INTEGER NOT NULL,
    touched_at_ms INTEGER NOT NULL,
    idle_ms       INTEGER NOT NULL,
    expires_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_by_user ON sessions (user_name);
CREATE INDEX sessions_by_device ON sessions (device);

-- What a decision is evidence for: few different lists, each stored once, clauses apart by a space.
CREATE TABLE clause_sets (
    id      INTEGER NOT NULL PRIMARY KEY,
    clauses TEXT    NOT NULL UNIQUE
) STRICT;

CREATE TABLE events (
    seq        INTEGER NOT NULL PRIMARY KEY,
    request_id BLOB    NOT NULL CHECK (length(request_id) = 16),
    at_ms      INTEGER NOT NULL,
    function   TEXT,
    device     BLOB,
    guard      TEXT    NOT NULL,
    clause_set INTEGER NOT NULL REFERENCES clause_sets (id),
    outcome    TEXT    NOT NULL CHECK (outcome IN ('allowed', 'refused')),
    code       TEXT,
    reason     TEXT    NOT NULL,
    class      TEXT,
    status     INTEGER NOT NULL,
    micros     INTEGER NOT NULL,
    served     INTEGER NOT NULL
) STRICT;
CREATE INDEX events_by_request ON events (request_id);
CREATE INDEX events_refused ON events (seq) WHERE outcome = 'refused';

-- The last number outlives the events themselves.
CREATE TABLE event_numbers (
    id       INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    last_seq INTEGER NOT NULL
) STRICT;
INSERT INTO event_numbers (id, last_seq) VALUES (1, 0);

CREATE TABLE clause_evidence (
    clause        TEXT    NOT NULL PRIMARY KEY,
    allowed       INTEGER NOT NULL,
    allowed_at_ms INTEGER,
    refused       INTEGER NOT NULL,
    refused_at_ms INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE event_latencies (
    minute_ms INTEGER NOT NULL,
    class     TEXT    NOT NULL,
    bucket    INTEGER NOT NULL,
    count     INTEGER NOT NULL,
    PRIMARY KEY (minute_ms, class, bucket)
) STRICT, WITHOUT ROWID;

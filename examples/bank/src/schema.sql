CREATE TABLE IF NOT EXISTS customer (
    id           TEXT PRIMARY KEY,
    name         TEXT NOT NULL,
    phone        TEXT NOT NULL,
    id_number    TEXT NOT NULL UNIQUE,
    card         TEXT,
    email        TEXT,
    address      TEXT,
    pin_salt     BLOB NOT NULL,
    pin_hash     BLOB NOT NULL,
    pin_failures INTEGER NOT NULL DEFAULT 0
) STRICT;

-- The bank's own account has no customer, and is the only one that may go below zero: what
-- customers have, the bank owes.
CREATE TABLE IF NOT EXISTS account (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    number        TEXT NOT NULL UNIQUE,
    customer      TEXT REFERENCES customer (id),
    balance_cents INTEGER NOT NULL DEFAULT 0,
    CHECK (customer IS NULL OR balance_cents >= 0)
) STRICT;
CREATE INDEX IF NOT EXISTS account_by_customer ON account (customer);

CREATE TABLE IF NOT EXISTS transfer (
    id           TEXT PRIMARY KEY,
    from_account INTEGER NOT NULL REFERENCES account (id),
    to_account   INTEGER NOT NULL REFERENCES account (id),
    amount_cents INTEGER NOT NULL CHECK (amount_cents > 0),
    memo         TEXT,
    at_ms        INTEGER NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS entry (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    transfer      TEXT NOT NULL REFERENCES transfer (id),
    account       INTEGER NOT NULL REFERENCES account (id),
    amount_cents  INTEGER NOT NULL CHECK (amount_cents <> 0),
    balance_cents INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS entry_by_account ON entry (account, id);

-- What was answered under an idempotency key, and to what.
CREATE TABLE IF NOT EXISTS answer (
    customer    TEXT NOT NULL REFERENCES customer (id),
    key         TEXT NOT NULL,
    fingerprint BLOB NOT NULL,
    status      INTEGER NOT NULL,
    body        TEXT NOT NULL,
    PRIMARY KEY (customer, key)
) STRICT, WITHOUT ROWID;

INSERT OR IGNORE INTO account (id, number, customer) VALUES (1000, 'the bank itself', NULL);

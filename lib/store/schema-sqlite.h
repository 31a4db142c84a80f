#ifndef PKI_STORE_SCHEMA_SQLITE_H
#define PKI_STORE_SCHEMA_SQLITE_H

#include <stddef.h>

/*
 * The layout: every object of the database, in the order of making, and the
 * version that it came with.  An object that was released never changes;
 * append what the next version brings.
 *
 * sqlite_schema must hold these and nothing else, word for word: a trigger or
 * a view that somebody planted could undo a revocation.
 *
 * Names and key digests are random to an index, which costs insert rate at
 * size; so they live in their own small tables, and a certificate refers to
 * them by integer.  Serial numbers begin with the time: in order.
 *
 * Who has a certificate is random too.  So no index leads from an identity to
 * its certificates: cert_newest says which came last, and each certificate
 * which came before it (store-sqlite-history.c).  With 10 million certificates
 * an index on identity_id and one on pubkey_id took a third of the rate.
 *
 * The triggers are for other hands, such as the sqlite3 shell.  Connections
 * of ours run none (store-sqlite-connect.c).
 */

static const struct schema_object {
	int         version;
	const char *type, *name, *table;        /* NULL: SQL that makes none */
	const char *sql;                        /* NULL: SQLite makes it */
} schema[] = {
	{ 1, "table", "ca", "ca",
	    "CREATE TABLE ca ("
	    "	id INTEGER PRIMARY KEY,"
	    "	name TEXT NOT NULL UNIQUE,"
	    "	parent TEXT NOT NULL,"
	    "	der BLOB NOT NULL,"
	    "	key_ref TEXT NOT NULL,"
	    "	crl_form INTEGER NOT NULL,"
	    "	partition_size INTEGER NOT NULL,"
	    "	base_url TEXT NOT NULL,"
	    "	created_at INTEGER NOT NULL,"
	    "	row_hash BLOB NOT NULL"
	    ") STRICT" },
	{ 1, "index", "sqlite_autoindex_ca_1", "ca", NULL },

	/* What would need a walk over all certificates to be known. */
	{ 1, "table", "ca_count", "ca_count",
	    "CREATE TABLE ca_count ("
	    "	ca_id INTEGER PRIMARY KEY REFERENCES ca,"
	    "	issued INTEGER NOT NULL,"
	    "	last_partition INTEGER NOT NULL"
	    ") STRICT" },
	{ 1, "trigger", "ca_count_begins", "ca",
	    "CREATE TRIGGER ca_count_begins AFTER INSERT ON ca BEGIN"
	    "	INSERT INTO ca_count VALUES (NEW.id, 0, -1); END" },

	{ 1, "table", "profile", "profile",
	    "CREATE TABLE profile ("
	    "	id INTEGER PRIMARY KEY,"
	    "	name TEXT NOT NULL,"
	    "	digest BLOB NOT NULL UNIQUE,"
	    "	text BLOB NOT NULL"
	    ") STRICT" },
	{ 1, "index", "sqlite_autoindex_profile_1", "profile", NULL },

	/* NOCASE folds A to Z only: names are ASCII. */
	{ 1, "table", "identity", "identity",
	    "CREATE TABLE identity ("
	    "	id INTEGER PRIMARY KEY,"
	    "	name TEXT NOT NULL COLLATE NOCASE,"
	    "	state INTEGER NOT NULL,"
	    "	created_at INTEGER NOT NULL,"
	    "	hold INTEGER NOT NULL,"
	    "	profile TEXT NOT NULL,"
	    "	groups TEXT NOT NULL,"
	    "	tags TEXT NOT NULL,"
	    "	notes TEXT NOT NULL,"
	    "	row_hash BLOB NOT NULL"
	    ") STRICT" },
	{ 1, "index", "identity_taken", "identity",
	    "CREATE UNIQUE INDEX identity_taken ON identity (name)"
	    "	WHERE state != 2" },
	{ 1, "index", "identity_retired", "identity",
	    "CREATE INDEX identity_retired ON identity (name)"
	    " WHERE state = 2" },

	/* digest_head: the first 8 octets as an integer, big-endian. */
	{ 1, "table", "pubkey", "pubkey",
	    "CREATE TABLE pubkey ("
	    "	id INTEGER PRIMARY KEY,"
	    "	digest_head INTEGER NOT NULL,"
	    "	digest_tail BLOB NOT NULL,"
	    "	identity_id INTEGER REFERENCES identity,"
	    "	blocked_at INTEGER NOT NULL,"
	    "	row_hash BLOB NOT NULL,"
	    "	UNIQUE (digest_head, digest_tail)"
	    ") STRICT" },
	{ 1, "index", "sqlite_autoindex_pubkey_1", "pubkey", NULL },

	{ 1, "table", "cert", "cert",
	    "CREATE TABLE cert ("
	    "	id INTEGER PRIMARY KEY,"
	    "	ca_id INTEGER NOT NULL REFERENCES ca,"
	    "	identity_id INTEGER NOT NULL REFERENCES identity,"
	    "	pubkey_id INTEGER NOT NULL REFERENCES pubkey,"
	    "	profile_id INTEGER NOT NULL REFERENCES profile,"
	    "	previous_id INTEGER NOT NULL,"
	    "	serial BLOB NOT NULL CHECK (length(serial) BETWEEN 1 AND 20),"
	    "	not_before INTEGER NOT NULL,"
	    "	not_after INTEGER NOT NULL,"
	    "	issued_at INTEGER NOT NULL,"
	    "	key_origin INTEGER NOT NULL,"
	    "	crl_partition INTEGER NOT NULL,"
	    "	status INTEGER NOT NULL,"
	    "	revoked_at INTEGER NOT NULL,"
	    "	reason INTEGER NOT NULL,"
	    "	invalid_since INTEGER NOT NULL,"
	    "	row_hash BLOB NOT NULL,"
	    "	der BLOB NOT NULL,"
	    "	UNIQUE (ca_id, serial)"
	    ") STRICT" },
	{ 1, "index", "sqlite_autoindex_cert_1", "cert", NULL },
	/* previous_id is 0 in the first of an identity. */
	{ 1, "table", "cert_newest", "cert_newest",
	    "CREATE TABLE cert_newest ("
	    "	identity_id INTEGER PRIMARY KEY REFERENCES identity,"
	    "	cert_id INTEGER NOT NULL"
	    ") STRICT" },
	{ 1, "index", "cert_by_status", "cert",
	    "CREATE INDEX cert_by_status ON cert (status) WHERE status != 0" },

	/*
	 * Holds all that a CRL says, in its order: short serials first.  And
	 * the status, for else SQLite looks for it in the table.
	 */
	{ 1, "index", "cert_revoked", "cert",
	    "CREATE INDEX cert_revoked ON cert (ca_id, length(serial), serial,"
	    "	crl_partition, revoked_at, reason, invalid_since, not_after,"
	    "	status) WHERE status != 0" },
	/*
	 * The same for one partition of many: 0.1 ms instead of 22 for 200 of
	 * 200 000 revoked.
	 */
	{ 1, "index", "cert_revoked_in_part", "cert",
	    "CREATE INDEX cert_revoked_in_part ON cert (ca_id, crl_partition,"
	    "	length(serial), serial, revoked_at, reason, invalid_since,"
	    "	not_after, status) WHERE status != 0" },
	{ 1, "trigger", "cert_counted", "cert",
	    "CREATE TRIGGER cert_counted AFTER INSERT ON cert BEGIN"
	    "	UPDATE ca_count SET issued = issued + 1,"
	    "	last_partition = max(last_partition, NEW.crl_partition)"
	    "	WHERE ca_id = NEW.ca_id;"
	    "	INSERT INTO cert_newest VALUES (NEW.identity_id, NEW.id)"
	    "	ON CONFLICT (identity_id) DO UPDATE SET"
	    "	cert_id = excluded.cert_id; END" },
	{ 1, "trigger", "cert_kept", "cert",
	    "CREATE TRIGGER cert_kept BEFORE DELETE ON cert BEGIN"
	    "	SELECT RAISE(ABORT, 'a certificate is never deleted'); END" },

	/* Which identities have had a certificate with this DNS name. */
	{ 1, "table", "host", "host",
	    "CREATE TABLE host ("
	    "	name TEXT NOT NULL COLLATE NOCASE,"
	    "	identity_id INTEGER NOT NULL REFERENCES identity,"
	    "	PRIMARY KEY (name, identity_id)"
	    ") STRICT, WITHOUT ROWID" },

	/* What a token was used for is a row of its own: one for each token. */
	{ 1, "table", "token", "token",
	    "CREATE TABLE token ("
	    "	id INTEGER PRIMARY KEY,"
	    "	name TEXT NOT NULL UNIQUE,"
	    "	identity_id INTEGER NOT NULL REFERENCES identity,"
	    "	profile TEXT NOT NULL,"
	    "	created_at INTEGER NOT NULL,"
	    "	expires_at INTEGER NOT NULL,"
	    "	revoked_at INTEGER NOT NULL,"
	    "	row_hash BLOB NOT NULL"
	    ") STRICT" },
	{ 1, "index", "sqlite_autoindex_token_1", "token", NULL },
	{ 1, "index", "token_by_identity", "token",
	    "CREATE INDEX token_by_identity ON token (identity_id)" },
	{ 1, "table", "token_use", "token_use",
	    "CREATE TABLE token_use ("
	    "	token_id INTEGER PRIMARY KEY REFERENCES token,"
	    "	used_at INTEGER NOT NULL,"
	    "	pubkey_digest BLOB NOT NULL,"
	    "	ca_id INTEGER NOT NULL REFERENCES ca,"
	    "	serial BLOB NOT NULL,"
	    "	row_hash BLOB NOT NULL"
	    ") STRICT" },

	/* First requests that an operator decides on. */
	{ 1, "table", "approval", "approval",
	    "CREATE TABLE approval ("
	    "	id INTEGER PRIMARY KEY,"
	    "	name TEXT NOT NULL UNIQUE,"
	    "	identity_id INTEGER NOT NULL REFERENCES identity,"
	    "	profile TEXT NOT NULL,"
	    "	pubkey_digest BLOB NOT NULL,"
	    "	names TEXT NOT NULL,"
	    "	names_digest BLOB NOT NULL,"
	    "	requested_at INTEGER NOT NULL,"
	    "	state INTEGER NOT NULL,"
	    "	decided_at INTEGER NOT NULL,"
	    "	decided_by TEXT NOT NULL,"
	    "	row_hash BLOB NOT NULL"
	    ") STRICT" },
	{ 1, "index", "sqlite_autoindex_approval_1", "approval", NULL },
	{ 1, "index", "approval_by_identity", "approval",
	    "CREATE INDEX approval_by_identity ON approval (identity_id)" },
	{ 1, "index", "approval_waiting", "approval",
	    "CREATE INDEX approval_waiting ON approval (requested_at)"
	    "	WHERE state = 0" },

	{ 1, "table", "crl", "crl",
	    "CREATE TABLE crl ("
	    "	ca_id INTEGER NOT NULL REFERENCES ca,"
	    "	number INTEGER NOT NULL,"
	    "	scope INTEGER NOT NULL,"
	    "	this_update INTEGER NOT NULL,"
	    "	next_update INTEGER NOT NULL,"
	    "	entries INTEGER NOT NULL,"
	    "	digest BLOB NOT NULL,"
	    "	PRIMARY KEY (ca_id, number)"
	    ") STRICT, WITHOUT ROWID" },
	{ 1, "index", "crl_by_scope", "crl",
	    "CREATE INDEX crl_by_scope ON crl (ca_id, scope, number)" },

	{ 1, "table", "audit", "audit",
	    "CREATE TABLE audit ("
	    "	seq INTEGER PRIMARY KEY,"
	    "	at INTEGER NOT NULL,"
	    "	line TEXT NOT NULL,"
	    "	leaf BLOB NOT NULL"
	    ") STRICT" },
	{ 1, "trigger", "audit_unchanged", "audit",
	    "CREATE TRIGGER audit_unchanged BEFORE UPDATE ON audit BEGIN"
	    "	SELECT RAISE(ABORT, 'an audit row is never changed'); END" },
	{ 1, "trigger", "audit_kept", "audit",
	    "CREATE TRIGGER audit_kept BEFORE DELETE ON audit BEGIN"
	    "	SELECT RAISE(ABORT, 'an audit row is never deleted'); END" },

	{ 1, "table", "audit_tree", "audit_tree",
	    "CREATE TABLE audit_tree ("
	    "	id INTEGER PRIMARY KEY CHECK (id = 1),"
	    "	size INTEGER NOT NULL,"
	    "	frontier BLOB NOT NULL"
	    ") STRICT" },
	{ 1, NULL, NULL, NULL,
	    "INSERT INTO audit_tree VALUES (1, 0, x'')" },
};

#endif

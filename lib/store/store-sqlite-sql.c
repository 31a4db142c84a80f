/* Every statement that is kept prepared. */
#include "store/store-sqlite.h"

#define CA_COLUMNS "id, name, parent, der, key_ref, crl_form," \
	" partition_size, base_url, created_at, row_hash"
#define IDENTITY_COLUMNS "id, name, state, created_at, hold, profile," \
	" groups, tags, notes, row_hash"
#define SELECT_TOKEN "SELECT t.id, t.name, t.identity_id, t.profile," \
	" t.created_at, t.expires_at, t.revoked_at, t.row_hash, i.name," \
	" u.token_id, u.used_at, u.pubkey_digest, u.ca_id, u.serial," \
	" u.row_hash, a.name FROM token t" \
	" LEFT JOIN identity i ON i.id = t.identity_id" \
	" LEFT JOIN token_use u ON u.token_id = t.id" \
	" LEFT JOIN ca a ON a.id = u.ca_id "
#define SELECT_APPROVAL "SELECT t.id, t.name, t.identity_id, t.profile," \
	" t.pubkey_digest, t.names, t.names_digest, t.requested_at," \
	" t.state, t.decided_at, t.decided_by, t.row_hash, i.name" \
	" FROM approval t LEFT JOIN identity i ON i.id = t.identity_id "
#define OF_IDENTITY "WHERE t.id > ?1 AND t.identity_id IN" \
	" (SELECT id FROM identity WHERE name = ?3 AND state != 2" \
	" UNION ALL SELECT id FROM identity WHERE name = ?3" \
	" AND state = 2) ORDER BY t.id LIMIT ?2"
#define PUBKEY_COLUMNS "id, digest_head, digest_tail, identity_id," \
	" blocked_at, row_hash"
#define REVOKED_COLUMNS "serial, revoked_at, invalid_since, reason"
#define CRL_COLUMNS "ca_id, number, scope, this_update, next_update," \
	" entries, digest"

const char *const pki_sqlite_sql[SQL_COUNT] = {
	[SQL_MARK] = "SAVEPOINT mark",
	[SQL_KEEP] = "RELEASE mark",
	[SQL_UNDO] = "ROLLBACK TO mark",
	[SQL_DATA_VERSION] = "PRAGMA data_version",

	[SQL_PUT_CA] = "INSERT INTO ca (name, parent, der, key_ref, crl_form,"
	    " partition_size, base_url, created_at, row_hash)"
	    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
	    " ON CONFLICT DO NOTHING RETURNING id",
	[SQL_COUNT_CA] = "INSERT INTO ca_count VALUES (?, 0, -1)",
	[SQL_GET_CA] = "SELECT " CA_COLUMNS " FROM ca WHERE name = ?",
	[SQL_FILL_CAS] = "SELECT " CA_COLUMNS " FROM ca WHERE id > ?"
	    " ORDER BY id LIMIT ?",

	[SQL_PUT_PROFILE] = "INSERT INTO profile (name, digest, text)"
	    " VALUES (?, ?, ?) ON CONFLICT DO NOTHING RETURNING id",
	[SQL_FIND_PROFILE] = "SELECT id FROM profile WHERE digest = ?",

	[SQL_PUT_CRL] = "INSERT INTO crl (" CRL_COLUMNS ")"
	    " VALUES (?, ?, ?, ?, ?, ?, ?)"
	    " ON CONFLICT DO NOTHING RETURNING number",
	[SQL_GET_CRL] = "SELECT " CRL_COLUMNS " FROM crl"
	    " WHERE ca_id = ? AND scope = ? ORDER BY number DESC LIMIT 1",
	[SQL_LAST_CRL_NUMBER] = "SELECT coalesce(max(number), 0) FROM crl"
	    " WHERE ca_id = ?",

	[SQL_CLAIM_IDENTITY] = "INSERT INTO identity (name, state, created_at,"
	    " hold, profile, groups, tags, notes, row_hash)"
	    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
	    " ON CONFLICT DO NOTHING RETURNING id",
	[SQL_UPDATE_IDENTITY] = "UPDATE identity SET state = ?, hold = ?,"
	    " profile = ?, groups = ?, tags = ?, notes = ?, row_hash = ?"
	    " WHERE id = ?",
	[SQL_ACTIVATE_IDENTITY] = "UPDATE identity SET state = 0,"
	    " row_hash = ? WHERE id = ? AND state = 3",
	[SQL_GET_TAKEN] = "SELECT " IDENTITY_COLUMNS " FROM identity"
	    " WHERE name = ? AND state != 2",
	[SQL_GET_RETIRED] = "SELECT " IDENTITY_COLUMNS " FROM identity"
	    " WHERE name = ? AND state = 2 ORDER BY id DESC LIMIT 1",
	[SQL_FILL_IDENTITIES] = "SELECT " IDENTITY_COLUMNS " FROM identity"
	    " WHERE id > ? ORDER BY id LIMIT ?",

	[SQL_PUT_TOKEN] = "INSERT INTO token (name, identity_id, profile,"
	    " created_at, expires_at, revoked_at, row_hash)"
	    " VALUES (?, ?, ?, ?, ?, ?, ?)"
	    " ON CONFLICT DO NOTHING RETURNING id",
	[SQL_UPDATE_TOKEN] = "UPDATE token SET revoked_at = ?, row_hash = ?"
	    " WHERE id = ?",
	/* What may have changed since it was looked at is looked at here. */
	[SQL_USE_TOKEN] = "INSERT INTO token_use (token_id, used_at,"
	    " pubkey_digest, ca_id, serial, row_hash)"
	    " SELECT t.id, ?1, ?2, ?3, ?4, ?5 FROM token t"
	    " JOIN identity i ON i.id = t.identity_id"
	    " WHERE t.name = ?6 AND i.name = ?7 COLLATE BINARY"
	    " AND i.state != 2 AND t.profile = ?8 AND t.revoked_at = 0"
	    " AND t.expires_at >= ?1"
	    " ON CONFLICT DO NOTHING RETURNING token_id",
	[SQL_GET_TOKEN] = SELECT_TOKEN "WHERE t.name = ?",
	[SQL_FILL_TOKENS] = SELECT_TOKEN
	    "WHERE t.id > ?1 ORDER BY t.id LIMIT ?2",
	[SQL_FILL_TOKENS_OF] = SELECT_TOKEN OF_IDENTITY,

	[SQL_PUT_APPROVAL] = "INSERT INTO approval (name, profile,"
	    " pubkey_digest, names, names_digest, requested_at, state,"
	    " decided_at, decided_by, row_hash, identity_id)"
	    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
	    " ON CONFLICT DO NOTHING RETURNING id",
	[SQL_UPDATE_APPROVAL] = "UPDATE approval SET name = ?, profile = ?,"
	    " pubkey_digest = ?, names = ?, names_digest = ?,"
	    " requested_at = ?, state = ?, decided_at = ?, decided_by = ?,"
	    " row_hash = ? WHERE id = ?",
	[SQL_GET_APPROVAL] = SELECT_APPROVAL "WHERE t.name = ?",
	[SQL_FILL_APPROVALS] = SELECT_APPROVAL
	    "WHERE t.id > ?1 ORDER BY t.id LIMIT ?2",
	[SQL_FILL_APPROVALS_OF] = SELECT_APPROVAL OF_IDENTITY,
	[SQL_TALLY_APPROVALS] = "SELECT count(*),"
	    " coalesce(min(requested_at), 0) FROM approval"
	    " WHERE state = 0 AND requested_at >= ?",

	[SQL_CLAIM_PUBKEY] = "INSERT INTO pubkey (digest_head, digest_tail,"
	    " identity_id, blocked_at, row_hash) VALUES (?, ?, ?, ?, ?)"
	    " ON CONFLICT DO NOTHING RETURNING id",
	[SQL_BLOCK_PUBKEY] = "INSERT INTO pubkey (digest_head, digest_tail,"
	    " identity_id, blocked_at, row_hash) VALUES (?, ?, ?, ?, ?)"
	    " ON CONFLICT (digest_head, digest_tail) DO UPDATE SET"
	    " identity_id = excluded.identity_id,"
	    " blocked_at = excluded.blocked_at,"
	    " row_hash = excluded.row_hash RETURNING id",
	[SQL_GET_PUBKEY] = "SELECT " PUBKEY_COLUMNS " FROM pubkey"
	    " WHERE digest_head = ? AND digest_tail = ?",
	[SQL_FILL_PUBKEYS] = "SELECT " PUBKEY_COLUMNS " FROM pubkey"
	    " WHERE id > ? ORDER BY id LIMIT ?",

	[SQL_PUT_CERT] = "INSERT INTO cert (ca_id, identity_id, pubkey_id,"
	    " profile_id, serial, not_before, not_after, issued_at,"
	    " key_origin, crl_partition, status, revoked_at, reason,"
	    " invalid_since, der, row_hash, previous_id)"
	    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,"
	    " coalesce((SELECT cert_id FROM cert_newest"
	    " WHERE identity_id = ?2), 0))"
	    " ON CONFLICT DO NOTHING RETURNING id",
	[SQL_PUT_NEWEST] = "INSERT INTO cert_newest VALUES (?, ?)"
	    " ON CONFLICT (identity_id) DO UPDATE SET"
	    " cert_id = excluded.cert_id",
	[SQL_PUT_HOST] = "INSERT INTO host (name, identity_id) VALUES (?, ?)"
	    " ON CONFLICT DO NOTHING",
	[SQL_COUNT_CERT] = "UPDATE ca_count SET issued = issued + 1,"
	    " last_partition = max(last_partition, ?2) WHERE ca_id = ?1",
	[SQL_UPDATE_CERT_STATUS] = "UPDATE cert SET status = ?,"
	    " revoked_at = ?, reason = ?, invalid_since = ?, row_hash = ?"
	    " WHERE id = ?",
	[SQL_GET_CERT] = SQLITE_SELECT_CERT
	    "WHERE c.ca_id = ? AND c.serial = ?",
	[SQL_COUNT_CERTS] = "SELECT coalesce(max(issued), 0) FROM ca_count"
	    " WHERE ca_id = ?",
	[SQL_TALLY_CERTS] = "SELECT"
	    " coalesce(sum(status = 0 AND not_after >= ?2), 0),"
	    " coalesce(sum(status = 0 AND not_after BETWEEN ?2 AND ?3), 0),"
	    " coalesce(sum(status != 1 AND not_after < ?2), 0),"
	    " coalesce(sum(status = 2 AND not_after >= ?2), 0),"
	    " coalesce(sum(status = 1), 0) FROM cert WHERE ca_id = ?1",
	/*
	 * A count that says more than there are certificates is not believed:
	 * it would have a CRL published for each.
	 */
	[SQL_LAST_PARTITION] = "SELECT coalesce(max(CASE"
	    " WHEN last_partition <= (SELECT coalesce(max(id), 0) FROM cert)"
	    " THEN last_partition"
	    " ELSE (SELECT max(crl_partition) FROM cert WHERE ca_id = n.ca_id)"
	    " END), -1) FROM ca_count n WHERE ca_id = ?",
	[SQL_EACH_REVOKED] = "SELECT " REVOKED_COLUMNS " FROM cert"
	    " WHERE ca_id = ? AND status != 0 AND not_after >= ?"
	    " ORDER BY length(serial), serial",
	[SQL_EACH_REVOKED_IN_SCOPE] = "SELECT " REVOKED_COLUMNS " FROM cert"
	    " WHERE ca_id = ? AND status != 0 AND not_after >= ?"
	    " AND crl_partition = ? ORDER BY length(serial), serial",

	[SQL_GROW_AUDIT_TREE] = "UPDATE audit_tree SET size = size + 1,"
	    " frontier = ? WHERE id = 1 AND size = ?",
	[SQL_PUT_AUDIT] = "INSERT INTO audit (seq, at, line, leaf)"
	    " VALUES (?, ?, ?, ?)",
	[SQL_GET_AUDIT_TREE] = "SELECT size, frontier FROM audit_tree"
	    " WHERE id = 1",
	[SQL_FILL_AUDIT] = "SELECT seq, at, line, leaf FROM audit"
	    " WHERE seq > ? ORDER BY seq LIMIT ?",
};

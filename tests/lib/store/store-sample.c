#include "store-sample.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

void
store_sample_empty(struct store_sample *t, enum store_kind kind)
{
	memset(t, 0, sizeof(*t));
	snprintf(t->url, sizeof(t->url), "memory:");
	if (kind == STORE_SQLITE) {
		snprintf(t->dir, sizeof(t->dir), "/tmp/test-store-XXXXXX");
		cr_assert_not_null(mkdtemp(t->dir));
		snprintf(t->url, sizeof(t->url), "sqlite:%s", t->dir);
	}
	t->hold = pki_buf_new();
	must(pki_store_create(t->url, &t->store, &t->err), t);
}

void
store_sample_open(struct store_sample *t, enum store_kind kind)
{
	pki_ca_row ca = sample_ca("issuing");
	pki_identity_row identity = sample_identity("meter-1");
	pki_pubkey_row pubkey;
	pki_profile_row profile = sample_profile(1);

	store_sample_empty(t, kind);
	store_begin(t);
	must(pki_store_put_ca(t->store, &ca, &t->err), t);
	must(pki_store_claim_identity(t->store, &identity, &t->err), t);
	pubkey = sample_pubkey(1, identity.id);
	must(pki_store_claim_pubkey(t->store, &pubkey, &t->err), t);
	must(pki_store_put_profile(t->store, &profile, &t->err), t);
	store_commit(t);
	t->ca_id = ca.id;
	t->identity_id = identity.id;
	t->pubkey_id = pubkey.id;
	t->profile_id = profile.id;
}

static int
remove_entry(const char *path, const struct stat *st, int type,
    struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

void
store_sample_close(struct store_sample *t)
{
	pki_store_free(t->store);
	pki_buf_free(t->hold);
	if (t->dir[0] != '\0')
		nftw(t->dir, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

void
store_begin(struct store_sample *t)
{
	must(pki_store_begin(t->store, &t->err), t);
}

void
store_commit(struct store_sample *t)
{
	must(pki_store_commit(t->store, &t->err), t);
}

pki_digest
sample_digest(int n)
{
	pki_digest digest;
	size_t i;

	for (i = 0; i < sizeof(digest.octets); i++)
		digest.octets[i] = (uint8_t)(0xff - (n >> (8 * (i % 4))));
	return digest;
}

pki_serial
sample_serial(int n)
{
	pki_serial serial = { .len = 20, .octets = { 1 } };

	serial.octets[17] = (uint8_t)(n >> 16);
	serial.octets[18] = (uint8_t)(n >> 8);
	serial.octets[19] = (uint8_t)n;
	return serial;
}

pki_serial
short_serial(int len, int last)
{
	pki_serial serial = { .len = (uint8_t)len, .octets = { 1 } };

	serial.octets[len - 1] = (uint8_t)last;
	return serial;
}

pki_ca_row
sample_ca(const char *name)
{
	return (pki_ca_row){
		.name = name, .parent = "root", .der = PKI_BYTES_TEXT("DER"),
		.key_ref = "file:keys/issuing.key", .crl_form = 1,
		.partition_size = 5000, .base_url = "http://pki.example",
		.created_at = 1000, .row_hash = sample_digest(77),
	};
}

pki_identity_row
sample_identity(const char *name)
{
	return (pki_identity_row){
		.name = name, .state = PKI_IDENTITY_LIVE, .created_at = 1000,
		.row_hash = sample_digest(78),
	};
}

pki_pubkey_row
sample_pubkey(int n, int64_t identity_id)
{
	return (pki_pubkey_row){
		.digest = sample_digest(n), .identity_id = identity_id,
		.row_hash = sample_digest(79),
	};
}

pki_profile_row
sample_profile(int n)
{
	return (pki_profile_row){
		.name = n == 1 ? "auditor" : "server",
		.digest = sample_digest(n),
		.text = PKI_BYTES_TEXT("profile text"),
	};
}

pki_cert_row
sample_cert(const struct store_sample *t, int n)
{
	return (pki_cert_row){
		.ca_id = t->ca_id, .identity_id = t->identity_id,
		.pubkey_id = t->pubkey_id, .profile_id = t->profile_id,
		.serial = sample_serial(n), .not_before = 1000,
		.not_after = 5000, .issued_at = 1001, .key_origin = 1,
		.partition = n % 3, .der = PKI_BYTES_TEXT("certificate DER"),
		.row_hash = sample_digest(80),
	};
}

int64_t
add_cert(struct store_sample *t, pki_cert_row row)
{
	store_begin(t);
	must(pki_store_put_cert(t->store, &row, &t->err), t);
	store_commit(t);
	return row.id;
}

int64_t
add_identity(struct store_sample *t, const char *name)
{
	pki_identity_row row = sample_identity(name);

	store_begin(t);
	must(pki_store_claim_identity(t->store, &row, &t->err), t);
	store_commit(t);
	return row.id;
}

const char *
file_of(const struct store_sample *t, const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", t->dir, name);
	return path;
}

int
run_careless(struct store_sample *t, const char *sql, int triggers)
{
	sqlite3 *db;
	int rc;

	cr_assert_eq(sqlite3_open(file_of(t, "ca.db"), &db), SQLITE_OK);
	sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_TRIGGER, triggers, NULL);
	rc = sqlite3_exec(db, sql, NULL, NULL, NULL);
	sqlite3_close(db);
	return rc;
}

int
tamper(struct store_sample *t, const char *sql)
{
	pki_store_free(t->store);
	t->store = NULL;
	return run_careless(t, sql, 0);
}

pki_code
reopen(struct store_sample *t)
{
	pki_store_free(t->store);
	t->store = NULL;
	return pki_store_open(t->url, &t->store, &t->err);
}

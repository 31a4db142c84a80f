#include "tests/lib/ca/ca-sample.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILE_MAX ((size_t)16 << 20)

void
state_path(const struct test_ca *t, const char *name, char out[PKI_PATH_MAX])
{
	pki_err err;

	assert_ok(pki_path_join(out, t->state, name, &err), &err);
}

void
put_file(const struct test_ca *t, const char *name, const char *text)
{
	char path[PKI_PATH_MAX];
	pki_err err;

	state_path(t, name, path);
	assert_ok(pki_file_replace(path, pki_bytes_text(text), 0644, &err),
	    &err);
}

void
drop_file(const struct test_ca *t, const char *name)
{
	char path[PKI_PATH_MAX];

	state_path(t, name, path);
	cr_assert_eq(unlink(path), 0, "%s", path);
}

bool
has_file(const struct test_ca *t, const char *name)
{
	char path[PKI_PATH_MAX];

	state_path(t, name, path);
	return pki_file_exists(path);
}

pki_buf *
get_file(const struct test_ca *t, const char *name)
{
	char path[PKI_PATH_MAX];
	pki_buf *buf = NULL;
	pki_err err;

	state_path(t, name, path);
	assert_ok(pki_file_read(path, FILE_MAX, PKI_FILE_ANY, &buf, &err),
	    &err);
	return buf;
}

void
copy_auditor(struct test_ca *t, const char *name)
{
	PKI_AUTO(pki_buf) text = get_file(t, "templates/auditor.conf");
	char *at = strstr((char *)text->data, "name = \"auditor\"");
	char path[64];

	cr_assert_not_null(at);
	memcpy(at + strlen("name = \""), name, strlen("auditor"));
	snprintf(path, sizeof(path), "templates/%s.conf", name);
	put_file(t, path, pki_buf_text(text));
	restart_ca(t);
}

void
restart_ca(struct test_ca *t)
{
	pki_ca_free(t->ca);
	t->ca = NULL;
	t->ca = reopen_ca(t);
}

void
pass(struct test_ca *t, int64_t seconds)
{
	t->clock.now_ms += seconds * 1000;
}

static sqlite3 *
open_raw(const struct test_ca *t)
{
	char path[PKI_PATH_MAX];
	sqlite3 *db = NULL;

	state_path(t, "ca.db", path);
	cr_assert_eq(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL),
	    SQLITE_OK);
	sqlite3_busy_timeout(db, 5000);
	/* As who tampers would: our triggers stand, and guard nothing. */
	sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
	return db;
}

void
run_sql(const struct test_ca *t, const char *sql)
{
	sqlite3 *db = open_raw(t);

	cr_assert_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK,
	    "%s: %s", sql, sqlite3_errmsg(db));
	sqlite3_close(db);
}

int64_t
ask_sql(const struct test_ca *t, const char *sql)
{
	sqlite3 *db = open_raw(t);
	sqlite3_stmt *statement = NULL;
	int64_t answer;

	cr_assert_eq(sqlite3_prepare_v2(db, sql, -1, &statement, NULL),
	    SQLITE_OK, "%s: %s", sql, sqlite3_errmsg(db));
	cr_assert_eq(sqlite3_step(statement), SQLITE_ROW, "%s", sql);
	answer = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	sqlite3_close(db);
	return answer;
}

void
flip_blob(const struct test_ca *t, const char *table, const char *column,
    int64_t id)
{
	sqlite3 *db = open_raw(t);
	sqlite3_stmt *read = NULL, *write = NULL;
	char sql[256];
	uint8_t *copy;
	int len;

	snprintf(sql, sizeof(sql), "SELECT %s FROM %s WHERE id = ?", column,
	    table);
	cr_assert_eq(sqlite3_prepare_v2(db, sql, -1, &read, NULL), SQLITE_OK);
	sqlite3_bind_int64(read, 1, id);
	cr_assert_eq(sqlite3_step(read), SQLITE_ROW, "%s", sql);
	len = sqlite3_column_bytes(read, 0);
	copy = malloc((size_t)len);
	cr_assert_not_null(copy);
	memcpy(copy, sqlite3_column_blob(read, 0), (size_t)len);
	sqlite3_finalize(read);
	copy[len / 2] ^= 0x10;
	snprintf(sql, sizeof(sql), "UPDATE %s SET %s = ? WHERE id = ?", table,
	    column);
	cr_assert_eq(sqlite3_prepare_v2(db, sql, -1, &write, NULL), SQLITE_OK);
	sqlite3_bind_blob(write, 1, copy, len, free);
	sqlite3_bind_int64(write, 2, id);
	cr_assert_eq(sqlite3_step(write), SQLITE_DONE, "%s", sql);
	sqlite3_finalize(write);
	sqlite3_close(db);
}

static const char *const database[] = { "ca.db", "ca.db-wal" };

static void
copy_database(const char *from_dir, const char *to_dir)
{
	for (size_t i = 0; i < PKI_COUNT(database); i++) {
		PKI_AUTO(pki_buf) buf = NULL;
		char from[PKI_PATH_MAX], to[PKI_PATH_MAX];
		pki_err err;

		assert_ok(pki_path_join(from, from_dir, database[i], &err),
		    &err);
		assert_ok(pki_path_join(to, to_dir, database[i], &err), &err);
		unlink(to);
		if (!pki_file_exists(from))
			continue;
		assert_ok(pki_file_read(from, FILE_MAX, PKI_FILE_ANY, &buf,
		    &err), &err);
		assert_ok(pki_file_replace(to, pki_buf_bytes(buf), 0600, &err),
		    &err);
	}
}

void
keep_database(struct test_ca *t)
{
	char kept[PKI_PATH_MAX];

	assert_ok(pki_path_join(kept, t->dir, "kept", &t->err), &t->err);
	assert_ok(pki_dir_make(kept, 0700, &t->err), &t->err);
	copy_database(t->state, kept);
}

void
restore_database(struct test_ca *t)
{
	char kept[PKI_PATH_MAX], shared[PKI_PATH_MAX];

	pki_ca_free(t->ca);
	t->ca = NULL;
	assert_ok(pki_path_join(kept, t->dir, "kept", &t->err), &t->err);
	state_path(t, "ca.db-shm", shared);
	unlink(shared);
	copy_database(kept, t->state);
	t->ca = reopen_ca(t);
}

pki_audit_head
head_of(struct test_ca *t)
{
	pki_audit_head head = { 0 };

	assert_ok(pki_audit_get_head(t->ca, &head, &t->err), &t->err);
	return head;
}

bool
same_head(pki_audit_head a, pki_audit_head b)
{
	return a.size == b.size && pki_digest_equal(&a.root, &b.root);
}

pki_cert *
issue_with(struct test_ca *t, const pki_issue_request *request)
{
	PKI_AUTO(pki_issued) issued = NULL;

	if (pki_ca_issue(t->ca, request, &issued, &t->err) != PKI_OK)
		return NULL;
	return PKI_TAKE(issued->cert);
}

static pki_code
note_found(const pki_cert_row *row, void *arg, pki_err *err)
{
	struct found *found = arg;

	(void)err;
	found->count++;
	found->status = row->status;
	found->reason = row->reason;
	found->revoked_at = row->revoked_at;
	found->invalid_since = row->invalid_since;
	found->partition = row->partition;
	found->key_origin = row->key_origin;
	snprintf(found->profile, sizeof(found->profile), "%s", row->profile);
	return PKI_OK;
}

struct found
find_cert(struct test_ca *t, const pki_cert *cert)
{
	char id[8 + PKI_SERIAL_TEXT], serial[PKI_SERIAL_TEXT];
	struct found found = { 0 };

	snprintf(id, sizeof(id), "serial:%s",
	    pki_serial_format(pki_cert_serial(cert), serial));
	assert_ok(pki_ca_find(t->ca, id, note_found, &found, &t->err),
	    &t->err);
	return found;
}

pki_revocation
revocation_of(const pki_cert *cert, pki_reason reason)
{
	return (pki_revocation){
		.ca = "issuing", .serial = *pki_cert_serial(cert),
		.reason = reason, .who = test_requester,
	};
}

size_t
revoke_cert(struct test_ca *t, const pki_cert *cert, pki_reason reason)
{
	const pki_revocation revocation = revocation_of(cert, reason);
	size_t count = 0;

	assert_ok(pki_ca_revoke(t->ca, &revocation, &count, &t->err), &t->err);
	return count;
}

void
publish(struct test_ca *t, const char *name)
{
	assert_ok(pki_ca_publish(t->ca, name, &test_requester, NULL, NULL,
	    &t->err), &t->err);
}

void
publish_union(struct test_ca *t, const char *name)
{
	const pki_publish_options options = {
		.who = &test_requester, .mode = PKI_PUBLISH_UNION,
	};

	assert_ok(pki_ca_publish_with(t->ca, name, &options, &t->err),
	    &t->err);
}

pki_crl *
get_crl(const struct test_ca *t, const char *file)
{
	PKI_AUTO(pki_buf) text = NULL;
	char name[PKI_PATH_MAX];
	pki_crl *crl = NULL;
	pki_err err;

	assert_ok(pki_path_join(name, "public", file, &err), &err);
	text = get_file(t, name);
	assert_ok(pki_crl_parse(pki_buf_bytes(text), FILE_MAX, &crl, &err),
	    &err);
	return crl;
}

pki_cert *
get_ca_cert(const struct test_ca *t, const char *name)
{
	PKI_AUTO(pki_buf) text = NULL;
	char file[PKI_PATH_MAX];
	pki_cert *cert = NULL;
	pki_err err;

	snprintf(file, sizeof(file), "public/ca/%s.cer", name);
	text = get_file(t, file);
	assert_ok(pki_cert_parse(pki_buf_bytes(text), &cert, &err), &err);
	return cert;
}

void
register_device(struct test_ca *t, const char *name)
{
	const pki_device device = { .name = name, .profile = "auditor" };
	pki_device_adding adding = { .who = test_requester };

	assert_ok(pki_ca_add_devices(t->ca, &device, 1, &adding, &t->err),
	    &t->err);
}

pki_token_parts
new_token(struct test_ca *t, const char *name, int64_t lifetime)
{
	const pki_token_order order = {
		.lifetime = lifetime, .who = test_requester,
	};
	PKI_AUTO(pki_token_drafts) drafts = NULL;
	pki_token_parts parts;

	assert_ok(pki_ca_draft_tokens(t->ca, &name, 1, &order, &drafts,
	    &t->err), &t->err);
	assert_ok(pki_ca_create_tokens(t->ca, drafts, &test_requester, &t->err),
	    &t->err);
	assert_ok(pki_token_parse(pki_bytes_text(drafts->items[0].text),
	    &parts, &t->err), &t->err);
	return parts;
}

pki_token_parts
token_for(struct test_ca *t, const char *name)
{
	register_device(t, name);
	return new_token(t, name, 3600);
}

pki_evidence
evidence_of(const pki_token_parts *parts)
{
	return (pki_evidence){
		.kind = PKI_EVIDENCE_TOKEN, .token = parts->id,
		.secret = pki_bytes_text(parts->secret),
	};
}

void
edit_auditor(struct test_ca *t, const char *more)
{
	PKI_AUTO(pki_buf) text = get_file(t, "templates/auditor.conf");
	PKI_AUTO(pki_buf) edited = pki_buf_new();
	const char *place;

	pki_buf_add(text, pki_bytes_of("", 1));
	place = strstr((char *)text->data, "grace =");
	cr_assert_not_null(place);
	pki_buf_add(edited, pki_bytes_of(text->data,
	    (size_t)(place - (char *)text->data)));
	pki_buf_add_format(edited, "%s%s", more, place);
	put_file(t, "templates/auditor.conf", pki_buf_text(edited));
	restart_ca(t);
}

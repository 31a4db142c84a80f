#include "ca/publish.h"

#include <stdio.h>
#include <string.h>

#include "ca/due.h"
#include "ca/hold.h"
#include "tests/lib/ca/ca-sample.h"
#include "tests/support/crl-maker.h"
#include "tests/support/crl-reference.h"
#include "x509/tbs.h"

#define FULL "crl/issuing/full.crl"

/* Two revoked, one held, one good; all is published. */
static struct test_ca t;
static pki_cert *certs[4];
static int64_t last_number;

static void
set_up(void)
{
	static const char *const names[] = {
		"meter-0", "meter-1", "meter-2", "meter-3",
	};
	pki_hold hold = { .ca = "issuing", .who = test_requester };
	PKI_AUTO(pki_crl) crl = NULL;

	fresh_ca(&t);
	keep_database(&t);
	for (size_t i = 0; i < PKI_COUNT(certs); i++)
		certs[i] = issue_meter(&t, names[i]);
	pass(&t, PKI_HOUR);
	revoke_cert(&t, certs[0], PKI_REASON_SUPERSEDED);
	revoke_cert(&t, certs[1], PKI_REASON_KEY_COMPROMISE);
	hold.serial = *pki_cert_serial(certs[2]);
	assert_ok(pki_ca_hold(t.ca, &hold, &t.err), &t.err);
	publish(&t, "issuing");
	crl = get_crl(&t, FULL);
	last_number = pki_crl_number(crl);
}

static void
tear_down(void)
{
	for (size_t i = 0; i < PKI_COUNT(certs); i++)
		pki_cert_free(certs[i]);
	drop_ca(&t);
}

TestSuite(ca_publish_union, .timeout = 240);

static void
write_crl(pki_bytes der)
{
	char path[PKI_PATH_MAX];

	state_path(&t, "public/" FULL, path);
	assert_ok(pki_file_replace(path, der, 0644, &t.err), &t.err);
}

typedef pki_code encode(const pki_crl_fields *fields,
    const pki_crl_entry *entries, size_t count, pki_buf *out, pki_err *err);

/* Entries in no order of ours, as other software writes them. */
static pki_code
encode_reversed(const pki_crl_fields *fields, const pki_crl_entry *entries,
    size_t count, pki_buf *out, pki_err *err)
{
	pki_crl_entry reversed[8];

	for (size_t i = 0; i < count; i++)
		reversed[i] = entries[count - 1 - i];
	return crl_reference(fields, reversed, count, out, err);
}

/* The published CRL as another one of the same CA, signed by its key. */
static void
sign_crl(int64_t number, int64_t this_update, size_t more, encode *tbs_of)
{
	PKI_AUTO(pki_buf) text = get_file(&t, "keys/issuing.key");
	PKI_AUTO(pki_cert) issuer = get_ca_cert(&t, "issuing");
	PKI_AUTO(pki_crl) crl = get_crl(&t, FULL);
	PKI_AUTO(pki_buf) tbs = pki_buf_new();
	PKI_AUTO(pki_buf) signature = pki_buf_new();
	PKI_AUTO(pki_buf) der = pki_buf_new();
	PKI_AUTO(pki_key) key = NULL;
	const pki_crl_fields fields = {
		.algorithm = pki_sigalg_for(PKI_KEY_P256),
		.issuer = pki_cert_subject(issuer),
		.authority_key_id = pki_cert_subject_key_id(issuer),
		.this_update = this_update,
		.next_update = this_update + 7 * PKI_DAY, .number = number,
	};
	pki_crl_entry entries[8];
	size_t count;

	for (count = 0; count < pki_crl_count(crl); count++)
		entries[count] = *pki_crl_at(crl, count);
	for (; more > 0; more--, count++) {
		entries[count] = entries[count - 1];
		entries[count].serial.octets[0]++;
	}
	assert_ok(pki_key_parse(pki_buf_bytes(text), pki_bytes_of(NULL, 0),
	    &key, &t.err), &t.err);
	assert_ok(tbs_of(&fields, entries, count, tbs, &t.err), &t.err);
	assert_ok(pki_key_sign(key, pki_buf_bytes(tbs), signature, &t.err),
	    &t.err);
	pki_signed_add(der, pki_buf_bytes(tbs), fields.algorithm,
	    pki_buf_bytes(signature));
	write_crl(pki_buf_bytes(der));
}

static void
flip(const char *near, size_t offset)
{
	PKI_AUTO(pki_buf) der = get_file(&t, "public/" FULL);
	uint8_t *at = der->data + der->len;

	if (near != NULL)
		at = memmem(der->data, der->len, near, 5);
	cr_assert_not_null(at);
	at[(ptrdiff_t)offset] ^= 1;
	write_crl(pki_buf_bytes(der));
}

static void stale_database(void) { restore_database(&t); }
static void lost_status(void)
{
	run_sql(&t, "UPDATE cert SET status = 0 WHERE status = 1");
}
static void bad_reason(void)
{
	run_sql(&t, "UPDATE cert SET reason = 77 WHERE status = 1");
}
static void future_date(void)
{
	run_sql(&t, "UPDATE cert SET revoked_at = 4000000000"
	    " WHERE status = 1");
}
static void moved_date(void)
{
	run_sql(&t, "UPDATE cert SET revoked_at = revoked_at - 5"
	    " WHERE status = 1");
}
static void softer_reason(void)
{
	run_sql(&t, "UPDATE cert SET reason = 4 WHERE reason = 1");
}
static void released_by_flip(void)
{
	run_sql(&t, "UPDATE cert SET status = 0 WHERE status = 2");
}
static void missing_file(void) { drop_file(&t, "public/" FULL); }
static void empty_file(void) { put_file(&t, "public/" FULL, ""); }
static void foreign_file(void)
{
	PKI_AUTO(pki_buf) root = get_file(&t, "public/crl/root/full.crl");

	write_crl(pki_buf_bytes(root));
}
static void truncated_file(void)
{
	PKI_AUTO(pki_buf) der = get_file(&t, "public/" FULL);

	write_crl(pki_bytes_of(der->data, der->len * 2 / 3));
}
/* cRLReason's OID and what follows; cRLNumber's. */
static void flipped_entry(void) { flip("\x06\x03\x55\x1d\x15", 9); }
static void flipped_number(void) { flip("\x06\x03\x55\x1d\x14", 9); }
static void flipped_signature(void) { flip(NULL, (size_t)-1); }
static void number_ahead(void)
{
	sign_crl(last_number + 1000, TEST_BEGIN + PKI_HOUR, 0, crl_tbs);
	last_number += 1000;
}
static void time_ahead(void)
{
	sign_crl(++last_number, TEST_BEGIN + 2 * PKI_DAY, 0, crl_tbs);
}
static void more_entries(void)
{
	sign_crl(++last_number, TEST_BEGIN + PKI_HOUR, 3, crl_tbs);
}
static void other_order(void)
{
	sign_crl(++last_number, TEST_BEGIN + PKI_HOUR, 0, encode_reversed);
}
static void other_order_and_more(void)
{
	sign_crl(++last_number, TEST_BEGIN + PKI_HOUR, 2, encode_reversed);
}

static const struct row {
	const char *what;
	void      (*damage)(void);
	int64_t     kept;
	size_t      entries;
	bool        strict_refuses;
} rows[] = {
	{ "a restored database", stale_database, 3, 3, true },
	{ "rows that lost their status", lost_status, 2, 3, true },
	{ "rows with an impossible reason", bad_reason, 2, 3, true },
	{ "a date in the future", future_date, 0, 3, false },
	{ "a date that moved", moved_date, 2, 3, true },
	{ "a reason that was softened", softer_reason, 1, 3, true },
	{ "a hold that is gone without a release", released_by_flip, 1, 3,
	    true },
	{ "no published file", missing_file, 0, 3, false },
	{ "an empty file", empty_file, 0, 3, false },
	{ "another CA's list", foreign_file, 0, 3, false },
	{ "a truncated file", truncated_file, 0, 3, false },
	{ "a flipped entry", flipped_entry, 0, 3, false },
	{ "a flipped number", flipped_number, 0, 3, false },
	{ "a flipped signature", flipped_signature, 0, 3, false },
	{ "a number far ahead", number_ahead, 0, 3, true },
	{ "a thisUpdate ahead", time_ahead, 0, 3, true },
	{ "more entries than are known", more_entries, 3, 6, true },
	{ "entries in another order", other_order, 0, 3, true },
	{ "more of them, in another order", other_order_and_more, 2, 5, true },
};

static pki_code
note(const pki_published *published, void *arg, pki_err *err)
{
	(void)err;
	*(pki_published *)arg = *published;
	return PKI_OK;
}

static void
expect_row(const struct row *row)
{
	pki_published told = { .ca = NULL };
	const pki_publish_options options = {
		.who = &test_requester, .mode = PKI_PUBLISH_UNION,
		.visit = note, .arg = &told,
	};
	PKI_AUTO(pki_cert) issuer = get_ca_cert(&t, "issuing");
	PKI_AUTO(pki_crl) crl = NULL;
	pki_code rc = pki_ca_publish(t.ca, "issuing", &test_requester, NULL,
	    NULL, &t.err);

	cr_expect_eq(rc != PKI_OK, row->strict_refuses, "%s: %s", row->what,
	    t.err.msg);
	if (rc == PKI_OK)
		pass(&t, 1);
	rc = pki_ca_publish_with(t.ca, "issuing", &options, &t.err);
	cr_assert_eq(rc, PKI_OK, "%s: %s", row->what, t.err.msg);
	cr_expect_eq(told.kept, row->kept, "%s: %lld kept", row->what,
	    (long long)told.kept);
	crl = get_crl(&t, FULL);
	cr_expect_eq(pki_crl_check_issuer(crl, issuer, &t.err), PKI_OK);
	cr_expect_eq(pki_crl_count(crl), row->entries, "%s: %zu entries",
	    row->what, pki_crl_count(crl));
	for (size_t i = 0; i < 3; i++)
		cr_expect_not_null(pki_crl_find(crl,
		    pki_cert_serial(certs[i])), "%s: %zu", row->what, i);
	cr_expect_null(pki_crl_find(crl, pki_cert_serial(certs[3])));
	cr_expect_gt(pki_crl_number(crl), last_number, "%s", row->what);
	cr_expect_gt(pki_crl_next_update(crl), pki_clock_now(&t.clock.clock));
	cr_expect_leq(pki_crl_this_update(crl),
	    pki_clock_now(&t.clock.clock) + 5);
	for (size_t i = 0; i < pki_crl_count(crl); i++)
		cr_expect_leq(pki_crl_at(crl, i)->revoked_at,
		    pki_clock_now(&t.clock.clock), "%s", row->what);
}

Test(ca_publish_union, publishes_no_bad_list_and_lets_none_expire)
{
	for (size_t i = 0; i < PKI_COUNT(rows); i++) {
		set_up();
		rows[i].damage();
		pass(&t, 8 * PKI_DAY);
		expect_row(&rows[i]);
		tear_down();
	}
}

Test(ca_publish_union, notices_by_itself_when_it_is_time)
{
	pki_hold hold = { .ca = "issuing", .who = test_requester };
	bool due = true;

	set_up();
	assert_ok(pki_ca_crl_is_due(t.ca, "issuing", &due, &t.err), &t.err);
	cr_expect_not(due, "just published");
	hold.serial = *pki_cert_serial(certs[2]);
	assert_ok(pki_ca_release(t.ca, &hold, &t.err), &t.err);
	assert_ok(pki_ca_crl_is_due(t.ca, "issuing", &due, &t.err), &t.err);
	cr_expect(due, "a release");
	publish(&t, "issuing");
	revoke_cert(&t, certs[3], PKI_REASON_SUPERSEDED);
	assert_ok(pki_ca_crl_is_due(t.ca, "issuing", &due, &t.err), &t.err);
	cr_expect(due, "a revocation");
	publish(&t, "issuing");
	revoke_cert(&t, certs[3], PKI_REASON_KEY_COMPROMISE);
	assert_ok(pki_ca_crl_is_due(t.ca, "issuing", &due, &t.err), &t.err);
	cr_expect(due, "another reason");
	publish(&t, "issuing");
	pass(&t, 50 * PKI_MINUTE);
	assert_ok(pki_ca_crl_is_due(t.ca, "issuing", &due, &t.err), &t.err);
	cr_expect_not(due, "50 minutes old");
	pass(&t, 10 * PKI_MINUTE);
	assert_ok(pki_ca_crl_is_due(t.ca, "issuing", &due, &t.err), &t.err);
	cr_expect(due, "an hour old");
	assert_ok(pki_ca_crl_is_due(t.ca, "root", &due, &t.err), &t.err);
	cr_expect_not(due, "a root, far from half of its life");
	tear_down();
}

/* Signed in pieces, or as a whole: what is published is the same. */
Test(ca_publish_union, publishes_with_every_type_of_key)
{
	static const pki_key_type types[] = {
		PKI_KEY_P256, PKI_KEY_P384, PKI_KEY_P521, PKI_KEY_ED25519,
		PKI_KEY_RSA3072,
	};

	for (size_t i = 0; i < PKI_COUNT(types); i++) {
		struct test_ca of = { .ca = NULL };
		pki_ca_setup setup;
		PKI_AUTO(pki_cert) cert = NULL;
		PKI_AUTO(pki_crl) crl = NULL;

		test_clock_init(&of.clock);
		temp_dir(of.dir);
		assert_ok(pki_path_join(of.state, of.dir, "ca", &of.err),
		    &of.err);
		setup = test_setup(&of);
		setup.issuing_key = types[i];
		assert_ok(pki_ca_init(&setup, &of.err), &of.err);
		of.ca = reopen_ca(&of);
		cert = issue_meter(&of, "meter-1");
		revoke_cert(&of, cert, PKI_REASON_SUPERSEDED);
		publish(&of, "issuing");
		crl = get_crl(&of, FULL);
		cr_expect_not_null(pki_crl_find(crl, pki_cert_serial(cert)),
		    "%s", pki_key_type_name(types[i]));
		drop_ca(&of);
	}
}

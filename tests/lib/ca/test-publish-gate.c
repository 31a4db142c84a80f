#include "ca/publish.h"

#include <stdio.h>
#include <string.h>

#include "ca/handle.h"
#include "ca/rowhash.h"
#include "tests/lib/ca/ca-sample.h"

#define FULL "crl/issuing/full.crl"

/* What may follow a published CRL, with store, files and clock of a real CA. */
static struct test_ca t;

static void
set_up(void)
{
	fresh_ca(&t);
}

static void
tear_down(void)
{
	drop_ca(&t);
}

TestSuite(ca_publish_gate, .init = set_up, .fini = tear_down, .timeout = 60);

static pki_code
try_publish(void)
{
	return pki_ca_publish(t.ca, "issuing", &test_requester, NULL, NULL,
	    &t.err);
}

static bool
lists(const char *file, const pki_cert *cert)
{
	PKI_AUTO(pki_crl) crl = get_crl(&t, file);

	return pki_crl_find(crl, pki_cert_serial(cert)) != NULL;
}

/* Within its slack the clock goes back and forth; a published date does not. */
Test(ca_publish_gate, keeps_the_date_that_it_published_with_the_clock_behind)
{
	PKI_AUTO(pki_cert) cert = issue_meter(&t, "meter-1");
	PKI_AUTO(pki_crl) first = NULL;
	PKI_AUTO(pki_crl) second = NULL;

	pass(&t, PKI_HOUR);
	revoke_cert(&t, cert, PKI_REASON_SUPERSEDED);
	pass(&t, -PKI_MINUTE);
	publish(&t, "issuing");
	first = get_crl(&t, FULL);
	pass(&t, PKI_HOUR);
	publish(&t, "issuing");
	second = get_crl(&t, FULL);
	cr_assert_eq(pki_crl_find(first, pki_cert_serial(cert))->revoked_at,
	    TEST_BEGIN + PKI_HOUR - PKI_MINUTE);
	cr_assert_eq(pki_crl_find(second, pki_cert_serial(cert))->revoked_at,
	    TEST_BEGIN + PKI_HOUR - PKI_MINUTE);
}

/* It was recorded before the rename: who was killed there leaves an old one. */
Test(ca_publish_gate, follows_a_file_that_is_older_than_the_record)
{
	PKI_AUTO(pki_buf) before = get_file(&t, "public/" FULL);
	char path[PKI_PATH_MAX];

	publish(&t, "issuing");
	state_path(&t, "public/" FULL, path);
	assert_ok(pki_file_replace(path, pki_buf_bytes(before), 0644, &t.err),
	    &t.err);
	pass(&t, 1);
	publish(&t, "issuing");
}

/* G17 against one who can write the database, row hashes included. */
Test(ca_publish_gate, believes_the_certificate_and_not_its_row_when_it_expires)
{
	PKI_AUTO(pki_cert) cert = issue_meter(&t, "meter-1");
	PKI_AUTO(pki_cert) old = issue_meter(&t, "meter-2");
	PKI_AUTO(pki_buf) hold = pki_buf_new();
	pki_cert_row row;
	char sql[256], digits[PKI_DIGEST_TEXT];

	revoke_cert(&t, cert, PKI_REASON_SUPERSEDED);
	pass(&t, PKI_HOUR);
	publish(&t, "issuing");
	assert_ok(pki_store_get_cert(t.ca->store, 2, pki_cert_serial(cert),
	    &row, hold, &t.err), &t.err);
	row.not_after = TEST_BEGIN + 1;
	assert_ok(pki_row_seal_cert(&row, &t.err), &t.err);
	snprintf(sql, sizeof(sql), "UPDATE cert SET not_after = %lld,"
	    " row_hash = x'%s' WHERE id = %lld", (long long)row.not_after,
	    pki_digest_format(&row.row_hash, digits), (long long)row.id);
	run_sql(&t, sql);
	pass(&t, PKI_HOUR);
	assert_refused(try_publish(), PKI_DENIED, &t.err, "crl-gate");
	cr_assert_not_null(strstr(t.err.value, "is missing"));
	publish_union(&t, "issuing");
	cr_assert(lists(FULL, cert));
	/* Nor another certificate in its place. */
	row.der = pki_cert_der(old);
	assert_ok(pki_row_seal_cert(&row, &t.err), &t.err);
	snprintf(sql, sizeof(sql), "UPDATE cert SET der = (SELECT der FROM"
	    " cert WHERE id = %lld), row_hash = x'%s' WHERE id = %lld",
	    (long long)row.id + 1, pki_digest_format(&row.row_hash, digits),
	    (long long)row.id);
	run_sql(&t, sql);
	pass(&t, 1);
	assert_refused(try_publish(), PKI_DAMAGED, &t.err, NULL);
	publish_union(&t, "issuing");
	cr_assert(lists(FULL, cert));
}

/* G13: the clock was a year ahead when CRLs were signed, and is right again. */
Test(ca_publish_gate, goes_back_to_the_clock_when_an_operator_says_so)
{
	const pki_publish_options options = {
		.who = &test_requester, .ahead = PKI_AHEAD_ACCEPTED,
	};
	PKI_AUTO(pki_cert) first = issue_meter(&t, "meter-1");
	PKI_AUTO(pki_cert) second = issue_meter(&t, "meter-2");
	PKI_AUTO(pki_crl) ahead = NULL;
	PKI_AUTO(pki_crl) now = NULL;
	pki_audit_head head;

	revoke_cert(&t, first, PKI_REASON_SUPERSEDED);
	publish(&t, "issuing");
	pass(&t, 3 * PKI_YEAR);
	publish(&t, "issuing");
	/* By that clock both have expired, and the first one left the list. */
	revoke_cert(&t, second, PKI_REASON_SUPERSEDED);
	publish(&t, "issuing");
	pass(&t, PKI_DAY - 3 * PKI_YEAR);
	assert_ok(pki_ca_accept_clock(t.ca, &test_requester, &t.err), &t.err);
	assert_refused(try_publish(), PKI_CLOCK, &t.err, NULL);
	cr_assert_not_null(strstr(t.err.msg, "--accept-clock"));
	assert_refused(pki_ca_check_crl_clock(t.ca, "issuing", &t.err),
	    PKI_CLOCK, &t.err, NULL);
	assert_ok(pki_ca_check_crl_clock(t.ca, "root", &t.err), &t.err);
	ahead = get_crl(&t, FULL);
	head = head_of(&t);
	assert_ok(pki_ca_publish_with(t.ca, "issuing", &options, &t.err),
	    &t.err);
	now = get_crl(&t, FULL);
	cr_assert_eq(head_of(&t).size, head.size + 2);
	cr_assert_gt(pki_crl_number(now), pki_crl_number(ahead));
	cr_assert_eq(pki_crl_this_update(now), TEST_BEGIN + PKI_DAY);
	cr_assert(lists(FULL, first) && lists(FULL, second));
	cr_assert_eq(pki_crl_find(now, pki_cert_serial(second))->revoked_at,
	    TEST_BEGIN + PKI_DAY);
	/* From here on as ever, and the date stays what it is. */
	assert_ok(pki_ca_check_crl_clock(t.ca, "issuing", &t.err), &t.err);
	pass(&t, 10);
	publish(&t, "issuing");
	pki_crl_free(now);
	now = get_crl(&t, FULL);
	cr_assert_eq(pki_crl_find(now, pki_cert_serial(second))->revoked_at,
	    TEST_BEGIN + PKI_DAY);
}

#include "ca/find.h"

#include <stdio.h>
#include <string.h>

#include "ca/handle.h"
#include "ca/rowhash.h"
#include "tests/lib/ca/ca-sample.h"

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

TestSuite(ca_find, .init = set_up, .fini = tear_down, .timeout = 60);
TestSuite(ca_each_cert, .init = set_up, .fini = tear_down, .timeout = 60);
TestSuite(cert_state, .timeout = 30);

static pki_code
count(const pki_cert_row *row, void *arg, pki_err *err)
{
	(void)row;
	(void)err;
	++*(size_t *)arg;
	return PKI_OK;
}

static size_t
matches(const char *id)
{
	size_t n = 0;

	memset(&t.err, 0, sizeof(t.err));
	cr_expect_eq(pki_ca_find(t.ca, id, count, &n, &t.err),
	    n == 0 ? PKI_NOT_FOUND : PKI_OK, "%s: %s", id, t.err.msg);
	return n;
}

Test(ca_find, takes_names_serials_and_fingerprints)
{
	PKI_AUTO(pki_cert) cert = issue_meter(&t, "meter-1");
	char serial[PKI_SERIAL_TEXT], digest[PKI_DIGEST_TEXT], id[80];

	pki_cert_free(issue_meter(&t, "meter-2"));
	pki_serial_format(pki_cert_serial(cert), serial);
	pki_digest_format(pki_cert_digest(cert), digest);
	cr_expect_eq(matches("meter-1"), 1);
	cr_expect_eq(matches("METER-1"), 1);
	cr_expect_eq(matches("name:meter-1"), 1);
	cr_expect_eq(matches(serial), 1);
	cr_expect_eq(matches(serial + 32), 1);
	cr_expect_eq(matches(serial + 30), 1);
	cr_expect_eq(matches(digest), 1);
	snprintf(id, sizeof(id), "serial:%s", serial);
	cr_expect_eq(matches(id), 1);
	snprintf(id, sizeof(id), "serial:%s", serial + 32);
	cr_expect_eq(matches(id), 1);
	snprintf(id, sizeof(id), "sha256:%s", digest);
	cr_expect_eq(matches(id), 1);
	for (char *p = id; *p != '\0'; p++)
		if (p > id + 6 && *p >= 'a' && *p <= 'f')
			*p = (char)(*p - 32);
	cr_expect_eq(matches(id), 1, "%s", id);
}

Test(ca_find, finds_nothing_by_what_is_on_no_record)
{
	PKI_AUTO(pki_cert) cert = issue_meter(&t, "meter-1");
	char serial[PKI_SERIAL_TEXT], digest[PKI_DIGEST_TEXT], id[80];

	pki_serial_format(pki_cert_serial(cert), serial);
	pki_digest_format(pki_cert_digest(cert), digest);
	cr_expect_eq(matches("meter-2"), 0);
	cr_expect_eq(matches("meter"), 0);
	cr_expect_eq(matches("name:"), 0);
	cr_expect_eq(matches("serial:deadbeefdeadbeef"), 0);
	/* A prefix forces the kind. */
	snprintf(id, sizeof(id), "name:%s", serial);
	cr_expect_eq(matches(id), 0);
	/* Seven digits could be anybody's. */
	cr_expect_eq(matches(serial + 33), 0);
	digest[0] = digest[0] == '0' ? '1' : '0';
	cr_expect_eq(matches(digest), 0);
	cr_expect_eq(matches("a'; DROP TABLE cert; --"), 0);
	cr_expect_eq(matches("%"), 0);
}

Test(ca_find, refuses_a_prefix_before_what_has_not_its_shape)
{
	static const char *const bad[] = {
		"serial:", "serial:1234567", "serial:123456789",
		"serial:meter-01", "serial:0x123456",
		"serial:000102030405060708090a0b0c0d0e0f101112131415",
		"sha256:", "sha256:1234abcd", "sha256:zz",
	};
	size_t n = 0;

	for (size_t i = 0; i < PKI_COUNT(bad); i++) {
		cr_expect_eq(pki_ca_find(t.ca, bad[i], count, &n, &t.err),
		    PKI_BAD_INPUT, "%s", bad[i]);
		cr_expect_str_eq(t.err.rule, "certificate-id");
		cr_expect_str_eq(t.err.value, bad[i]);
	}
	cr_expect_eq(n, 0);
}

Test(ca_find, gives_every_certificate_of_a_name)
{
	struct test_request r;

	fresh_request(&r, "auditor", "meter-1");
	pki_cert_free(issue_with(&t, &r.request));
	r.request.purpose = PKI_ISSUE_REPLACE;
	pki_cert_free(issue_with(&t, &r.request));
	pki_cert_free(issue_with(&t, &r.request));
	cr_assert_eq(matches("meter-1"), 3);
	drop_request(&r);
}

/* Store the row again under another serial. */
static pki_code
put_again(const pki_cert_row *row, void *arg, pki_err *err)
{
	pki_cert_row copy = *row;

	copy.serial = *(const pki_serial *)arg;
	assert_ok(pki_row_seal_cert(&copy, err), err);
	assert_ok(pki_store_begin(t.ca->store, err), err);
	assert_ok(pki_store_put_cert(t.ca->store, &copy, err), err);
	assert_ok(pki_store_commit(t.ca->store, err), err);
	return PKI_OK;
}

Test(ca_find, gives_all_that_an_ambiguous_ending_may_mean)
{
	PKI_AUTO(pki_cert) cert = issue_meter(&t, "meter-1");
	pki_serial twin = *pki_cert_serial(cert);
	char text[PKI_SERIAL_TEXT];

	/* Imported CAs bring such serials. */
	twin.octets[15] ^= 1;
	assert_ok(pki_ca_find(t.ca, "meter-1", put_again, &twin, &t.err),
	    &t.err);
	pki_serial_format(pki_cert_serial(cert), text);
	cr_assert_eq(matches(text + 32), 2);
	cr_assert_eq(matches(text + 30), 1);
	cr_assert_eq(matches(text), 1);
}

static pki_code
refuse_row(const pki_cert_row *row, void *arg, pki_err *err)
{
	(void)row;
	++*(size_t *)arg;
	return pki_fail(err, PKI_BUSY, "enough");
}

Test(ca_find, ends_with_what_the_visitor_returns)
{
	size_t n = 0;

	pki_cert_free(issue_meter(&t, "meter-1"));
	assert_refused(pki_ca_find(t.ca, "meter-1", refuse_row, &n, &t.err),
	    PKI_BUSY, &t.err, NULL);
	cr_assert_str_eq(t.err.msg, "enough");
	cr_assert_eq(n, 1);
}

Test(ca_each_cert, walks_one_ca_or_all)
{
	const pki_cert_filter auditors = { .profile = "auditor" };
	size_t n = 0;

	pki_cert_free(issue_meter(&t, "meter-1"));
	pki_cert_free(issue_meter(&t, "meter-2"));
	assert_ok(pki_ca_each_cert(t.ca, NULL, NULL, count, &n, &t.err),
	    &t.err);
	cr_assert_eq(n, 4);
	n = 0;
	assert_ok(pki_ca_each_cert(t.ca, "root", NULL, count, &n, &t.err),
	    &t.err);
	cr_assert_eq(n, 2);
	n = 0;
	assert_ok(pki_ca_each_cert(t.ca, "issuing", &auditors, count, &n,
	    &t.err), &t.err);
	cr_assert_eq(n, 2);
	n = 0;
	assert_ok(pki_ca_each_cert(t.ca, "root", &auditors, count, &n, &t.err),
	    &t.err);
	cr_assert_eq(n, 0);
	assert_refused(pki_ca_each_cert(t.ca, "nobody", NULL, count, &n,
	    &t.err), PKI_NOT_FOUND, &t.err, "ca");
}

Test(cert_state, is_what_lists_show)
{
	static const struct row {
		int         status;
		int64_t     now;
		const char *state;
	} rows[] = {
		{ PKI_CERT_GOOD, 100, "good" },
		{ PKI_CERT_GOOD, 101, "expired" },
		{ PKI_CERT_HELD, 100, "held" },
		{ PKI_CERT_HELD, 101, "expired" },
		{ PKI_CERT_REVOKED, 100, "revoked" },
		{ PKI_CERT_REVOKED, 101, "revoked" },
	};

	for (size_t i = 0; i < PKI_COUNT(rows); i++) {
		const pki_cert_row row = {
			.status = rows[i].status, .not_after = 100,
		};

		cr_expect_str_eq(pki_cert_state(&row, rows[i].now),
		    rows[i].state);
	}
}

#include "ca/publish.h"

#include <stdio.h>
#include <string.h>

#include "tests/lib/ca/ca-sample.h"

/* The issuing CA's state, and that of its offline root. */
static struct test_ca t, root;

static void
set_up(void)
{
	pki_ca_setup setup;

	memset(&t, 0, sizeof(t));
	test_clock_init(&t.clock);
	temp_dir(t.dir);
	root = t;
	assert_ok(pki_path_join(t.state, t.dir, "ca", &t.err), &t.err);
	assert_ok(pki_path_join(root.state, t.dir, "vault", &t.err), &t.err);
	setup = test_setup(&t);
	setup.offline_root = root.state;
	assert_ok(pki_ca_init(&setup, &t.err), &t.err);
	t.ca = reopen_ca(&t);
	test_clock_init(&root.clock);
	root.ca = reopen_ca(&root);
}

static void
tear_down(void)
{
	pki_ca_free(root.ca);
	drop_ca(&t);
}

TestSuite(ca_import_crl, .init = set_up, .fini = tear_down, .timeout = 60);

#define ROOT_CRL "public/crl/root/full.crl"

static pki_code
import(const pki_buf *crl, pki_published *published)
{
	return pki_ca_import_crl(t.ca, pki_buf_bytes(crl), &test_requester,
	    published, &t.err);
}

static void
expect_refused(const pki_buf *crl, pki_code code, const char *rule)
{
	PKI_AUTO(pki_buf) before = get_file(&t, ROOT_CRL);
	PKI_AUTO(pki_buf) after = NULL;
	pki_audit_head head = head_of(&t);
	pki_published published;

	assert_refused(import(crl, &published), code, &t.err, rule);
	after = get_file(&t, ROOT_CRL);
	cr_assert(pki_bytes_equal(pki_buf_bytes(before),
	    pki_buf_bytes(after)));
	cr_assert(same_head(head, head_of(&t)));
}

Test(ca_import_crl, installs_what_the_offline_root_has_signed)
{
	PKI_AUTO(pki_buf) made = NULL;
	PKI_AUTO(pki_buf) there = NULL;
	PKI_AUTO(pki_buf) pem = NULL;
	PKI_AUTO(pki_buf) chain = NULL;
	pki_published published;

	publish(&root, "root");
	made = get_file(&root, ROOT_CRL);
	pem = get_file(&root, "public/crl/root/full.pem");
	assert_ok(import(pem, &published), &t.err);
	cr_assert_str_eq(published.ca, "root");
	cr_assert_eq(published.number, 2);
	cr_assert_eq(published.entries, 0);
	there = get_file(&t, ROOT_CRL);
	cr_assert(pki_bytes_equal(pki_buf_bytes(made), pki_buf_bytes(there)));
	chain = get_file(&t, "public/crl/issuing/chain.pem");
	cr_assert_not_null(strstr(pki_buf_text(chain), pki_buf_text(pem)));
}

Test(ca_import_crl, refuses_the_same_one_and_an_older_one)
{
	PKI_AUTO(pki_buf) first = get_file(&root, ROOT_CRL);
	PKI_AUTO(pki_buf) second = NULL;
	pki_published published;

	expect_refused(first, PKI_DENIED, "crl-gate");
	publish(&root, "root");
	second = get_file(&root, ROOT_CRL);
	assert_ok(import(second, &published), &t.err);
	expect_refused(first, PKI_DENIED, "crl-gate");
	expect_refused(second, PKI_DENIED, "crl-gate");
}

/* Recorded, and not all of it there: said once more, it is finished. */
Test(ca_import_crl, finishes_what_was_cut_off)
{
	static const char *const files[] = {
		ROOT_CRL, "public/crl/root/full.pem",
		"public/crl/root/chain.pem", "public/crl/issuing/chain.pem",
	};
	PKI_AUTO(pki_buf) crl = NULL;
	pki_published published;
	pki_audit_head head;

	publish(&root, "root");
	crl = get_file(&root, ROOT_CRL);
	assert_ok(import(crl, &published), &t.err);
	head = head_of(&t);
	/* The chain below is the concern of the CA below. */
	for (size_t i = 0; i + 1 < PKI_COUNT(files); i++) {
		drop_file(&t, files[i]);
		drop_file(&t, files[PKI_COUNT(files) - 1]);
		assert_ok(import(crl, &published), &t.err);
		cr_expect(has_file(&t, files[i]), "%s", files[i]);
		cr_expect(has_file(&t, files[PKI_COUNT(files) - 1]));
	}
	cr_assert(same_head(head, head_of(&t)));
	expect_refused(crl, PKI_DENIED, "crl-gate");
}

Test(ca_import_crl, refuses_an_expired_one)
{
	PKI_AUTO(pki_buf) crl = NULL;

	publish(&root, "root");
	crl = get_file(&root, ROOT_CRL);
	pass(&t, 2 * PKI_YEAR);
	expect_refused(crl, PKI_DENIED, "crl-gate");
}

/* It would stand in the way of every later one until then. */
Test(ca_import_crl, refuses_one_from_the_future)
{
	PKI_AUTO(pki_buf) crl = NULL;

	pass(&root, PKI_DAY);
	publish(&root, "root");
	crl = get_file(&root, ROOT_CRL);
	expect_refused(crl, PKI_DENIED, "crl-gate");
	pass(&t, PKI_DAY - PKI_MINUTE - 5);
	assert_ok(import(crl, &(pki_published){ 0 }), &t.err);
}

Test(ca_import_crl, refuses_that_of_another_ca_and_what_is_none)
{
	PKI_AUTO(pki_buf) text = pki_buf_copy(PKI_BYTES_TEXT("garbage"));
	PKI_AUTO(pki_buf) crl = NULL;
	struct test_ca other;

	expect_refused(text, PKI_BAD_INPUT, NULL);
	fresh_ca(&other);
	crl = get_file(&other, ROOT_CRL);
	drop_ca(&other);
	expect_refused(crl, PKI_DENIED, "issuer");
}

Test(ca_import_crl, refuses_a_flipped_bit)
{
	PKI_AUTO(pki_buf) crl = NULL;

	publish(&root, "root");
	crl = get_file(&root, ROOT_CRL);
	/* Within thisUpdate's digits: still a CRL, but not the one signed. */
	for (size_t i = 0; i + 1 < crl->len; i++)
		if (crl->data[i] == 0x17 && crl->data[i + 1] == 13) {
			crl->data[i + 2 + 11] ^= 1;
			break;
		}
	expect_refused(crl, PKI_DENIED, NULL);
}

Test(ca_import_crl, mends_a_root_crl_that_was_damaged)
{
	PKI_AUTO(pki_buf) crl = NULL;
	pki_published published;
	struct test_request r;

	put_file(&t, ROOT_CRL, "garbage");
	fresh_request(&r, "auditor", "meter-1");
	/* Nobody knows then whether the issuing CA is revoked. */
	cr_assert_null(issue_with(&t, &r.request));
	cr_assert_eq(t.err.code, PKI_DAMAGED, "%s", t.err.msg);
	drop_request(&r);
	publish(&root, "root");
	crl = get_file(&root, ROOT_CRL);
	assert_ok(import(crl, &published), &t.err);
	pki_cert_free(issue_meter(&t, "meter-1"));
}

Test(ca_import_crl, brings_the_end_of_the_issuing_ca)
{
	PKI_AUTO(pki_cert) issuing = get_ca_cert(&t, "issuing");
	PKI_AUTO(pki_cert) meter = issue_meter(&t, "meter-1");
	PKI_AUTO(pki_crl) list = NULL;
	struct test_request r;
	pki_audit_head head;
	pki_revocation revocation = revocation_of(issuing,
	    PKI_REASON_CA_COMPROMISE);
	PKI_AUTO(pki_buf) crl = NULL;
	pki_published published;
	size_t count = 0;

	revocation.ca = "root";
	assert_ok(pki_ca_revoke(root.ca, &revocation, &count, &t.err),
	    &t.err);
	cr_assert_eq(count, 1);
	publish(&root, "root");
	crl = get_file(&root, ROOT_CRL);
	assert_ok(import(crl, &published), &t.err);
	cr_assert_eq(published.entries, 1);
	cr_assert_eq(find_cert(&t, meter).reason, PKI_REASON_CA_COMPROMISE);
	fresh_request(&r, "auditor", "meter-2");
	cr_assert_null(issue_with(&t, &r.request));
	cr_assert_str_eq(t.err.rule, "ca-state");
	drop_request(&r);
	/* A broker looks only at the leaf's own issuer. */
	publish(&t, "issuing");
	list = get_crl(&t, "crl/issuing/full.crl");
	cr_assert_not_null(pki_crl_find(list, pki_cert_serial(meter)));
	assert_ok(pki_audit_verify(t.ca, NULL, &head, NULL, NULL, &t.err),
	    &t.err);
}

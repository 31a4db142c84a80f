#include "ca/publish.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/lib/ca/ca-sample.h"

/* A CA with partitions of 100, made by each test's set-up. */
static struct test_ca t;

static void
set_up(void)
{
	pki_ca_setup setup;

	memset(&t, 0, sizeof(t));
	test_clock_init(&t.clock);
	temp_dir(t.dir);
	assert_ok(pki_path_join(t.state, t.dir, "ca", &t.err), &t.err);
	cr_assert_eq(mkdir(t.state, 0711), 0);
	put_file(&t, "pki.conf",
	    "crl: { form = \"partitioned\"; partition-size = 100; };\n");
	setup = test_setup(&t);
	assert_ok(pki_ca_init(&setup, &t.err), &t.err);
	t.ca = reopen_ca(&t);
}

static void
tear_down(void)
{
	drop_ca(&t);
}

TestSuite(ca_publish_parts, .init = set_up, .fini = tear_down, .timeout = 60);

/* The CRL at a leaf's URL. */
static pki_crl *
crl_at(const char *url)
{
	static const char base[] = "http://pki.test/";

	cr_assert_eq(strncmp(url, base, sizeof(base) - 1), 0, "%s", url);
	return get_crl(&t, url + sizeof(base) - 1);
}

Test(ca_publish_parts, gives_each_leaf_the_crl_that_its_certificate_names)
{
	PKI_AUTO(pki_cert) leaf = issue_meter(&t, "meter-1");
	PKI_AUTO(pki_crl) part = NULL;
	PKI_AUTO(pki_crl) complete = NULL;

	cr_assert_str_eq(pki_cert_crl_url(leaf),
	    "http://pki.test/crl/issuing/0.crl");
	revoke_cert(&t, leaf, PKI_REASON_SUPERSEDED);
	publish(&t, "issuing");
	part = crl_at(pki_cert_crl_url(leaf));
	cr_assert_str_eq(pki_crl_idp_url(part), pki_cert_crl_url(leaf));
	cr_assert_not_null(pki_crl_find(part, pki_cert_serial(leaf)));
	complete = get_crl(&t, "crl/issuing/complete.crl");
	cr_assert_null(pki_crl_idp_url(complete));
	cr_assert_not_null(pki_crl_find(complete, pki_cert_serial(leaf)));
	cr_assert_not(has_file(&t, "public/crl/issuing/full.crl"));
	cr_assert(has_file(&t, "public/crl/issuing/0.pem"));
	cr_assert(has_file(&t, "public/crl/issuing/complete.pem"));
}

/* The IDPs of a file's CRLs, in order, "-" for none. */
static pki_code
note_idp(pki_bytes der, void *arg, pki_err *err)
{
	PKI_AUTO(pki_crl) crl = NULL;
	pki_buf *idps = arg;
	pki_code rc = pki_crl_parse(der, 1 << 20, &crl, err);

	if (rc == PKI_OK)
		pki_buf_add_format(idps, "%s ", pki_crl_idp_url(crl) == NULL ?
		    "-" : pki_crl_idp_url(crl));
	return rc;
}

Test(ca_publish_parts, begins_the_next_one_with_the_next_certificate)
{
	PKI_AUTO(pki_cert) last = NULL;
	PKI_AUTO(pki_cert) next = NULL;
	PKI_AUTO(pki_crl) first = NULL;
	PKI_AUTO(pki_crl) second = NULL;
	PKI_AUTO(pki_buf) chain = NULL;
	PKI_AUTO(pki_buf) idps = pki_buf_new();

	for (int i = 1; i <= 99; i++) {
		char name[24];

		snprintf(name, sizeof(name), "meter-%d", i);
		pki_cert_free(issue_meter(&t, name));
	}
	last = issue_meter(&t, "meter-100");
	next = issue_meter(&t, "meter-101");
	cr_assert_str_eq(pki_cert_crl_url(last),
	    "http://pki.test/crl/issuing/0.crl");
	cr_assert_str_eq(pki_cert_crl_url(next),
	    "http://pki.test/crl/issuing/1.crl");
	revoke_cert(&t, last, PKI_REASON_SUPERSEDED);
	revoke_cert(&t, next, PKI_REASON_SUPERSEDED);
	publish(&t, "issuing");
	first = crl_at(pki_cert_crl_url(last));
	second = crl_at(pki_cert_crl_url(next));
	cr_assert_eq(pki_crl_count(first), 1);
	cr_assert_eq(pki_crl_count(second), 1);
	cr_assert_not_null(pki_crl_find(first, pki_cert_serial(last)));
	cr_assert_not_null(pki_crl_find(second, pki_cert_serial(next)));
	cr_assert_neq(pki_crl_number(first), pki_crl_number(second));
	chain = get_file(&t, "public/crl/issuing/chain.pem");
	assert_ok(pki_pem_each(pki_buf_bytes(chain), PKI_PEM_CRL, 1 << 20,
	    note_idp, idps, &t.err), &t.err);
	cr_assert_str_eq(pki_buf_text(idps),
	    "http://pki.test/crl/issuing/0.crl "
	    "http://pki.test/crl/issuing/1.crl - ");
}

Test(ca_publish_parts, believes_no_more_partitions_than_certificates)
{
	pki_cert_free(issue_meter(&t, "meter-1"));
	run_sql(&t, "UPDATE ca_count SET last_partition = 9000000000000");
	publish(&t, "issuing");
	cr_assert(has_file(&t, "public/crl/issuing/0.crl"));
	cr_assert_not(has_file(&t, "public/crl/issuing/1.crl"));
}

Test(ca_publish_parts, keeps_the_form_that_the_ca_was_made_with)
{
	PKI_AUTO(pki_cert) leaf = NULL;

	put_file(&t, "pki.conf",
	    "base-url = \"http://other.test\"; crl: { form = \"full\"; };\n");
	restart_ca(&t);
	leaf = issue_meter(&t, "meter-1");
	cr_assert_str_eq(pki_cert_crl_url(leaf),
	    "http://pki.test/crl/issuing/0.crl");
	publish(&t, "issuing");
	cr_assert(has_file(&t, "public/crl/issuing/0.crl"));
}

Test(ca_publish_parts, leaves_the_root_with_one_full_list)
{
	cr_assert(has_file(&t, "public/crl/root/full.crl"));
	cr_assert_not(has_file(&t, "public/crl/root/complete.crl"));
}

#include "ca/issue.h"

#include <string.h>

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

TestSuite(renew, .init = set_up, .fini = tear_down, .timeout = 60);

/* A request that follows what its identity has. */
static pki_before *
follow(struct test_request *r)
{
	pki_before *before = NULL;

	assert_ok(pki_ca_find_before(t.ca, r->request.identity, &before,
	    &t.err), &t.err);
	pki_issue_request_follow(before, &r->request);
	return before;
}

Test(renew, gives_one_more_and_leaves_what_there_was)
{
	PKI_AUTO(pki_cert) old = issue_meter(&t, "meter-1");
	PKI_AUTO(pki_before) before = NULL;
	PKI_AUTO(pki_issued) issued = NULL;
	struct test_request r;

	pass(&t, 60 * PKI_DAY);
	fresh_request(&r, NULL, "meter-1");
	before = follow(&r);
	cr_assert_str_eq(before->profile, "auditor");
	cr_assert(pki_serial_equal(r.request.follows, pki_cert_serial(old)));
	assert_ok(pki_ca_issue(t.ca, &r.request, &issued, &t.err), &t.err);
	cr_assert_eq(issued->replaced, 0);
	cr_assert_eq(find_cert(&t, old).status, PKI_CERT_GOOD);
	cr_assert(pki_cert_not_after(issued->cert) > pki_cert_not_after(old));
	drop_request(&r);
}

Test(renew, follows_the_newest_that_is_in_force)
{
	PKI_AUTO(pki_cert) first = issue_meter(&t, "meter-1");
	PKI_AUTO(pki_cert) second = NULL;
	PKI_AUTO(pki_before) before = NULL;
	PKI_AUTO(pki_before) again = NULL;
	struct test_request r;

	fresh_request(&r, NULL, "meter-1");
	before = follow(&r);
	second = issue_with(&t, &r.request);
	cr_assert_not_null(second, "%s", t.err.msg);
	again = follow(&r);
	cr_assert(pki_serial_equal(r.request.follows,
	    pki_cert_serial(second)));
	revoke_cert(&t, second, PKI_REASON_SUPERSEDED);
	pki_before_free(PKI_TAKE(again));
	again = follow(&r);
	cr_assert(pki_serial_equal(r.request.follows, pki_cert_serial(first)));
	drop_request(&r);
}

/* Between the look and the commit: revoked, held or expired since. */
Test(renew, is_refused_when_the_one_before_has_ended)
{
	PKI_AUTO(pki_cert) old = issue_meter(&t, "meter-1");
	PKI_AUTO(pki_before) before = NULL;
	PKI_AUTO(pki_before) none = NULL;
	PKI_AUTO(pki_issued) issued = NULL;
	struct test_request r;

	fresh_request(&r, NULL, "meter-1");
	before = follow(&r);
	pass(&t, 91 * PKI_DAY);
	assert_refused(pki_ca_issue(t.ca, &r.request, &issued, &t.err),
	    PKI_DENIED, &t.err, "not-in-force");
	assert_refused(pki_ca_find_before(t.ca, "meter-1", &none, &t.err),
	    PKI_DENIED, &t.err, "not-in-force");
	cr_assert_str_eq(t.err.value, "meter-1, expired");
	pass(&t, -2 * PKI_MINUTE);
	revoke_cert(&t, old, PKI_REASON_SUPERSEDED);
	assert_refused(pki_ca_issue(t.ca, &r.request, &issued, &t.err),
	    PKI_DENIED, &t.err, "not-in-force");
	drop_request(&r);
}

Test(renew, is_refused_after_the_certificate_of_another)
{
	PKI_AUTO(pki_cert) one = issue_meter(&t, "meter-1");
	PKI_AUTO(pki_cert) two = issue_meter(&t, "meter-2");
	PKI_AUTO(pki_before) before = NULL;
	PKI_AUTO(pki_issued) issued = NULL;
	pki_serial nobody = { .len = 1, .octets = { 7 } };
	struct test_request r;

	fresh_request(&r, NULL, "meter-1");
	before = follow(&r);
	r.request.follows = pki_cert_serial(two);
	assert_refused(pki_ca_issue(t.ca, &r.request, &issued, &t.err),
	    PKI_DENIED, &t.err, "not-in-force");
	r.request.follows = &nobody;
	cr_assert_eq(pki_ca_issue(t.ca, &r.request, &issued, &t.err),
	    PKI_NOT_FOUND);
	r.request.follows = pki_cert_serial(one);
	r.request.change_profile = true;
	r.request.profile = "operator";
	cr_assert_eq(pki_ca_issue(t.ca, &r.request, &issued, &t.err),
	    PKI_DENIED);
	drop_request(&r);
}

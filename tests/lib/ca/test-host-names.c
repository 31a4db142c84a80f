#include "ca/issue.h"

#include <string.h>

#include "ca/job.h"
#include "ca/status.h"
#include "tests/lib/ca/ca-sample.h"

/* A DNS name that others have. */

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

TestSuite(host_names, .init = set_up, .fini = tear_down, .timeout = 60);

/* A certificate with this name beside the profile's; NULL: refused. */
static pki_cert *
issue_host(const char *profile, const char *identity, const char *dns,
    bool share)
{
	PKI_AUTO(pki_altnames) names = pki_altnames_new();
	PKI_AUTO(pki_issue_plan) plan = NULL;
	struct test_request r;
	pki_cert *cert;
	pki_code rc;

	assert_ok(pki_altnames_add(names, PKI_ALT_DNS, dns, &t.err), &t.err);
	fresh_request(&r, profile, identity);
	r.request.alt_names = names;
	r.request.share_names = share;
	rc = pki_ca_issue_check(t.ca, &r.request, &plan, NULL);
	cert = issue_with(&t, &r.request);
	cr_expect_eq(rc == PKI_OK, cert != NULL, "a check and the real thing");
	drop_request(&r);
	return cert;
}

static void
expect_taken(const char *profile, const char *identity, const char *dns,
    const char *value)
{
	PKI_AUTO(pki_cert) cert = issue_host(profile, identity, dns, false);

	cr_expect_null(cert, "%s: %s", identity, dns);
	cr_expect_str_eq(t.err.rule, "alt-name-taken", "%s", t.err.msg);
	cr_expect_str_eq(t.err.value, value);
}

static void
expect_given(const char *profile, const char *identity, const char *dns)
{
	PKI_AUTO(pki_cert) cert = issue_host(profile, identity, dns, false);

	cr_expect_not_null(cert, "%s: %s: %s", identity, dns, t.err.msg);
}

Test(host_names, of_a_broker_are_no_servers_or_bridges)
{
	static const char value[] =
	    "dns:mqtt.example of broker-1, profile broker";
	PKI_AUTO(pki_cert) broker = issue_host("broker", "broker-1",
	    "mqtt.example", false);

	cr_assert_not_null(broker, "%s", t.err.msg);
	expect_taken("server", "server-1", "mqtt.example", value);
	expect_taken("bridge", "bridge-1", "MQTT.example", value);
	expect_taken("est-server", "est-1", "mqtt.example", value);
	expect_given("server", "server-1", "data.example");
}

Test(host_names, are_shared_by_the_brokers_of_a_cluster_but_not_their_own)
{
	PKI_AUTO(pki_cert) broker = issue_host("broker", "broker-1",
	    "mqtt.example", false);

	cr_assert_not_null(broker, "%s", t.err.msg);
	expect_given("broker", "broker-2", "mqtt.example");
	expect_taken("broker", "broker-3", "broker-1",
	    "dns:broker-1 of broker-1, profile broker");
}

Test(host_names, are_free_again_when_nobody_in_force_has_them)
{
	PKI_AUTO(pki_cert) first = issue_host("broker", "broker-1",
	    "a.example", false);
	PKI_AUTO(pki_cert) second = issue_host("broker", "broker-2",
	    "b.example", false);

	revoke_cert(&t, first, PKI_REASON_SUPERSEDED);
	expect_given("server", "server-1", "a.example");
	expect_taken("server", "server-2", "b.example",
	    "dns:b.example of broker-2, profile broker");
	pass(&t, 31 * PKI_DAY);
	expect_given("server", "server-2", "b.example");
}

Test(host_names, are_shared_by_two_profiles_when_somebody_says_so)
{
	PKI_AUTO(pki_cert) broker = issue_host("broker", "broker-1",
	    "host.example", false);
	PKI_AUTO(pki_cert) est = issue_host("est-server", "est-1",
	    "host.example", true);

	cr_assert_not_null(broker);
	cr_assert_not_null(est, "%s", t.err.msg);
}

/* Whoever took the name between check and commit: no early look helps. */
Test(host_names, are_asked_for_in_the_transaction)
{
	PKI_AUTO(pki_cert) broker = issue_host("broker", "broker-1",
	    "mqtt.example", false);
	PKI_AUTO(pki_altnames) names = pki_altnames_new();
	struct test_request r;
	pki_job job = { .epoch = 1 };

	cr_assert_not_null(broker);
	fresh_request(&r, "server", "server-1");
	assert_ok(pki_altnames_add(names, PKI_ALT_DNS, "mqtt.example", &t.err),
	    &t.err);
	r.request.alt_names = names;
	assert_ok(pki_job_allow(t.ca, &r.request, &job, &t.err), &t.err);
	assert_ok(pki_job_sign(t.ca, &job, job.authority->signer, &t.err),
	    &t.err);
	assert_refused(pki_job_record(t.ca, &job, &t.err), PKI_DENIED, &t.err,
	    "alt-name-taken");
	cr_assert_null(job.cert);
	pki_job_clear(&job);
	drop_request(&r);
}

/* A lookup per name: what other templates issue is not walked over. */
Test(host_names, are_found_without_a_walk_over_all)
{
	PKI_AUTO(pki_cert) broker = issue_host("broker", "broker-1",
	    "mqtt.example", false);

	cr_assert_not_null(broker);
	cr_expect_eq(ask_sql(&t, "SELECT count(*) FROM host WHERE name ="
	    " 'MQTT.example'"), 1);
	/* If it were read, it would be found to be damaged. */
	run_sql(&t, "UPDATE cert SET row_hash = zeroblob(32) WHERE"
	    " identity_id = (SELECT identity_id FROM host LIMIT 1)");
	expect_given("server", "server-1", "data.example");
}

Test(host_names, that_are_not_on_record_are_found_by_the_check)
{
	PKI_AUTO(pki_cert) broker = issue_host("broker", "broker-1",
	    "mqtt.example", false);
	int64_t rows;

	cr_assert_not_null(broker);
	assert_ok(pki_ca_check(t.ca, &rows, NULL, NULL, &t.err), &t.err);
	run_sql(&t, "DELETE FROM host WHERE name = 'mqtt.example'");
	assert_refused(pki_ca_check(t.ca, &rows, NULL, NULL, &t.err),
	    PKI_DAMAGED, &t.err, NULL);
	cr_expect_not_null(strstr(t.err.msg, "dns:mqtt.example"), "%s",
	    t.err.msg);
}

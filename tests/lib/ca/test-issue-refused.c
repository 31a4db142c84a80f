#include "ca/issue.h"

#include <stdio.h>
#include <string.h>

#include "ca/withdraw.h"
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

TestSuite(ca_issue_refused, .init = set_up, .fini = tear_down, .timeout = 60);

/* Two templates for what no shipped one refuses. */
#define COMMON "summary = \"x\"; ca = \"issuing\"; kind = \"end-entity\";\n" \
	"validity = \"1d\"; issue: { by = [ \"operator\" ]; };\n"
#define LIMITED "name = \"limited\";\n" COMMON \
	"key: { types = [ \"p256\" ]; usage = [ \"digital-signature\" ];\n" \
	"extended-usage = [ \"client-auth\" ]; };\n" \
	"identity: { allow = [ \"limited-*\" ]; };\n"
#define NAMELESS "name = \"nameless\";\n" COMMON \
	"key: { types = [ \"p256\" ]; usage = [ \"digital-signature\" ];\n" \
	"extended-usage = [ \"server-auth\" ]; };\n" \
	"alt-names: { allow = [ \"dns:*.example\" ]; };\n"

/* Whose key is certified. */
enum whose { NEW, ED25519, OTHER_DEVICE, BLOCKED, CAS, KEYS };

struct refusal {
	const char        *profile, *name;
	pki_code           code;
	const char        *rule;
	enum whose         key;
	pki_possession     possession;  /* 0: a signature */
	pki_requester_kind how;
	pki_issue_purpose purpose;
	int64_t            validity;
	const char        *alt_name, *organization;
};

static const struct refusal refusals[] = {
	{ "nobody", "meter-1", PKI_NOT_FOUND, .rule = "profile" },
	{ "root-ca", "meter-1", PKI_DENIED, .rule = "profile-kind" },
	{ "issuing-ca", "meter-1", PKI_DENIED, .rule = "profile-kind" },
	{ "operator", "anna", PKI_DENIED, .rule = "requester",
	    .how = PKI_BY_EST },
	{ "auditor", "meter-1", PKI_DENIED, .rule = "evidence",
	    .how = PKI_BY_EST },
	{ "auditor", "taken", PKI_DENIED, .rule = "evidence",
	    .how = PKI_BY_EST, .purpose = PKI_ISSUE_RENEW },
	{ "auditor", "taken", PKI_DENIED, .rule = "evidence",
	    .how = PKI_BY_EST, .purpose = PKI_ISSUE_REPLACE },
	{ "auditor", "a/b", PKI_DENIED, .rule = "identity" },
	{ "auditor", "a+b", PKI_DENIED, .rule = "identity" },
	{ "auditor", "#", PKI_DENIED, .rule = "identity" },
	{ "auditor", "$SYS", PKI_DENIED, .rule = "identity" },
	{ "auditor", "", PKI_DENIED, .rule = "identity" },
	{ "auditor", "m\xc3\xa4", PKI_DENIED, .rule = "identity" },
	{ "limited", "meter-1", PKI_DENIED, .rule = "identity-allow" },
	{ "est-server", "meter-1", PKI_DENIED, .rule = "identity-allow" },
	{ "ocsp-responder", "meter-1", PKI_DENIED, .rule = "identity-allow" },
	{ "auditor", "broker-1", PKI_DENIED, .rule = "identity-reserved" },
	{ "auditor", "BROKER-1", PKI_DENIED, .rule = "identity-reserved" },
	{ "auditor", "all", PKI_DENIED, .rule = "identity-reserved" },
	{ "auditor", "meter-1", PKI_DENIED, .rule = "key-origin",
	    .possession = PKI_POP_GENERATED },
	{ "broker", "broker-1", PKI_DENIED, .rule = "key-type",
	    .key = ED25519 },
	{ "auditor", "meter-1", PKI_DENIED, .rule = "subject",
	    .organization = "Evil" },
	{ "auditor", "meter-1", PKI_DENIED, .rule = "alt-name",
	    .alt_name = "dns:broker.example" },
	{ "broker", "broker-1", PKI_DENIED, .rule = "alt-name",
	    .alt_name = "email:a@b.example" },
	{ "broker", "broker-1", PKI_DENIED, .rule = "wildcard",
	    .alt_name = "dns:*.example.org" },
	{ "server", "server-1", PKI_DENIED, .rule = "alt-name-reserved",
	    .alt_name = "dns:broker-7" },
	{ "bridge", "bridge-1", PKI_DENIED, .rule = "alt-name-reserved",
	    .alt_name = "dns:BROKER-7.example" },
	{ "est-server", "est-1", PKI_DENIED, .rule = "alt-name-reserved",
	    .alt_name = "dns:all" },
	{ "nameless", "box", PKI_DENIED, .rule = "alt-name-missing" },
	{ "auditor", "meter-1", PKI_DENIED, .rule = "validity",
	    .validity = 90 * PKI_DAY + 1 },
	{ "auditor", "meter-1", PKI_DENIED, .rule = "validity", .validity = 1 },
	{ "auditor", "taken", PKI_DENIED, .rule = "identity-taken" },
	{ "auditor", "TaKeN", PKI_DENIED, .rule = "identity-taken" },
	{ "auditor", "root", PKI_DENIED, .rule = "identity-reserved" },
	{ "auditor", "Issuing", PKI_DENIED, .rule = "identity-reserved" },
	{ "auditor", "issuing", PKI_DENIED, .rule = "identity-reserved",
	    .purpose = PKI_ISSUE_REPLACE },
	{ "auditor", "root", PKI_DENIED, .rule = "identity-reserved",
	    .purpose = PKI_ISSUE_REPLACE },
	{ "auditor", "issuing", PKI_DENIED, .rule = "identity-reserved",
	    .purpose = PKI_ISSUE_RENEW },
	{ "auditor", "meter-1", PKI_DENIED, .rule = "identity-unknown",
	    .purpose = PKI_ISSUE_REPLACE },
	{ "auditor", "TAKEN", PKI_DENIED, .rule = "identity-unknown",
	    .purpose = PKI_ISSUE_REPLACE },
	{ "auditor", "meter-1", PKI_DENIED, .rule = "key-in-use",
	    .key = OTHER_DEVICE },
	{ "auditor", "meter-1", PKI_DENIED, .rule = "key-in-use", .key = CAS },
	{ "auditor", "meter-1", PKI_DENIED, .rule = "key-blocked",
	    .key = BLOCKED },
	{ "auditor", "burnt", PKI_DENIED, .rule = "key-blocked", .key = BLOCKED,
	    .purpose = PKI_ISSUE_REPLACE },
};

static const pki_pubkey *keys[KEYS];
static struct test_request r_new, r_other, r_burnt;
static pki_key *ed25519;
static pki_cert *issuing;

/* A device with a key, and one whose key was lost. */
static void
people_the_store(void)
{
	PKI_AUTO(pki_cert) taken = NULL;
	PKI_AUTO(pki_cert) burnt = NULL;

	put_file(&t, "templates/limited.conf", LIMITED);
	put_file(&t, "templates/nameless.conf", NAMELESS);
	fresh_request(&r_new, "auditor", "unused");
	fresh_request(&r_other, "auditor", "taken");
	fresh_request(&r_burnt, "auditor", "burnt");
	taken = issue_with(&t, &r_other.request);
	cr_assert_not_null(taken, "%s", t.err.msg);
	burnt = issue_with(&t, &r_burnt.request);
	cr_assert_eq(revoke_cert(&t, burnt, PKI_REASON_KEY_COMPROMISE), 1);
	assert_ok(pki_key_generate(PKI_KEY_ED25519, &ed25519, &t.err), &t.err);
	issuing = get_ca_cert(&t, "issuing");
	keys[NEW] = r_new.request.key;
	keys[ED25519] = pki_key_public(ed25519);
	keys[OTHER_DEVICE] = r_other.request.key;
	keys[BLOCKED] = r_burnt.request.key;
	keys[CAS] = pki_cert_key(issuing);
}

static void
drop_people(void)
{
	drop_request(&r_new);
	drop_request(&r_other);
	drop_request(&r_burnt);
	pki_key_free(ed25519);
	pki_cert_free(issuing);
}

static void
expect_refusal(const struct refusal *row)
{
	const pki_name_part part = {
		PKI_NAME_ORGANIZATION, row->organization,
	};
	PKI_AUTO(pki_altnames) names = pki_altnames_new();
	PKI_AUTO(pki_name) subject = NULL;
	PKI_AUTO(pki_issued) issued = NULL;
	PKI_AUTO(pki_issue_plan) plan = NULL;
	pki_issue_request request = {
		.profile = row->profile, .identity = row->name,
		.key = keys[row->key], .validity = row->validity,
		.possession = row->possession == PKI_POP_NONE ?
		    PKI_POP_SIGNATURE : row->possession,
		.alt_names = names, .purpose = row->purpose,
		.who = { row->how, "tester" },
	};

	if (row->alt_name != NULL)
		assert_ok(pki_altnames_add_text(names, row->alt_name, &t.err),
		    &t.err);
	if (row->organization != NULL)
		assert_ok(pki_name_build(&part, 1, &subject, &t.err), &t.err);
	request.subject = subject;
	cr_expect_eq(pki_ca_issue(t.ca, &request, &issued, &t.err), row->code,
	    "%s '%s': %s", row->profile, row->name, row->rule);
	cr_expect_str_eq(t.err.rule, row->rule, "'%s': %s", row->name,
	    t.err.msg);
	cr_expect_null(issued);
	memset(&t.err, 0, sizeof(t.err));
	cr_expect_eq(pki_ca_issue_check(t.ca, &request, &plan, &t.err),
	    row->code, "check %s '%s': %s", row->profile, row->name,
	    row->rule);
	cr_expect_str_eq(t.err.rule, row->rule, "check '%s': %s", row->name,
	    t.err.msg);
	cr_expect_null(plan);
}

Test(ca_issue_refused, names_the_rule_and_records_nothing)
{
	pki_audit_head before;
	int64_t certs;

	people_the_store();
	before = head_of(&t);
	certs = ask_sql(&t, "SELECT count(*) FROM cert");
	for (size_t i = 0; i < PKI_COUNT(refusals); i++)
		expect_refusal(&refusals[i]);
	cr_assert(same_head(before, head_of(&t)));
	cr_assert_eq(ask_sql(&t, "SELECT count(*) FROM cert"), certs);
	cr_assert_eq(ask_sql(&t, "SELECT count(*) FROM identity"), 4);
	cr_assert_eq(ask_sql(&t, "SELECT count(*) FROM pubkey"), 4);
	drop_people();
}

/* Refused with this code and rule (NULL: none), and nothing recorded. */
static void
expect_nothing(const pki_issue_request *request, pki_code code,
    const char *rule)
{
	PKI_AUTO(pki_issued) issued = NULL;
	pki_audit_head before = head_of(&t);

	assert_refused(pki_ca_issue(t.ca, request, &issued, &t.err), code,
	    &t.err, rule);
	cr_assert_null(issued);
	cr_assert(same_head(before, head_of(&t)));
}

Test(ca_issue_refused, when_nobody_proved_to_have_the_key)
{
	struct test_request r;

	fresh_request(&r, "auditor", "meter-1");
	r.request.possession = PKI_POP_NONE;
	expect_nothing(&r.request, PKI_DENIED, "proof-of-possession");
	drop_request(&r);
}

Test(ca_issue_refused, with_the_list_of_known_profiles)
{
	struct test_request r;

	fresh_request(&r, "audit", "meter-1");
	expect_nothing(&r.request, PKI_NOT_FOUND, "profile");
	cr_assert_not_null(strstr(t.err.accepts, "auditor"));
	cr_assert_not_null(strstr(t.err.accepts, "broker"));
	cr_assert_str_eq(t.err.value, "audit");
	drop_request(&r);
}

Test(ca_issue_refused, and_a_failed_replacement_leaves_the_old_one_good)
{
	PKI_AUTO(pki_cert) old = issue_meter(&t, "meter-1");
	PKI_AUTO(pki_cert) other = NULL;
	struct test_request r;

	fresh_request(&r, "auditor", "meter-2");
	other = issue_with(&t, &r.request);
	r.request.identity = "meter-1";
	r.request.purpose = PKI_ISSUE_REPLACE;
	expect_nothing(&r.request, PKI_DENIED, "key-in-use");
	cr_assert_eq(find_cert(&t, old).status, PKI_CERT_GOOD);
	drop_request(&r);
}

/* Whoever does not know the CAs by name still spares their certificates. */
Test(ca_issue_refused, to_end_a_ca_as_superseded)
{
	PKI_AUTO(pki_cert) ca_cert = get_ca_cert(&t, "issuing");
	size_t count = 0;

	assert_ok(pki_store_begin(t.ca->store, &t.err), &t.err);
	assert_refused(pki_withdraw_superseded(t.ca, "issuing",
	    &test_requester, &count, &t.err), PKI_DENIED, &t.err,
	    "identity-reserved");
	pki_store_rollback(t.ca->store);
	cr_assert_eq(find_cert(&t, ca_cert).status, PKI_CERT_GOOD);
}

/* Nor by what it had before: a revoked device comes back as what it was. */
Test(ca_issue_refused, a_replacement_by_another_profile_unless_asked_for)
{
	PKI_AUTO(pki_cert) old = issue_meter(&t, "limited-1");
	PKI_AUTO(pki_cert) next = NULL;
	PKI_AUTO(pki_cert) back = NULL;
	struct test_request r;

	put_file(&t, "templates/limited.conf", LIMITED);
	restart_ca(&t);
	fresh_request(&r, "limited", "limited-1");
	r.request.purpose = PKI_ISSUE_REPLACE;
	expect_nothing(&r.request, PKI_DENIED, "profile-change");
	cr_assert_eq(find_cert(&t, old).status, PKI_CERT_GOOD);
	revoke_cert(&t, old, PKI_REASON_SUPERSEDED);
	expect_nothing(&r.request, PKI_DENIED, "profile-change");
	cr_assert_str_eq(t.err.value, "auditor to limited");
	r.request.change_profile = true;
	next = issue_with(&t, &r.request);
	cr_assert_not_null(next, "%s", t.err.msg);
	/* Now that is what it has. */
	r.request.change_profile = false;
	back = issue_with(&t, &r.request);
	cr_assert_not_null(back, "%s", t.err.msg);
	r.request.profile = "auditor";
	expect_nothing(&r.request, PKI_DENIED, "profile-change");
	drop_request(&r);
}

Test(ca_issue_refused, once_the_ca_is_revoked)
{
	PKI_AUTO(pki_cert) ca_cert = get_ca_cert(&t, "issuing");
	pki_revocation revocation = revocation_of(ca_cert,
	    PKI_REASON_CA_COMPROMISE);
	struct test_request r;

	revocation.ca = "root";
	assert_ok(pki_ca_revoke(t.ca, &revocation, NULL, &t.err), &t.err);
	fresh_request(&r, "auditor", "meter-1");
	expect_nothing(&r.request, PKI_DENIED, "ca-state");
	drop_request(&r);
}

Test(ca_issue_refused, without_the_cas_key_or_with_another)
{
	struct test_request r;
	PKI_AUTO(pki_buf) root = get_file(&t, "keys/root.key");
	char path[PKI_PATH_MAX];

	fresh_request(&r, "auditor", "meter-1");
	drop_file(&t, "keys/issuing.key");
	expect_nothing(&r.request, PKI_NOT_FOUND, NULL);
	state_path(&t, "keys/issuing.key", path);
	assert_ok(pki_file_replace(path, pki_buf_bytes(root), 0600, &t.err),
	    &t.err);
	expect_nothing(&r.request, PKI_DENIED, "ca-state");
	assert_ok(pki_file_replace(path, pki_buf_bytes(root), 0640, &t.err),
	    &t.err);
	expect_nothing(&r.request, PKI_DENIED, "key-file");
	drop_request(&r);
}

Test(ca_issue_refused, when_the_clock_went_back_six_minutes_but_not_four)
{
	PKI_AUTO(pki_cert) first = NULL;
	PKI_AUTO(pki_cert) second = NULL;
	struct test_request r;

	pass(&t, PKI_DAY);
	first = issue_meter(&t, "meter-1");
	fresh_request(&r, "auditor", "meter-2");
	pass(&t, -6 * PKI_MINUTE);
	expect_nothing(&r.request, PKI_CLOCK, NULL);
	pass(&t, 2 * PKI_MINUTE);
	second = issue_with(&t, &r.request);
	cr_assert_not_null(second, "%s", t.err.msg);
	drop_request(&r);
}

Test(ca_issue_refused, beyond_the_issuers_life_and_after_it)
{
	PKI_AUTO(pki_cert) ca_cert = get_ca_cert(&t, "issuing");
	PKI_AUTO(pki_cert) last = NULL;
	int64_t end = pki_cert_not_after(ca_cert);
	struct test_request r;

	fresh_request(&r, "auditor", "meter-1");
	t.clock.now_ms = (end - 30 * PKI_DAY) * 1000;
	expect_nothing(&r.request, PKI_DENIED, "validity");
	r.request.validity = 30 * PKI_DAY;
	last = issue_with(&t, &r.request);
	cr_assert_not_null(last, "%s", t.err.msg);
	cr_assert(pki_cert_not_after(last) <= end);
	r.request.identity = "meter-2";
	t.clock.now_ms = (end + 1) * 1000;
	expect_nothing(&r.request, PKI_CLOCK, NULL);
	cr_expect_not_null(strstr(t.err.msg, "CA 'issuing' has expired at"),
	    "%s", t.err.msg);
	drop_request(&r);
}

/* What we cannot read we could not revoke either. */
Test(ca_issue_refused, with_names_for_more_than_one_may_have)
{
	PKI_AUTO(pki_altnames) names = pki_altnames_new();
	PKI_AUTO(pki_issued) issued = NULL;
	PKI_AUTO(pki_issued) last = NULL;
	PKI_AUTO(pki_cert) read = NULL;
	struct test_request r;
	pki_code rc = PKI_OK;
	const int few = 100;
	int i;

	fresh_request(&r, "server", "server-1");
	r.request.alt_names = names;
	for (i = 0; i < 300 && rc == PKI_OK; i++) {
		char name[72];

		snprintf(name, sizeof(name), "%055d.example", i);
		assert_ok(pki_altnames_add(names, PKI_ALT_DNS, name, &t.err),
		    &t.err);
		if (i < few)
			continue;
		r.request.purpose = i == few ? PKI_ISSUE_FIRST :
		    PKI_ISSUE_REPLACE;
		rc = pki_ca_issue(t.ca, &r.request, &issued, &t.err);
		if (rc != PKI_OK)
			break;
		pki_issued_free(last);
		last = issued;
		issued = NULL;
	}
	assert_refused(rc, PKI_DENIED, &t.err, "cert-size");
	cr_assert_not_null(last);
	assert_ok(pki_cert_parse(pki_cert_der(last->cert), &read, &t.err),
	    &t.err);
	cr_expect(pki_cert_der(read).len > PKI_CERT_MAX - 200, "%zu",
	    pki_cert_der(read).len);
	drop_request(&r);
}

Test(ca_issue_refused, by_half_a_policy)
{
	struct test_request r;

	put_file(&t, "templates/broker.conf", "nonsense = 1;\n");
	fresh_request(&r, "auditor", "meter-1");
	expect_nothing(&r.request, PKI_BAD_INPUT, NULL);
	cr_assert_not_null(strstr(t.err.msg, "broker.conf:1"));
	drop_request(&r);
}

#include <string.h>

#include "tests/lib/ca/renew-sample.h"

/* Who renews over the network: G24, G25. */

TestSuite(reenroll, .timeout = 120);

static struct test_ca t;
static struct node node;

#define UNIQUE "unique-12oct"
#define GOOD_LINK "30{06{2a864886f70d010907} 31{13{'dW5pcXVlLTEyb2N0'}}}"
#define BAD_LINK "30{06{2a864886f70d010907} 31{13{'dW5pcXVlLTEyb2N1'}}}"
#define NO_LINK "30{06{2a864886f70d010907} 31{13{'!'}}}"
#define NAMES NODE_SAN(NODE_HOST NODE_ADDRESS)
#define LINKED(link) "a0{" link CSR_REQUEST(NAMES) "}"
#define O(text) NODE_O(text)
#define CN(text) NODE_CN(text)

enum whose { NEW_KEY, SIBLINGS_KEY, BLOCKED_KEY };

static const struct bad {
	const char *what, *rule, *subject, *attributes;
	enum whose  key;
	const char *label;
	bool        by_another;         /* signed */
} bad[] = {
	{ "a sibling's name", "renew-subject",
	    .subject = "30{" O("Example Ltd") CN("node-2") "}" },
	{ "a name that begins so", "renew-subject",
	    .subject = "30{" O("Example Ltd") CN("node-") "}" },
	{ "a name that goes on", "renew-subject",
	    .subject = "30{" O("Example Ltd") CN("node-11") "}" },
	{ "no subject", "renew-subject", .subject = "3000" },
	{ "no organization", "renew-subject",
	    .subject = "30{" CN("node-1") "}" },
	{ "another organization", "renew-subject",
	    .subject = "30{" O("Example GmbH") CN("node-1") "}" },
	{ "another order", "renew-subject",
	    .subject = "30{" CN("node-1") O("Example Ltd") "}" },
	{ "a part twice", "renew-subject",
	    .subject = "30{" O("Example Ltd") CN("node-1") CN("node-1") "}" },
	{ "another type", "renew-subject",
	    .subject = "30{31{30{" NODE_OID("0b") " 0c{'Example Ltd'}}}"
	    CN("node-1") "}" },
	{ "all in one part", "renew-subject",
	    .subject = "30{" O("Example Ltd,CN=node-1") "}" },
	{ "no alternative names", "renew-alt-names", .attributes = "a000" },
	{ "one left out", "renew-alt-names",
	    .attributes = NODE_NAMES(NODE_HOST) },
	{ "one more", "renew-alt-names", .attributes =
	    NODE_NAMES(NODE_HOST NODE_ADDRESS "82{'n2.example'}") },
	{ "a sibling's host", "renew-alt-names",
	    .attributes = NODE_NAMES("82{'n2.example'}" NODE_ADDRESS) },
	{ "a wildcard", "renew-alt-names",
	    .attributes = NODE_NAMES("82{'*.n.example'}" NODE_ADDRESS) },
	{ "a host as URI", "renew-alt-names",
	    .attributes = NODE_NAMES("86{'urn:n1.example'}" NODE_ADDRESS) },
	{ "a CA", "basic-constraints", .attributes =
	    NODE_EXTENSIONS(NAMES "30{06{551d13} 04{30{0101ff}}}") },
	{ "a signer of certificates", "key-usage", .attributes =
	    NODE_EXTENSIONS(NAMES "30{06{551d0f} 04{03{0204}}}") },
	{ "a server", "extended-usage", .attributes =
	    NODE_EXTENSIONS(NAMES "30{06{551d25} 04{30{06{2b06010505070301}}"
	    "}}") },
	{ "an OCSP responder", "extended-usage", .attributes =
	    NODE_EXTENSIONS(NAMES "30{06{551d25} 04{30{06{2b06010505070309}}"
	    "}}") },
	{ "an unknown extension", "extension", .attributes =
	    NODE_EXTENSIONS(NAMES "30{06{551d1e} 04{3000}}") },
	{ "a key that did not sign", "proof-of-possession",
	    .by_another = true },
	{ "a sibling's key", "key-in-use", .key = SIBLINGS_KEY },
	{ "a blocked key", "key-blocked", .key = BLOCKED_KEY },
	{ "another profile", "profile-change", .label = "auditor" },
	{ "a profile of operators", "profile-change", .label = "broker" },
	{ "a CA's profile", "profile-kind", .label = "issuing-ca" },
	{ "no profile", "profile", .label = "nobody" },
	{ "another connection's proof", "linking",
	    .attributes = LINKED(BAD_LINK) },
	{ "a proof that is none", "linking", .attributes = LINKED(NO_LINK) },
};

static EVP_PKEY *sibling;

/* node-2 with a key of its own. */
static void
enroll_sibling(void)
{
	pki_issue_request request = {
		.profile = "node", .who = test_requester,
	};
	const struct renewal how = { .key = sibling,
		.subject = "30{" O("Example Ltd") CN("node-2") "}",
		.attributes = NODE_NAMES("82{'n2.example'}") };
	PKI_AUTO(pki_buf) der = make_renewal(&node, &how);
	PKI_AUTO(pki_csr) csr = NULL;
	PKI_AUTO(pki_cert) cert = NULL;

	assert_ok(pki_csr_parse(pki_buf_bytes(der), &csr, &t.err), &t.err);
	assert_ok(pki_issue_request_from_csr(csr, &request, &t.err), &t.err);
	cert = issue_with(&t, &request);
	cr_assert_not_null(cert, "%s", t.err.msg);
}

static void
block(EVP_PKEY *key)
{
	PKI_AUTO(pki_buf) der = make_renewal(&node, &(struct renewal){
	    .key = key });
	PKI_AUTO(pki_csr) csr = NULL;

	assert_ok(pki_csr_parse(pki_buf_bytes(der), &csr, &t.err), &t.err);
	block_key(&t, pki_csr_key(csr));
}

Test(reenroll, refuses_each_by_its_rule_and_issues_nothing)
{
	EVP_PKEY *blocked = EVP_EC_gen("P-256");
	int64_t before;

	sibling = EVP_EC_gen("P-256");
	fresh_node(&t, &node, "");
	enroll_sibling();
	block(blocked);
	before = count_certs(&t);
	for (size_t i = 0; i < PKI_COUNT(bad); i++) {
		const struct bad *row = &bad[i];
		EVP_PKEY *const keys[] = { [NEW_KEY] = node.other,
			[SIBLINGS_KEY] = sibling,
			[BLOCKED_KEY] = blocked };
		const struct renewal how = {
			.subject = row->subject, .key = keys[row->key],
			.attributes = row->attributes, .label = row->label,
			.signer = row->by_another ? sibling : NULL,
			.binding.unique = PKI_BYTES_TEXT(UNIQUE),
		};
		pki_code rc = renew(&t, &node, &how, NULL);

		cr_expect(rc == PKI_DENIED || rc == PKI_BAD_INPUT ||
		    rc == PKI_NOT_FOUND, "%s: %d", row->what, rc);
		cr_expect(strcmp(t.err.rule, row->rule) == 0, "%s: %s",
		    row->what, t.err.msg);
	}
	cr_expect_eq(count_certs(&t), before);
	EVP_PKEY_free(blocked);
	EVP_PKEY_free(sibling);
	drop_node(&t, &node);
}

static const struct good {
	const char *what, *subject, *attributes;
	bool        own_key;
	const char *label;
} good[] = {
	{ "a new key", .label = NULL },
	{ "its own key", .own_key = true },
	{ "its profile", .label = "node" },
	{ "PrintableString", .subject = "30{31{30{" NODE_OID("0a")
	    " 13{'Example Ltd'}}}" CN("node-1") "}" },
	{ "another case", .subject = "30{" O("EXAMPLE LTD") CN("NODE-1")
	    "}" },
	{ "more space", .subject = "30{" O(" Example  Ltd") CN("node-1")
	    "}" },
	{ "another order of names", .attributes =
	    NODE_NAMES(NODE_ADDRESS NODE_HOST) },
	{ "a host in upper case", .attributes =
	    NODE_NAMES("82{'N1.EXAMPLE'}" NODE_ADDRESS) },
	{ "its usage", .attributes = NODE_EXTENSIONS(NAMES
	    "30{06{551d25} 04{30{06{2b06010505070302}}}}") },
	{ "proof of its connection", .attributes = LINKED(GOOD_LINK) },
};

Test(reenroll, keeps_the_identity_and_goes_by_the_profile)
{
	for (size_t i = 0; i < PKI_COUNT(good); i++) {
		const struct good *row = &good[i];
		PKI_AUTO(pki_issued) issued = NULL;
		struct renewal how = {
			.subject = row->subject, .label = row->label,
			.attributes = row->attributes,
			.binding.unique = PKI_BYTES_TEXT(UNIQUE),
		};

		fresh_node(&t, &node, "");
		pass(&t, 60 * PKI_DAY);
		how.key = row->own_key ? node.key : node.other;
		assert_ok(renew(&t, &node, &how, &issued), &t.err);
		cr_expect_not(issued->again, "%s", row->what);
		cr_expect(pki_name_equal(pki_cert_subject(issued->cert),
		    pki_cert_subject(node.cert)), "%s", row->what);
		cr_expect(pki_altnames_equal(pki_cert_alt_names(issued->cert),
		    pki_cert_alt_names(node.cert)), "%s", row->what);
		cr_expect_eq(pki_cert_not_after(issued->cert) -
		    pki_cert_not_after(node.cert), 60 * PKI_DAY);
		cr_expect_eq(find_cert(&t, node.cert).status, PKI_CERT_GOOD);
		cr_expect_eq(count_certs(&t), 4, "%s", row->what);
		drop_node(&t, &node);
	}
}

/* What a profile says about proofs and keys. */
static const struct choice {
	const char *est, *rule;         /* NULL: good */
	const char *attributes;
	bool        own_key, unbound;
} choices[] = {
	{ "linking = \"off\";", .rule = NULL },
	{ "linking = \"off\";", NULL,
	    .attributes = LINKED(BAD_LINK) },
	{ "linking = \"when-present\";", .rule = NULL },
	{ "linking = \"when-present\";", NULL,
	    .attributes = LINKED(GOOD_LINK) },
	{ "linking = \"when-present\";", "linking",
	    .attributes = LINKED(BAD_LINK) },
	{ "linking = \"when-present\";", "linking",
	    .attributes = LINKED(GOOD_LINK),
	    .unbound = true },
	{ "linking = \"required\";", .rule = "linking" },
	{ "linking = \"required\";", "linking",
	    .attributes = LINKED(BAD_LINK) },
	{ "linking = \"required\";", "linking",
	    .attributes = LINKED(NO_LINK) },
	{ "linking = \"required\";", "linking",
	    .attributes = LINKED(GOOD_LINK),
	    .unbound = true },
	{ "linking = \"required\";", NULL,
	    .attributes = LINKED(GOOD_LINK) },
	{ "renew-key = \"any\";", NULL, .own_key = true },
	{ "renew-key = \"same\";", NULL, .own_key = true },
	{ "renew-key = \"same\";", .rule = "renew-key" },
	{ "renew-key = \"new\";", .rule = NULL },
	{ "renew-key = \"new\";", "renew-key", .own_key = true },
	{ "approval = \"manual\";", .rule = NULL },
};

Test(reenroll, heeds_what_the_profile_wants)
{
	for (size_t i = 0; i < PKI_COUNT(choices); i++) {
		const struct choice *row = &choices[i];
		struct renewal how = { .attributes = row->attributes };
		pki_code rc;

		if (!row->unbound)
			how.binding.unique = PKI_BYTES_TEXT(UNIQUE);
		fresh_node(&t, &node, row->est);
		how.key = row->own_key ? node.key : node.other;
		rc = renew(&t, &node, &how, NULL);
		cr_expect(rc == (row->rule == NULL ? PKI_OK : PKI_DENIED),
		    "%zu %s: %s", i, row->est, t.err.msg);
		cr_expect(row->rule == NULL || strcmp(t.err.rule, row->rule)
		    == 0, "%zu %s: %s", i, row->est, t.err.msg);
		drop_node(&t, &node);
	}
}

Test(reenroll, may_be_late_by_the_grace)
{
	const struct renewal how = { .label = NULL };
	PKI_AUTO(pki_issued) issued = NULL;

	fresh_node(&t, &node, "grace = \"2d\";");
	t.clock.now_ms = (pki_cert_not_after(node.cert) + 2 * PKI_DAY) * 1000;
	assert_ok(renew(&t, &node, &how, &issued), &t.err);
	cr_expect(pki_cert_not_after(issued->cert) >
	    pki_clock_now(&t.clock.clock) + 80 * PKI_DAY);
	pass(&t, 1);
	assert_refused(renew(&t, &node, &how, NULL), PKI_DENIED, &t.err,
	    "credential-expired");
	drop_node(&t, &node);
}

/* One that has expired proves nobody, also when it slipped in as a proof. */
Test(reenroll, is_no_later_than_its_credential_was_checked_for)
{
	const struct renewal how = { .label = NULL };
	PKI_AUTO(pki_credential) credential = NULL;
	PKI_AUTO(pki_buf) csr = NULL;

	fresh_node(&t, &node, "grace = \"2d\";");
	csr = make_renewal(&node, &how);
	credential = check_credential(&t, node.cert, PKI_CREDENTIAL_PROVES);
	cr_assert_not_null(credential, "%s", t.err.msg);
	pass(&t, 91 * PKI_DAY);
	assert_refused(renew_by(&t, credential, pki_buf_bytes(csr), &how,
	    NULL), PKI_DENIED, &t.err, "credential-expired");
	drop_node(&t, &node);
}

Test(reenroll, gets_the_attributes_that_the_template_has_now)
{
	PKI_AUTO(pki_issued) issued = NULL;
	PKI_AUTO(pki_buf) text = NULL;
	PKI_AUTO(pki_buf) name = pki_buf_new();
	char *place;

	fresh_node(&t, &node, "");
	text = get_file(&t, "templates/node.conf");
	pki_buf_add(text, pki_bytes_of("", 1));
	place = strstr((char *)text->data, "Example Ltd");
	cr_assert_not_null(place);
	memcpy(place, "Example plc", 11);
	put_file(&t, "templates/node.conf", (char *)text->data);
	restart_ca(&t);
	assert_ok(renew(&t, &node, &(struct renewal){ 0 }, &issued), &t.err);
	pki_name_print(pki_cert_subject(issued->cert), name);
	cr_expect_str_eq(pki_buf_text(name), "O=Example plc,CN=node-1");
	drop_node(&t, &node);
}

static bool
same_cert(const pki_issued *a, const pki_issued *b)
{
	return pki_bytes_equal(pki_cert_der(a->cert), pki_cert_der(b->cert));
}

/* G24: a lost reply, and the client asks again. */
Test(reenroll, gives_the_same_again_while_the_reply_may_be_lost)
{
	for (int own = 0; own < 2; own++) {
		PKI_AUTO(pki_issued) first = NULL;
		PKI_AUTO(pki_issued) again = NULL;
		PKI_AUTO(pki_issued) later = NULL;
		struct renewal how = { .label = NULL };

		fresh_node(&t, &node, "");
		how.key = own ? node.key : node.other;
		assert_ok(renew(&t, &node, &how, &first), &t.err);
		pass(&t, PKI_HOUR);
		assert_ok(renew(&t, &node, &how, &again), &t.err);
		cr_expect(again->again);
		cr_expect(same_cert(first, again));
		cr_expect_eq(count_certs(&t), 4);
		pass(&t, 1);
		assert_ok(renew(&t, &node, &how, &later), &t.err);
		cr_expect_not(later->again);
		cr_expect_not(same_cert(first, later));
		cr_expect_eq(count_certs(&t), 5);
		drop_node(&t, &node);
	}
}

/* The one that follows is asked for by the one that was given. */
Test(reenroll, gives_a_new_one_to_who_has_the_last)
{
	PKI_AUTO(pki_issued) first = NULL;
	PKI_AUTO(pki_issued) second = NULL;
	struct node next;

	fresh_node(&t, &node, "");
	assert_ok(renew(&t, &node, &(struct renewal){ 0 }, &first), &t.err);
	next = (struct node){ node.other, node.other, first->cert };
	assert_ok(renew(&t, &next, &(struct renewal){ 0 }, &second), &t.err);
	cr_expect_not(second->again);
	cr_expect_not(same_cert(first, second));
	drop_node(&t, &node);
}

Test(reenroll, gives_no_revoked_one_again)
{
	PKI_AUTO(pki_issued) first = NULL;
	PKI_AUTO(pki_issued) second = NULL;

	fresh_node(&t, &node, "");
	assert_ok(renew(&t, &node, &(struct renewal){ 0 }, &first), &t.err);
	revoke_cert(&t, first->cert, PKI_REASON_SUPERSEDED);
	assert_ok(renew(&t, &node, &(struct renewal){ 0 }, &second), &t.err);
	cr_expect_not(second->again);
	drop_node(&t, &node);
}

/* Not by another template than today's. */
Test(reenroll, gives_none_again_that_an_older_template_made)
{
	PKI_AUTO(pki_issued) first = NULL;
	PKI_AUTO(pki_issued) second = NULL;

	fresh_node(&t, &node, "");
	assert_ok(renew(&t, &node, &(struct renewal){ 0 }, &first), &t.err);
	put_node_template(&t, "grace = \"1d\";");
	assert_ok(renew(&t, &node, &(struct renewal){ 0 }, &second), &t.err);
	cr_expect_not(second->again);
	drop_node(&t, &node);
}

Test(reenroll, wants_the_credential_of_whom_it_renews)
{
	PKI_AUTO(pki_credential) credential = NULL;
	PKI_AUTO(pki_issued) issued = NULL;
	struct test_request r;

	fresh_node(&t, &node, "");
	credential = check_credential(&t, node.cert, PKI_CREDENTIAL_RENEWS);
	cr_assert_not_null(credential, "%s", t.err.msg);
	fresh_request(&r, NULL, NULL);
	pki_issue_request_renew(credential, &r.request);
	r.request.identity = "node-2";
	cr_expect_eq(pki_ca_issue(t.ca, &r.request, &issued, &t.err),
	    PKI_USAGE);
	/* As if it had been another's, or had another profile. */
	strcpy(credential->identity, "node-2");
	r.request.subject = pki_cert_subject(node.cert);
	r.request.alt_names = pki_cert_alt_names(node.cert);
	assert_refused(pki_ca_issue(t.ca, &r.request, &issued, &t.err),
	    PKI_DENIED, &t.err, "evidence");
	strcpy(credential->identity, "node-1");
	r.request.identity = "node-1";
	r.request.purpose = PKI_ISSUE_FIRST;
	cr_expect_eq(pki_ca_issue(t.ca, &r.request, &issued, &t.err),
	    PKI_USAGE);
	r.request.purpose = PKI_ISSUE_REPLACE;
	cr_expect_eq(pki_ca_issue(t.ca, &r.request, &issued, &t.err),
	    PKI_USAGE);
	drop_request(&r);
	drop_node(&t, &node);
}

/* What counts for renewals by a certificate counts for tokens, and more. */
Test(reenroll, comes_after_an_enrollment_under_the_same_rules)
{
	PKI_AUTO(pki_issued) issued = NULL;
	pki_token_parts parts;
	struct test_request r;

	fresh_ca(&t);
	edit_auditor(&t, "approval = \"manual\"; linking = \"required\"; ");
	parts = token_for(&t, "meter-1");
	fresh_request(&r, "auditor", "meter-1");
	r.request.who.how = PKI_BY_EST;
	r.request.evidence = evidence_of(&parts);
	assert_refused(pki_ca_issue(t.ca, &r.request, &issued, &t.err),
	    PKI_DENIED, &t.err, "linking");
	cr_expect_not_null(strstr(t.err.accepts, "required"));
	r.request.evidence.link = PKI_LINK_MATCHES;
	assert_refused(pki_ca_issue(t.ca, &r.request, &issued, &t.err),
	    PKI_PENDING, &t.err, "approval");
	assert_ok(pki_approval_approve(t.ca, t.err.value, &test_requester,
	    &t.err), &t.err);
	assert_ok(pki_ca_issue(t.ca, &r.request, &issued, &t.err), &t.err);
	drop_request(&r);
	drop_ca(&t);
}

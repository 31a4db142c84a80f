#include "tests/lib/issuer/serve-sample.h"

#include <string.h>

/* Evidence that a worker made up: what it is not, it does not permit. */

static struct served s;
static pki_err err;

static void
set_up(void)
{
	serve_begin(&s);
}

static void
tear_down(void)
{
	cr_expect_eq(serve_stop(&s), PKI_OK, "%s", s.err.msg);
	serve_end(&s);
}

TestSuite(serve_forged, .init = set_up, .fini = tear_down, .timeout = 60);

/* A certificate that is no device's, brought as the evidence of one. */
static const struct forgery {
	const char *name;
	const char *rule[3];            /* ENROLL, REENROLL, CHECK */
} forgeries[] = {
	{ "of the root", { "credential-purpose", "credential-purpose",
	    "credential-purpose" } },
	{ "of the issuing CA", { "credential-purpose", "credential-purpose",
	    "credential-purpose" } },
	{ "of the server", { "credential-purpose", "credential-purpose",
	    "credential-purpose" } },
	{ "of another CA by the same names", { "credential-issuer",
	    "credential-issuer", "credential-issuer" } },
	/* He is one whom we know, and gets nothing here. */
	{ "of an operator", { "requester", "requester", NULL } },
};
static const pki_message_type forged_types[] = {
	PKI_MESSAGE_ENROLL, PKI_MESSAGE_REENROLL, PKI_MESSAGE_CHECK,
};

static pki_cert *
exported(const char *ca)
{
	PKI_AUTO(pki_buf) pem = pki_buf_new();
	pki_cert *cert;

	assert_ok(pki_ca_export(s.t.ca, ca, PKI_EXPORT_CERT, pem, &err),
	    &err);
	assert_ok(pki_cert_parse(pki_buf_bytes(pem), &cert, &err), &err);
	return cert;
}

static pki_cert *
of_another_ca(void)
{
	struct test_ca other;
	pki_cert *cert;

	fresh_ca(&other);
	cert = issue_meter(&other, "meter-1");
	drop_ca(&other);
	return cert;
}

static pki_cert *
of_an_operator(void)
{
	PKI_AUTO(pki_issued) issued = NULL;
	struct test_request r;

	fresh_request(&r, "operator", "operator-alice");
	assert_ok(pki_ca_issue(s.t.ca, &r.request, &issued, &err), &err);
	drop_request(&r);
	return PKI_TAKE(issued->cert);
}

static void
try_forgery(const struct forgery *forgery, const pki_cert *cert,
    const char *subject)
{
	PKI_AUTO(pki_key) key = NULL;
	PKI_AUTO(pki_buf) csr = NULL;
	size_t i;

	assert_ok(pki_key_generate(PKI_KEY_P256, &key, &err), &err);
	csr = csr_for(key, subject);
	for (i = 0; i < PKI_COUNT(forged_types); i++) {
		const struct question q = {
			.type = forged_types[i], .cert = cert,
			.csr = pki_buf_bytes(csr),
		};
		struct asked a = answer_to(&s, &q);

		if (forgery->rule[i] == NULL)
			cr_expect_eq(a.type, PKI_MESSAGE_DEVICE);
		else
			cr_expect(a.type == PKI_MESSAGE_REFUSED &&
			    strcmp(a.rule, forgery->rule[i]) == 0,
			    "%s, %d: type %d, rule '%s'", forgery->name,
			    (int)i, a.type, a.rule);
	}
}

Test(serve_forged, credential_gets_nothing)
{
	PKI_AUTO(pki_cert) root = exported("root");
	PKI_AUTO(pki_cert) issuing = exported("issuing");
	PKI_AUTO(pki_cert) foreign = of_another_ca();
	PKI_AUTO(pki_cert) operator = of_an_operator();
	PKI_AUTO(pki_cert) meter = issue_meter(&s.t, "meter-1");
	const struct {
		const pki_cert *cert;
		const char     *name;
	} brought[] = {
		{ root, "meter-1" }, { issuing, "meter-1" },
		{ s.told.server, "est-server" }, { foreign, "meter-1" },
		{ operator, "operator-alice" },
	};
	size_t before = certs_on_record(&s.t, NULL), i;

	cr_assert_eq(PKI_COUNT(brought), PKI_COUNT(forgeries));
	for (i = 0; i < PKI_COUNT(forgeries); i++)
		try_forgery(&forgeries[i], brought[i].cert, brought[i].name);
	cr_expect_eq(certs_on_record(&s.t, NULL), before);
	cr_expect_not_null(meter);
}

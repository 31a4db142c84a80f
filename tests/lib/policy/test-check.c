#include "policy/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "base/clock.h"

TestSuite(policy_check, .timeout = 60);

/* 2026-01-01, by an issuer of 2020 to 2040. */
#define NOW INT64_C(1767225600)
#define ISSUER_BEGIN INT64_C(1577836800)
#define ISSUER_END INT64_C(2208988799)

static const char custom[] =
    "name = \"custom\"; ca = \"issuing\"; kind = \"end-entity\";\n"
    "validity = \"1y\";\n"
    "key: { types = [ \"p256\" ]; usage = [ \"digital-signature\" ];\n"
    "  extended-usage = [ \"client-auth\" ]; };\n"
    "subject: { country = \"DE\"; organization = \"Example\"; };\n"
    "alt-names: { allow = [ \"dns:*.example.com\",\n"
    "  \"dns:{identity}.local\", \"ip:10.0.0.0/8\", \"ip:2001:db8::/32\",\n"
    "  \"ip:192.0.2.1\", \"uri:urn:meter:*\", \"email:*@example.com\" ]; };\n"
    "identity: { allow = [ \"m-*\", \"Meter*\" ]; };\n"
    "issue: { by = [ \"operator\" ]; };\n";

static const char web[] =
    "name = \"web\"; ca = \"issuing\"; kind = \"end-entity\";\n"
    "validity = \"1y\";\n"
    "key: { types = [ \"p256\", \"ed25519\" ];\n"
    "  usage = [ \"digital-signature\" ];\n"
    "  extended-usage = [ \"server-auth\" ]; };\n"
    "alt-names: { allow = [ \"dns:*\" ]; wildcards = true; };\n"
    "issue: { by = [ \"est\" ]; };\n";

/* The profiles of one test: the shipped ones, and the two above. */
static pki_profiles *shipped;
static pki_profile *own[2];
static pki_pubkey *keys[2];

static pki_pubkey *
make_key(EVP_PKEY *pair)
{
	pki_pubkey *key = NULL;
	unsigned char *spki = NULL;
	int len = i2d_PUBKEY(pair, &spki);
	pki_err err = { 0 };

	cr_assert_gt(len, 0);
	cr_assert_eq(pki_pubkey_parse(pki_bytes_of(spki, (size_t)len), &key,
	    &err), PKI_OK, "%s", err.msg);
	OPENSSL_free(spki);
	EVP_PKEY_free(pair);
	return key;
}

static void
set_up(void)
{
	pki_err err = { 0 };

	cr_assert_eq(pki_profiles_load(TEMPLATES_DIR, &shipped, &err), PKI_OK,
	    "%s", err.msg);
	cr_assert_eq(pki_profile_parse(PKI_BYTES_TEXT(custom), "custom",
	    &own[0], &err), PKI_OK, "%s", err.msg);
	cr_assert_eq(pki_profile_parse(PKI_BYTES_TEXT(web), "web", &own[1],
	    &err), PKI_OK, "%s", err.msg);
	keys[0] = make_key(EVP_EC_gen("P-256"));
	keys[1] = make_key(EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"));
}

static void
tear_down(void)
{
	pki_profiles_free(shipped);
	pki_profile_free(own[0]);
	pki_profile_free(own[1]);
	pki_pubkey_free(keys[0]);
	pki_pubkey_free(keys[1]);
}

static const pki_profile *
find_profile(const char *name)
{
	const pki_profile *found = NULL;
	size_t i;

	for (i = 0; i < PKI_COUNT(own); i++)
		if (strcmp(own[i]->name, name) == 0)
			return own[i];
	cr_assert_eq(pki_profiles_find(shipped, name, &found, NULL), PKI_OK,
	    "%s", name);
	return found;
}

/* "CN=a|O=b" as a name. */
static pki_name *
make_subject(const char *text)
{
	static const struct { const char *key; pki_name_type type; } types[] = {
		{ "C", PKI_NAME_COUNTRY }, { "ST", PKI_NAME_STATE },
		{ "L", PKI_NAME_LOCALITY }, { "O", PKI_NAME_ORGANIZATION },
		{ "OU", PKI_NAME_ORGANIZATIONAL_UNIT },
		{ "serialNumber", PKI_NAME_SERIAL_NUMBER },
		{ "CN", PKI_NAME_COMMON_NAME },
	};
	char copy[200], *token, *rest = copy;
	pki_name_part parts[8];
	size_t count = 0, i;
	pki_name *name = NULL;
	pki_err err = { 0 };

	snprintf(copy, sizeof(copy), "%s", text);
	while ((token = strsep(&rest, "|")) != NULL && *token != '\0') {
		char *value = strchr(token, '=');

		*value++ = '\0';
		for (i = 0; i < PKI_COUNT(types); i++)
			if (strcmp(types[i].key, token) == 0)
				parts[count++] = (pki_name_part){
				    types[i].type, value };
	}
	cr_assert_eq(pki_name_build(parts, count, &name, &err), PKI_OK, "%s",
	    err.msg);
	return name;
}

/* "dns:a|ip:b" as alternative names. */
static pki_altnames *
make_alt_names(const char *text)
{
	char copy[300], *token, *rest = copy;
	pki_altnames *names = pki_altnames_new();
	pki_err err = { 0 };

	snprintf(copy, sizeof(copy), "%s", text);
	while ((token = strsep(&rest, "|")) != NULL && *token != '\0')
		cr_assert_eq(pki_altnames_add_text(names, token, &err),
		    PKI_OK, "%s", err.msg);
	return names;
}

#define CA PKI_ORIGIN_CA
#define EST PKI_BY_EST
/* Designated, so that the fields not named are quietly zero. */
#define FOR(name) .profile = name

/* One request; rule is NULL where it is granted, with these contents. */
static const struct row {
	const char        *profile, *identity, *subject, *alt_names;
	const char        *rule, *accepts;      /* or subject, alt_names */
	pki_key_origin     origin;
	pki_requester_kind requester;
	int                key;
	int64_t            validity;
	uint32_t           key_usage, ext_usage;
} rows[] = {
	/* requester */
	{ FOR("custom"), "m-1", NULL, NULL, "requester", "operator",
	    .requester = EST },
	{ FOR("web"), "m-1", NULL, NULL, "requester", "est" },
	{ FOR("operator"), "operator-1", NULL, NULL, "requester", "operator",
	    .requester = EST },
	{ FOR("root-ca"), "Demo Root", NULL, NULL, "requester", "operator",
	    .requester = EST },
	{ FOR("custom"), "m-1", NULL, NULL, "requester", "operator",
	    .requester = (pki_requester_kind)9 },
	/* identity */
	{ FOR("auditor"), "", NULL, NULL, "identity", PKI_IDENTITY_RULE },
	{ FOR("auditor"), "a/b", NULL, NULL, "identity", PKI_IDENTITY_RULE },
	{ FOR("auditor"), "a b", NULL, NULL, "identity", PKI_IDENTITY_RULE },
	{ FOR("auditor"), "+", NULL, NULL, "identity", PKI_IDENTITY_RULE },
	{ FOR("auditor"), "a:b", NULL, NULL, "identity", PKI_IDENTITY_RULE },
	{ FOR("auditor"), "$SYS", NULL, NULL, "identity", PKI_IDENTITY_RULE },
	{ FOR("auditor"), "m\xc3\xbc", NULL, NULL, "identity",
	    PKI_IDENTITY_RULE },
	{ FOR("auditor"), "a123456789a123456789a123456789a123456789a123456789"
	    "a123456789a1234", NULL, NULL, "identity", PKI_IDENTITY_RULE },
	{ FOR("auditor"), NULL, NULL, NULL, "identity", PKI_IDENTITY_RULE },
	/* identity-allow */
	{ FOR("custom"), "x-1", NULL, NULL, "identity-allow", "m-*, Meter*" },
	{ FOR("custom"), "m", NULL, NULL, "identity-allow", "m-*, Meter*" },
	{ FOR("custom"), "xm-1", NULL, NULL, "identity-allow", "m-*, Meter*" },
	/* identity-reserved */
	{ FOR("auditor"), "broker", NULL, NULL, "identity-reserved",
	    "a name not reserved by profile 'broker'" },
	{ FOR("auditor"), "Broker-7", NULL, NULL, "identity-reserved",
	    "a name not reserved by profile 'broker'" },
	{ FOR("auditor"), "all", NULL, NULL, "identity-reserved",
	    "a name not reserved by profile 'server'" },
	{ FOR("auditor"), "ALL", NULL, NULL, "identity-reserved",
	    "a name not reserved by profile 'server'", .requester = EST },
	{ FOR("auditor"), "central-server", NULL, NULL, "identity-reserved",
	    "a name not reserved by profile 'server'" },
	{ FOR("broker"), "bridge-1", NULL, NULL, "identity-allow",
	    "broker, broker-*" },
	{ FOR("operator"), "ocsp-1", NULL, NULL, "identity-allow",
	    "operator, operator-*" },
	{ FOR("auditor"), "ocsp-1", NULL, NULL, "identity-reserved",
	    "a name not reserved by profile 'ocsp-responder'" },
	{ FOR("auditor"), "est-server", NULL, NULL, "identity-reserved",
	    "a name not reserved by profile 'est-server'" },
	/* key-origin, key-type */
	{ FOR("auditor"), "meter-1", NULL, NULL, "key-origin",
	    "a key made on the device, given by a CSR", .origin = CA },
	{ FOR("custom"), "m-1", NULL, NULL, "key-type", "p256", .key = 1 },
	{ FOR("broker"), "broker-1", NULL, NULL, "key-type",
	    "p256, p384, rsa2048, rsa3072, rsa4096", .key = 1 },
	/* key-usage, extended-usage */
	{ FOR("auditor"), "meter-1", NULL, NULL, "key-usage",
	    "digital-signature", .key_usage = 1 << PKI_KU_KEY_ENCIPHERMENT |
	    1 << PKI_KU_DIGITAL_SIGNATURE },
	{ FOR("auditor"), "meter-1", NULL, NULL, "extended-usage",
	    "client-auth", .ext_usage = 1 << PKI_EKU_SERVER_AUTH },
	{ FOR("auditor"), "meter-1", NULL, NULL, "extended-usage",
	    "client-auth", .ext_usage = PKI_EKU_OTHER |
	    1 << PKI_EKU_CLIENT_AUTH },
	/* subject */
	{ FOR("auditor"), "meter-1", "CN=meter-2", NULL, "subject",
	    "CN=meter-1" },
	{ FOR("auditor"), "meter-1", "CN=Meter-1", NULL, "subject",
	    "CN=meter-1" },
	{ FOR("auditor"), "meter-1", "CN=meter-1|CN=meter-1", NULL, "subject",
	    "one CN" },
	{ FOR("auditor"), "meter-1", "CN=meter-1|CN=root", NULL, "subject",
	    "one CN" },
	{ FOR("auditor"), "meter-1", "O=Evil|CN=meter-1", NULL, "subject",
	    "no O" },
	{ FOR("auditor"), "meter-1", "CN=meter-1|serialNumber=7", NULL,
	    "subject", "no serialNumber" },
	{ FOR("custom"), "m-1", "C=DE|O=Exampel|CN=m-1", NULL, "subject",
	    "O=Example" },
	{ FOR("custom"), "m-1", "C=FR|CN=m-1", NULL, "subject", "C=DE" },
	{ FOR("custom"), "m-1", "O=Example|O=Example|CN=m-1", NULL, "subject",
	    "one O" },
	{ FOR("custom"), "m-1", "CN=m-1|OU=x", NULL, "subject", "no OU" },
	/* alt-name */
	{ FOR("auditor"), "meter-1", NULL, "dns:meter-1", "alt-name",
	    "none asked for" },
	{ FOR("custom"), "m-1", NULL, "dns:example.com", "alt-name", NULL },
	{ FOR("custom"), "m-1", NULL, "dns:evil-example.com", "alt-name",
	    NULL },
	{ FOR("custom"), "m-1", NULL, "dns:a.example.com|dns:a.example.org",
	    "alt-name", NULL },
	{ FOR("custom"), "m-1", NULL, "dns:m-2.local", "alt-name", NULL },
	{ FOR("custom"), "m-1", NULL, "ip:11.0.0.1", "alt-name", NULL },
	{ FOR("custom"), "m-1", NULL, "ip:192.0.2.2", "alt-name", NULL },
	{ FOR("custom"), "m-1", NULL, "ip:2001:db9::1", "alt-name", NULL },
	{ FOR("custom"), "m-1", NULL, "uri:urn:other:1", "alt-name", NULL },
	{ FOR("custom"), "m-1", NULL, "email:a@example.org", "alt-name", NULL },
	/* wildcard, alt-name-missing */
	{ FOR("custom"), "m-1", NULL, "dns:*.example.com", "wildcard",
	    "the whole name of one host" },
	{ FOR("broker"), "broker-1", NULL, "dns:*.example.com", "wildcard",
	    "the whole name of one host" },
	{ FOR("web"), "w", NULL, NULL, "alt-name-missing", "dns:*",
	    .requester = EST },
	{ FOR("web"), "w", "CN=w", "", "alt-name-missing", "dns:*",
	    .requester = EST },
	/* validity */
	{ FOR("custom"), "m-1", NULL, NULL, "validity", "5m 1s to 1y",
	    .validity = PKI_YEAR + 1 },
	{ FOR("custom"), "m-1", NULL, NULL, "validity", "5m 1s to 1y",
	    .validity = 59 },
	{ FOR("custom"), "m-1", NULL, NULL, "validity", "5m 1s to 1y",
	    .validity = -1 },
	/* the earlier rule is the one named */
	{ FOR("custom"), "broker", "CN=x", "dns:x", "identity-allow",
	    "m-*, Meter*", .key = 1, .validity = 1 },
	{ FOR("auditor"), "broker", "CN=x", "dns:x", "identity-reserved",
	    "a name not reserved by profile 'broker'", .origin = CA },
	{ FOR("auditor"), "meter-1", "CN=x", "dns:x", "key-origin",
	    "a key made on the device, given by a CSR", .origin = CA },

	/* granted */
	{ FOR("auditor"), "meter-0042", "CN=meter-0042", NULL, NULL, NULL,
	    .requester = EST },
	{ FOR("auditor"), "meter-0042", NULL, NULL, NULL, NULL, .key = 1 },
	{ FOR("auditor"), "Broke", "", NULL, NULL, NULL },
	{ FOR("auditor"), "meter-7", NULL, NULL, NULL, NULL,
	    .key_usage = 1 << PKI_KU_DIGITAL_SIGNATURE,
	    .ext_usage = 1 << PKI_EKU_CLIENT_AUTH },
	{ FOR("custom"), "m-1", "CN=m-1", NULL, NULL, NULL, .origin = CA },
	{ FOR("custom"), "METER", "CN=METER|O=Example", "dns:a.b.example.com|"
	    "dns:meter.local|ip:10.9.8.7|ip:2001:db8::1|ip:192.0.2.1|"
	    "uri:urn:meter:7|email:ops@example.com", NULL, NULL },
	{ FOR("broker"), "broker-1", "CN=broker-1", "dns:mqtt.example.com|"
	    "dns:broker-1|ip:10.0.0.1", NULL, NULL, .requester = EST },
	{ FOR("bridge"), "bridge-1", NULL, NULL, NULL, NULL },
	{ FOR("server"), "all", NULL, NULL, NULL, NULL },
	{ FOR("web"), "w", NULL, "dns:*.example.com|dns:example.com", NULL,
	    NULL, .requester = EST },
	{ FOR("ocsp-responder"), "ocsp-1", NULL, NULL, NULL, NULL,
	    .origin = CA },
	{ FOR("root-ca"), "Demo Root CA", NULL, NULL, NULL, NULL,
	    .origin = CA },
	{ FOR("issuing-ca"), "Demo Issuing CA", NULL, NULL, NULL, NULL,
	    .origin = CA },
};

static pki_code
check_row(const struct row *row, pki_grant **out, pki_err *err)
{
	PKI_AUTO(pki_name) subject = row->subject != NULL ?
	    make_subject(row->subject) : NULL;
	PKI_AUTO(pki_altnames) alt_names = row->alt_names != NULL ?
	    make_alt_names(row->alt_names) : NULL;
	pki_request request = {
		.identity = row->identity, .key = keys[row->key],
		.key_origin = row->origin, .subject = subject,
		.alt_names = alt_names, .requester = row->requester,
		.validity = row->validity,
		.key_usage = row->key_usage, .ext_usage = row->ext_usage,
	};
	pki_policy_facts facts = {
		.profiles = shipped, .now = NOW,
		.issuer_not_before = ISSUER_BEGIN,
		.issuer_not_after = ISSUER_END,
	};

	if (find_profile(row->profile)->kind == PKI_PROFILE_ROOT_CA)
		facts.issuer_not_after = PKI_TIME_MAX;
	return pki_policy_check(find_profile(row->profile), &request, &facts,
	    out, err);
}

Test(policy_check, names_the_first_rule_broken, .init = set_up,
    .fini = tear_down)
{
	size_t i;

	for (i = 0; i < PKI_COUNT(rows); i++) {
		const struct row *row = &rows[i];
		PKI_AUTO(pki_grant) grant = NULL;
		pki_err err = { 0 };
		pki_code rc = check_row(row, &grant, &err);

		if (row->rule == NULL) {
			cr_expect_eq(rc, PKI_OK, "row %zu: %s", i, err.msg);
			cr_expect_not_null(grant, "row %zu", i);
			continue;
		}
		cr_expect_eq(rc, PKI_DENIED, "row %zu: %s", i, err.msg);
		cr_expect_null(grant, "row %zu", i);
		cr_expect_str_eq(err.rule, row->rule, "row %zu: %s", i,
		    err.msg);
		if (row->accepts != NULL)
			cr_expect_str_eq(err.accepts, row->accepts,
			    "row %zu: %s", i, err.msg);
	}
}

Test(policy_check, refuses_without_a_report, .init = set_up,
    .fini = tear_down)
{
	size_t i;

	for (i = 0; i < PKI_COUNT(rows); i++) {
		PKI_AUTO(pki_grant) grant = NULL;

		cr_expect_eq(check_row(&rows[i], &grant, NULL),
		    rows[i].rule == NULL ? PKI_OK : PKI_DENIED, "row %zu", i);
	}
}

#define KU(name) (1u << PKI_KU_##name)
#define EKU(name) (1u << PKI_EKU_##name)
#define CA_USAGE (KU(KEY_CERT_SIGN) | KU(CRL_SIGN))
#define BOTH (EKU(SERVER_AUTH) | EKU(CLIENT_AUTH))

/* The whole contents of grants; begin and end are relative to NOW. */
static const struct contents {
	struct row  asked;
	const char *subject, *alt_names;
	int64_t     validity;
	uint32_t    key_usage, ext_usage;
	bool        is_ca;
	int         path_len;
	bool        no_check;
} contents[] = {
	{ { FOR("auditor"), "meter-0042", "CN=meter-0042", NULL },
	    "CN=meter-0042", "", 90 * PKI_DAY, KU(DIGITAL_SIGNATURE),
	    EKU(CLIENT_AUTH), false, -1, false },
	{ { FOR("auditor"), "meter-0042", NULL, NULL, .validity = 7 * PKI_DAY },
	    "CN=meter-0042", "", 7 * PKI_DAY, KU(DIGITAL_SIGNATURE),
	    EKU(CLIENT_AUTH), false, -1, false },
	{ { FOR("custom"), "m-1", "CN=m-1", "dns:A.example.com|ip:10.0.0.1" },
	    "C=DE,O=Example,CN=m-1", "dns:a.example.com, ip:10.0.0.1",
	    PKI_YEAR, KU(DIGITAL_SIGNATURE), EKU(CLIENT_AUTH), false, -1,
	    false },
	/* The profile's names come first, and no name comes twice. */
	{ { FOR("broker"), "Broker-1", NULL, "dns:x.example|dns:broker-1" },
	    "CN=Broker-1", "dns:broker-1, dns:x.example", 30 * PKI_DAY,
	    KU(DIGITAL_SIGNATURE), BOTH, false, -1, false },
	{ { FOR("server"), "central-server", NULL, NULL }, "CN=central-server",
	    "dns:central-server", 90 * PKI_DAY, KU(DIGITAL_SIGNATURE), BOTH,
	    false, -1, false },
	{ { FOR("est-server"), "est-1", NULL, NULL }, "CN=est-1", "dns:est-1",
	    90 * PKI_DAY, KU(DIGITAL_SIGNATURE), EKU(SERVER_AUTH), false, -1,
	    false },
	{ { FOR("ocsp-responder"), "ocsp-1", NULL, NULL }, "CN=ocsp-1", "",
	    14 * PKI_DAY, KU(DIGITAL_SIGNATURE), EKU(OCSP_SIGNING), false, -1,
	    true },
	{ { FOR("root-ca"), "Demo Root CA", NULL, NULL }, "CN=Demo Root CA", "",
	    20 * PKI_YEAR, CA_USAGE, 0, true, 1, false },
	{ { FOR("issuing-ca"), "Demo Issuing CA", NULL, NULL },
	    "CN=Demo Issuing CA", "", 10 * PKI_YEAR, CA_USAGE, 0, true, 0,
	    false },
};

Test(policy_check, grants_exactly_what_the_profile_says, .init = set_up,
    .fini = tear_down)
{
	size_t i;

	for (i = 0; i < PKI_COUNT(contents); i++) {
		const struct contents *wanted = &contents[i];
		PKI_AUTO(pki_grant) grant = NULL;
		PKI_AUTO(pki_buf) subject = pki_buf_new();
		PKI_AUTO(pki_buf) names = pki_buf_new();
		pki_err err = { 0 };

		cr_assert_eq(check_row(&wanted->asked, &grant, &err), PKI_OK,
		    "row %zu: %s", i, err.msg);
		pki_name_print(grant->subject, subject);
		pki_altnames_print(grant->alt_names, names);
		cr_expect_str_eq(pki_buf_text(subject), wanted->subject);
		cr_expect_str_eq(pki_buf_text(names), wanted->alt_names);
		cr_expect_eq(grant->not_before, NOW - 300, "row %zu", i);
		cr_expect_eq(grant->not_after,
		    NOW - 300 + wanted->validity - 1, "row %zu", i);
		cr_expect_eq(grant->key_usage, wanted->key_usage, "row %zu", i);
		cr_expect_eq(grant->ext_usage, wanted->ext_usage, "row %zu", i);
		cr_expect_eq(grant->is_ca, wanted->is_ca, "row %zu", i);
		cr_expect_eq(grant->path_len, wanted->path_len, "row %zu", i);
		cr_expect_eq(grant->ocsp_no_check, wanted->no_check,
		    "row %zu", i);
	}
}

Test(policy_check, refuses_a_server_name_that_is_no_host, .init = set_up,
    .fini = tear_down)
{
	static const struct row row = {
		FOR("broker"), "broker-a_1", NULL, NULL,
	};
	PKI_AUTO(pki_grant) grant = NULL;
	pki_err err = { 0 };

	cr_expect_neq(check_row(&row, &grant, &err), PKI_OK);
	cr_expect_str_eq(err.rule, "alt-name");
	cr_expect(strstr(err.msg, "broker-a_1"), "%s", err.msg);
}

Test(policy_check, refuses_a_ca_title_that_no_name_holds, .init = set_up,
    .fini = tear_down)
{
	static const struct row row = { FOR("root-ca"), "a\nb", NULL, NULL };
	PKI_AUTO(pki_grant) grant = NULL;
	pki_err err = { 0 };

	cr_expect_eq(check_row(&row, &grant, &err), PKI_BAD_INPUT);
	cr_expect_str_eq(err.rule, "name");
}

Test(policy_check, asks_the_profile_alone_when_no_others_are_known,
    .init = set_up, .fini = tear_down)
{
	PKI_AUTO(pki_grant) grant = NULL;
	pki_request request = { .identity = "broker", .key = keys[0] };
	pki_policy_facts facts = { .now = NOW,
	    .issuer_not_after = ISSUER_END };

	cr_expect_eq(pki_policy_check(find_profile("auditor"), &request,
	    &facts, &grant, NULL), PKI_OK);
}

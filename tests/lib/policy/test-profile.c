#include "policy/profile.h"

#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include "base/clock.h"
#include "base/file.h"
#include "x509/digest.h"

TestSuite(profile_parse, .timeout = 60);
TestSuite(profile_load, .timeout = 60);

static const char leaf[] =
    "name = \"leaf\";\n"
    "ca = \"issuing\";\n"
    "kind = \"end-entity\";\n"
    "validity = \"90d\";\n"
    "backdate = \"5m\";\n"
    "key: {\n"
    "  types = [ \"p256\" ];\n"
    "  usage = [ \"digital-signature\" ];\n"
    "  extended-usage = [ \"client-auth\" ];\n"
    "};\n"
    "alt-names: {\n"
    "  allow = [ \"dns:*.example.com\" ];\n"
    "  always = [ \"dns:{identity}.example\" ];\n"
    "};\n"
    "identity: {\n"
    "  allow = [ \"leaf-*\" ];\n"
    "  reserve = [ \"leaf-1\" ];\n"
    "};\n"
    "issue: { by = [ \"operator\" ]; };\n";

static const char ca[] =
    "name = \"top\";\n"
    "ca = \"root\";\n"
    "kind = \"root-ca\";\n"
    "validity = \"20y\";\n"
    "path-length = 1;\n"
    "key: {\n"
    "  types = [ \"p256\" ];\n"
    "  usage = [ \"key-cert-sign\", \"crl-sign\" ];\n"
    "};\n"
    "issue: { by = [ \"operator\" ]; };\n";

static void
replace(const char *text, const char *from, const char *to, pki_buf *out)
{
	const char *at = strstr(text, from);

	cr_assert_not_null(at, "no '%s'", from);
	pki_buf_add(out, pki_bytes_of(text, (size_t)(at - text)));
	pki_buf_add_text(out, to);
	pki_buf_add_text(out, at + strlen(from));
}

#define USAGE "\"digital-signature\""
#define EKU "\"client-auth\""
#define ALLOW "\"dns:*.example.com\""
#define ALWAYS "\"dns:{identity}.example\""
#define CA_USAGE "\"key-cert-sign\", \"crl-sign\""
#define BY "\"operator\""
#define PATTERN_WANTS "1 to 64 of A-Z a-z 0-9 . _ - and *, the first not . _ -"

static const struct bad {
	const char *text, *from, *to, *msg;
} bad[] = {
	/* names */
	{ leaf, "\"leaf\"", "\"other\"", "1: name: not the file's name: "
	    "'other', wants the name of its file" },
	{ leaf, "\"leaf\"", "\"Leaf\"", "1: name: no name of a profile: "
	    "'Leaf', wants 1 to 32 of a-z 0-9 -, the first not -" },
	{ leaf, "\"issuing\"", "\"token\"", "2: ca: no name of a CA: "
	    "'token', wants a name other than token and est-server" },
	{ leaf, "\"issuing\"", "\"Issuing CA\"", "2: ca: no name of a CA: "
	    "'Issuing CA', wants 1 to 32 of a-z 0-9 -, the first not -" },
	/* certification authorities */
	{ ca, CA_USAGE, "\"crl-sign\"", "8: key.usage: a CA that cannot "
	    "sign, wants key-cert-sign and crl-sign" },
	{ ca, CA_USAGE, "\"key-cert-sign\"", "8: key.usage: a CA that cannot "
	    "sign, wants key-cert-sign and crl-sign" },
	{ ca, "issue:", "alt-names: { allow = [ \"dns:*\" ]; };\nissue:",
	    "10: alt-names.allow: a CA with alternative names, wants them "
	    "left out" },
	{ ca, "issue:", "alt-names: { always = [ \"dns:x\" ]; };\nissue:",
	    "10: alt-names.always: a CA with alternative names, wants them "
	    "left out" },
	{ ca, "types", "extended-usage = [ \"client-auth\" ]; types",
	    "7: key.extended-usage: a CA with a purpose, wants it left out" },
	{ ca, BY, "\"operator\", \"est\"", "10: issue.by: a CA on request "
	    "over the network, wants operator only" },
	{ ca, "20y", "31y", "4: validity: out of range: '31y', wants 1m to "
	    "30y" },
	{ ca, "path-length = 1", "path-length = 11", "5: path-length: out of "
	    "range: '11', wants -1 to 10" },
	{ ca, "path-length = 1", "ocsp-no-check = true", "5: ocsp-no-check: "
	    "true without ocsp-signing, wants false" },
	/* end entities */
	{ leaf, USAGE, USAGE ", \"key-cert-sign\"", "8: key.usage: an end "
	    "entity that signs certificates, wants neither key-cert-sign nor "
	    "crl-sign" },
	{ leaf, USAGE, USAGE ", \"crl-sign\"", "8: key.usage: an end entity "
	    "that signs certificates, wants neither key-cert-sign nor "
	    "crl-sign" },
	{ leaf, "key:", "path-length = 0;\nkey:", "6: path-length: an end "
	    "entity with a path length, wants it left out, or a CA's kind" },
	{ leaf, EKU, "", "9: key.extended-usage: an end entity without a "
	    "purpose, wants at least one, such as client-auth" },
	{ leaf, "extended-usage = [ \"client-auth\" ];", "", "6: "
	    "key.extended-usage: an end entity without a purpose, wants at "
	    "least one, such as client-auth" },
	{ leaf, "90d", "11y", "4: validity: too long for an end entity, "
	    "wants at most 10y" },
	{ leaf, "90d", "59s", "4: validity: out of range: '59s', wants 1m to "
	    "30y" },
	{ leaf, "90d", "5m", "5: backdate: not shorter than the validity, "
	    "wants a certificate that is valid when it is issued" },
	{ leaf, "5m", "25h", "5: backdate: out of range: '25h', wants 0s to "
	    "1d" },
	{ leaf, "key:", "ocsp-no-check = true;\nkey:", "6: ocsp-no-check: "
	    "true without ocsp-signing, wants false" },
	/* enrollment over the network */
	{ leaf, "issue:", "est: { grace = \"1d\"; };\nissue:", "19: "
	    "est.grace: nobody could renew in it, wants 0s, or est in "
	    "issue.by and client-auth" },
	{ leaf, BY " ];", BY ", \"est\" ]; }; est: { grace = \"91d\";",
	    "19: est.grace: longer than the validity, wants at most as "
	    "much" },
	{ leaf, BY " ];", BY ", \"est\" ]; }; est: { grace = \"367d\";",
	    "19: est.grace: out of range: '367d', wants 0s to 1y" },
	{ leaf, "issue:", "est: { approval = \"manual\"; };\nissue:", "19: "
	    "est.approval: of requests that nobody may make, wants "
	    "automatic, or est in issue.by" },
	{ leaf, "issue:", "est: { approval = true; };\nissue:", "19: "
	    "est.approval: found true or false, wants \"automatic\" or "
	    "\"manual\"" },
	{ leaf, "issue:", "est: { linking = \"on\"; };\nissue:", "19: "
	    "est.linking: unknown value 'on', wants one of off, "
	    "when-present, required" },
	{ leaf, "issue:", "est: { renew-key = \"old\"; };\nissue:", "19: "
	    "est.renew-key: unknown value 'old', wants one of any, same, "
	    "new" },
	{ leaf, "issue:", "est: { csr-attributes = \"yes\"; };\nissue:",
	    "19: est.csr-attributes: unknown value 'yes', wants one of none, "
	    "plain, template, both" },
	{ leaf, "issue:", "est: { line-width = 75; };\nissue:", "19: "
	    "est.line-width: base64 comes in fours, wants 0 (one line) or a "
	    "multiple of 4 up to 76" },
	{ leaf, "issue:", "est: { line-width = 80; };\nissue:", "19: "
	    "est.line-width: out of range: '80', wants 0 to 76" },
	{ leaf, "issue:", "est: { width = 76; };\nissue:", "19: "
	    "est.width: unknown setting, known here: approval, grace, "
	    "renew-key, linking, csr-attributes, line-width" },
	/* usage and keys */
	{ leaf, USAGE, USAGE ", \"key-encipherment\"", "8: key.usage: a key "
	    "of these types cannot do 'key-encipherment', wants no "
	    "encipherment with EC keys: a profile of its own for RSA" },
	{ leaf, "\"p256\" ];\n  usage = [ ", "\"ed25519\" ];\n  usage = [ "
	    "\"key-agreement\", ", "8: key.usage: a key of these types cannot "
	    "do 'key-agreement', wants signatures only with ed25519 and "
	    "ml-dsa keys" },
	{ leaf, "\"p256\" ];\n  usage = [ ", "\"rsa3072\" ];\n  usage = [ "
	    "\"key-agreement\", ", "8: key.usage: a key of these types cannot "
	    "do 'key-agreement', wants no key-agreement with RSA keys" },
	{ leaf, USAGE, USAGE ", \"encipher-only\"", "8: key.usage: "
	    "encipher-only or decipher-only alone, wants key-agreement with "
	    "it" },
	{ leaf, USAGE, "\"non-repudiation\"", "8: key.usage: not enough for "
	    "its purpose: 'non-repudiation', wants digital-signature for "
	    "client-auth" },
	{ leaf, "\"p256\"", "", "7: key.types: out of range: '0 entries', "
	    "wants 1 to 32 entries" },
	{ leaf, USAGE, "", "8: key.usage: out of range: '0 entries', wants 1 "
	    "to 32 entries" },
	/* alternative names */
	{ leaf, ALLOW, "\"*.example.com\"", "12: alt-names.allow: bad pattern "
	    "'*.example.com', wants dns:, ip:, uri: or email: in front" },
	{ leaf, ALLOW, "\"DNS:*\"", "12: alt-names.allow: bad pattern "
	    "'DNS:*', wants dns:, ip:, uri: or email: in front" },
	{ leaf, ALLOW, "\"dns:\"", "12: alt-names.allow: bad pattern 'dns:', "
	    "wants a name after the colon" },
	{ leaf, ALLOW, "\"dns:a_b\"", "12: alt-names.allow: bad pattern "
	    "'dns:a_b', wants letters, digits, - . and *, as in "
	    "dns:*.example.com" },
	{ leaf, ALLOW, "\"dns:*..com\"", "12: alt-names.allow: bad pattern "
	    "'dns:*..com', wants letters, digits, - . and *, as in "
	    "dns:*.example.com" },
	{ leaf, ALLOW, "\"dns:a b\"", "12: alt-names.allow: bad pattern "
	    "'dns:a b', wants printable ASCII without spaces" },
	{ leaf, ALLOW, "\"ip:10.0.0.*\"", "12: alt-names.allow: bad pattern "
	    "'ip:10.0.0.*', wants ip:*, an address, or a network such as "
	    "10.0.0.0/8" },
	{ leaf, ALLOW, "\"ip:10.1.0.0/8\"", "12: alt-names.allow: bad pattern "
	    "'ip:10.1.0.0/8', wants ip:*, an address, or a network such as "
	    "10.0.0.0/8" },
	{ leaf, ALLOW, "\"ip:10.0.0.0/33\"", "12: alt-names.allow: bad "
	    "pattern 'ip:10.0.0.0/33', wants ip:*, an address, or a network "
	    "such as 10.0.0.0/8" },
	{ leaf, ALLOW, "\"ip:{identity}\"", "12: alt-names.allow: bad pattern "
	    "'ip:{identity}', wants no placeholder in an address" },
	{ leaf, ALLOW, "\"email:example.com\"", "12: alt-names.allow: bad "
	    "pattern 'email:example.com', wants a pattern such as "
	    "email:*@example.com" },
	{ leaf, ALLOW, "\"dns:{name}\"", "12: alt-names.allow: bad pattern "
	    "'dns:{name}', wants no placeholder but {identity}" },
	{ leaf, ALWAYS, "\"dns:{host}\"", "13: alt-names.always: bad name "
	    "'dns:{host}', wants no placeholder but {identity}" },
	{ leaf, ALWAYS, "\"dns:{identity\"", "13: alt-names.always: bad name "
	    "'dns:{identity', wants no placeholder but {identity}" },
	{ leaf, ALWAYS, "\"dns:a*.example\"", "13: alt-names.always: bad name "
	    "'dns:a*.example', wants a whole name without *, such as "
	    "dns:{identity}" },
	{ leaf, ALWAYS, "\"ip:*\"", "13: alt-names.always: bad name 'ip:*', "
	    "wants a whole name without *, such as dns:{identity}" },
	{ leaf, ALWAYS, "\"ip:10.0.0.0/8\"", "13: alt-names.always: bad name "
	    "'ip:10.0.0.0/8', wants a whole name such as dns:{identity} or "
	    "ip:10.0.0.1" },
	{ leaf, ALWAYS, "\"dns:*.x.example\"", "13: alt-names.always: bad "
	    "name 'dns:*.x.example', wants alt-names.wildcards = true with "
	    "it" },
	{ leaf, "alt-names: {\n  allow = [ " ALLOW " ];\n  always = [ " ALWAYS
	    " ];", "alt-names: {\n  wildcards = true;", "12: "
	    "alt-names.wildcards: true without any dns name, wants false, or "
	    "a dns: pattern" },
	{ leaf, EKU " ];\n};\nalt-names: {\n  allow = [ " ALLOW
	    " ];\n  always = [ " ALWAYS " ];", "\"server-auth\" ];\n};\n"
	    "alt-names: {", "11: alt-names: server-auth without any "
	    "alternative name, wants allow or always, as clients look at "
	    "nothing else" },
	/* identities */
	{ leaf, "\"leaf-*\"", "\"leaf/*\"", "16: identity.allow: bad pattern "
	    "'leaf/*', wants " PATTERN_WANTS },
	{ leaf, "\"leaf-*\"", "\"-leaf*\"", "16: identity.allow: bad pattern "
	    "'-leaf*', wants " PATTERN_WANTS },
	{ leaf, "\"leaf-*\"", "", "16: identity.allow: out of range: "
	    "'0 entries', wants 1 to 200 entries" },
	{ leaf, "\"leaf-1\"", "\"leaf-1\", \"a b\"", "17: identity.reserve: "
	    "bad pattern 'a b', wants " PATTERN_WANTS },
	{ leaf, "\"leaf-1\"", "\"other\"", "17: identity.reserve: nobody "
	    "could have 'other', wants a name that identity.allow matches" },
	/* subject and requesters */
	{ leaf, "issue:", "subject: { organization = \"{identity}\"; };\n"
	    "issue:", "19: subject.organization: a placeholder in "
	    "'{identity}', wants fixed text without { and }" },
	{ leaf, "issue:", "subject: { country = \"DEU\"; };\nissue:", "19: "
	    "subject.country: out of range: '3 octets', wants 0 to 2 octets" },
	{ leaf, BY, "", "19: issue.by: out of range: '0 entries', wants 1 to "
	    "32 entries" },
	{ leaf, BY, "\"anybody\"", "19: issue.by: unknown value 'anybody', "
	    "wants a list of operator, est" },
};

Test(profile_parse, refuses_each_contradiction_with_its_line)
{
	size_t i;

	for (i = 0; i < PKI_COUNT(bad); i++) {
		PKI_AUTO(pki_buf) text = pki_buf_new();
		PKI_AUTO(pki_profile) profile = NULL;
		const char *name = bad[i].text == leaf ? "leaf.conf" :
		    "top.conf";
		pki_err err = { 0 };
		char expected[512];

		replace(bad[i].text, bad[i].from, bad[i].to, text);
		cr_expect_eq(pki_profile_parse(pki_buf_bytes(text), name,
		    &profile, &err), PKI_BAD_INPUT, "row %zu: %s", i,
		    bad[i].to);
		snprintf(expected, sizeof(expected), "%s:%s", name,
		    bad[i].msg);
		cr_expect_str_eq(err.msg, expected, "row %zu: '%s'", i,
		    err.msg);
		cr_expect_str_eq(err.rule, "setting", "row %zu", i);
	}
}

Test(profile_parse, refuses_a_country_of_other_than_two_letters)
{
	PKI_AUTO(pki_buf) text = pki_buf_new();
	PKI_AUTO(pki_profile) profile = NULL;
	pki_err err = { 0 };

	replace(leaf, "issue:", "subject: { country = \"1\"; };\nissue:", text);
	cr_expect_eq(pki_profile_parse(pki_buf_bytes(text), "leaf", &profile,
	    &err), PKI_BAD_INPUT);
	cr_expect(strstr(err.msg, "leaf:19: subject.country: bad value '1'"),
	    "%s", err.msg);
}

static const struct { const char *text, *from, *to; } good[] = {
	{ leaf, "name", "name" },
	{ leaf, ALLOW, "\"dns:*\", \"ip:*\", \"ip:::/0\", \"ip:10.0.0.0/8\", "
	    "\"ip:2001:db8::/32\", \"uri:*\", \"uri:urn:x:{identity}:*\", "
	    "\"email:*\", \"email:*@example.com\", \"dns:a*b.example.com\"" },
	{ leaf, ALWAYS " ]", "\"dns:*.x.example\" ]; wildcards = true" },
	{ leaf, ALWAYS, "\"ip:10.0.0.1\", \"uri:urn:meter:{identity}\", "
	    "\"email:{identity}@example.com\"" },
	{ leaf, "90d", "10y" },
	{ leaf, "\"leaf-1\"", "\"other-*\"" },
	{ leaf, "\"p256\" ];\n  usage = [ ",
	    "\"rsa2048\" ];\n  usage = [ \"key-encipherment\", " },
	{ leaf, USAGE, USAGE ", \"key-agreement\", \"encipher-only\"" },
	{ leaf, "key:", "path-length = -1;\nkey:" },
	{ ca, "20y", "30y" },
	{ ca, "path-length = 1;", "" },
	{ ca, "root-ca", "issuing-ca" },
};

Test(profile_parse, takes_what_makes_sense)
{
	size_t i;

	for (i = 0; i < PKI_COUNT(good); i++) {
		PKI_AUTO(pki_buf) text = pki_buf_new();
		PKI_AUTO(pki_profile) profile = NULL;
		pki_err err = { 0 };

		replace(good[i].text, good[i].from, good[i].to, text);
		cr_expect_eq(pki_profile_parse(pki_buf_bytes(text),
		    good[i].text == leaf ? "leaf" : "top", &profile, &err),
		    PKI_OK, "row %zu: %s", i, err.msg);
	}
}

Test(profile_parse, fills_every_field)
{
	PKI_AUTO(pki_profile) p = NULL;
	pki_digest digest;
	pki_err err = { 0 };

	cr_assert_eq(pki_profile_parse(PKI_BYTES_TEXT(leaf), "leaf.conf", &p,
	    &err), PKI_OK, "%s", err.msg);
	cr_expect_str_eq(p->name, "leaf");
	cr_expect_str_eq(p->summary, "");
	cr_expect_str_eq(p->ca, "issuing");
	cr_expect_eq(p->kind, PKI_PROFILE_END_ENTITY);
	cr_expect_eq(p->validity, 90 * PKI_DAY);
	cr_expect_eq(p->backdate, 5 * PKI_MINUTE);
	cr_expect_eq(p->path_length, -1);
	cr_expect_not(p->ocsp_no_check);
	cr_expect_eq(p->key_types, 1u << PKI_KEY_P256);
	cr_expect_eq(p->key_from_device, 0);
	cr_expect_eq(p->key_usage, 1u << PKI_KU_DIGITAL_SIGNATURE);
	cr_expect_eq(p->ext_usage, 1u << PKI_EKU_CLIENT_AUTH);
	cr_expect_str_eq(p->country, "");
	cr_expect_str_eq(p->unit, "");
	cr_expect_eq(p->alt_allow.count, 1u);
	cr_expect_str_eq(p->alt_always.items[0], "dns:{identity}.example");
	cr_expect_not(p->alt_wildcards);
	cr_expect_str_eq(p->identity_allow.items[0], "leaf-*");
	cr_expect_str_eq(p->identity_reserve.items[0], "leaf-1");
	cr_expect_eq(p->several_connections, 0);
	cr_expect_eq(p->requesters, 1u << PKI_BY_OPERATOR);
	cr_expect_eq(p->est_approval, 0);
	cr_expect_eq(p->est_grace, 0);
	cr_expect_eq(p->est_renew_key, PKI_RENEW_ANY_KEY);
	cr_expect_eq(p->est_linking, PKI_LINKING_PRESENT);
	cr_expect_eq(p->est_csr_hints, PKI_CSR_HINTS_PLAIN);
	cr_expect_eq(p->est_line_width, 76);
	cr_expect_str_eq(p->path, "leaf.conf");
	cr_expect_str_eq(pki_buf_text(p->text), leaf);
	cr_assert_eq(pki_digest_of(PKI_BYTES_TEXT(leaf), &digest, NULL),
	    PKI_OK);
	cr_expect(pki_digest_equal(&digest, &p->digest));
}

Test(profile_parse, reads_how_one_enrolls_over_the_network)
{
	PKI_AUTO(pki_buf) text = pki_buf_new();
	PKI_AUTO(pki_profile) p = NULL;
	pki_err err = { 0 };

	replace(leaf, BY " ];", BY ", \"est\" ]; };\nest: { approval = "
	    "\"manual\"; grace = \"90d\"; renew-key = \"new\"; linking = "
	    "\"required\"; csr-attributes = \"both\"; line-width = 0;",
	    text);
	cr_assert_eq(pki_profile_parse(pki_buf_bytes(text), "leaf.conf", &p,
	    &err), PKI_OK, "%s", err.msg);
	cr_expect_eq(p->est_approval, 1);
	cr_expect_eq(p->est_grace, 90 * PKI_DAY);
	cr_expect_eq(p->est_renew_key, PKI_RENEW_NEW_KEY);
	cr_expect_eq(p->est_linking, PKI_LINKING_REQUIRED);
	cr_expect_eq(p->est_csr_hints, PKI_CSR_HINTS_BOTH);
	cr_expect_eq(p->est_line_width, 0);
}

static const char *const shipped[] = {
	"auditor", "bridge", "broker", "est-server", "issuing-ca",
	"ocsp-responder", "operator", "root-ca", "server",
};

Test(profile_load, reads_every_shipped_template)
{
	size_t i;

	for (i = 0; i < PKI_COUNT(shipped); i++) {
		PKI_AUTO(pki_profile) profile = NULL;
		pki_err err = { 0 };
		char path[PKI_PATH_MAX];

		snprintf(path, sizeof(path), "%s/%s.conf", TEMPLATES_DIR,
		    shipped[i]);
		cr_assert_eq(pki_profile_load(path, &profile, &err), PKI_OK,
		    "%s", err.msg);
		cr_expect_str_eq(profile->name, shipped[i]);
		cr_expect_str_neq(profile->summary, "", "%s", shipped[i]);
		cr_expect_str_eq(profile->path, path);
	}
}

Test(profile_load, says_when_there_is_no_such_file)
{
	PKI_AUTO(pki_profile) profile = NULL;
	pki_err err = { 0 };

	cr_expect_eq(pki_profile_load("/nonexistent/x.conf", &profile, &err),
	    PKI_NOT_FOUND);
	cr_expect_null(profile);
}

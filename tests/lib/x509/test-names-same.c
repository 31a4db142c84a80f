#include <criterion/criterion.h>
#include <string.h>

#include <openssl/ec.h>

#include "x509/csr.h"
#include "x509/names-same.h"
#include "tests/lib/x509/sample.h"
#include "tests/support/csr-maker.h"

/* Part of G25: a renewal keeps the identity, octet for octet or by meaning. */

TestSuite(names_same, .timeout = 60);

#define OID(arc) "06{5504" arc "}"
#define CN(text) "31{30{" OID("03") " 0c{'" text "'}}}"
#define O(text) "31{30{" OID("0a") " 0c{'" text "'}}}"

#define SAN(list) "a0{30{06{2a864886f70d01090e} 31{30{30{06{551d11} " \
	"04{30{" list "}}}}}}}"
#define HOST "82{'meter.example'}"
#define ADDRESS "87{0a000001}"

static const struct row {
	const char *what, *rule, *subject, *attributes;
} rows[] = {
	{ "the same", "", "30{" O("Example Ltd") CN("meter-1") "}",
	    SAN(HOST ADDRESS) },
	{ "another order of alternative names", "",
	    "30{" O("Example Ltd") CN("meter-1") "}", SAN(ADDRESS HOST) },
	{ "an alternative name given twice", "",
	    "30{" O("Example Ltd") CN("meter-1") "}", SAN(HOST ADDRESS HOST) },
	{ "a host in upper case", "",
	    "30{" O("Example Ltd") CN("meter-1") "}",
	    SAN("82{'METER.example'}" ADDRESS) },
	{ "PrintableString", "",
	    "30{31{30{" OID("0a") " 13{'Example Ltd'}}}" CN("meter-1") "}",
	    SAN(HOST ADDRESS) },
	{ "another case", "", "30{" O("EXAMPLE ltd") CN("Meter-1") "}",
	    SAN(HOST ADDRESS) },
	{ "more inner space", "", "30{" O("Example   Ltd") CN("meter-1") "}",
	    SAN(HOST ADDRESS) },
	{ "space around", "", "30{" O(" Example Ltd ") CN("meter-1") "}",
	    SAN(HOST ADDRESS) },
	{ "no inner space", "renew-subject",
	    "30{" O("ExampleLtd") CN("meter-1") "}", SAN(HOST ADDRESS) },
	{ "another common name", "renew-subject",
	    "30{" O("Example Ltd") CN("meter-2") "}", SAN(HOST ADDRESS) },
	{ "a part left out", "renew-subject", "30{" CN("meter-1") "}",
	    SAN(HOST ADDRESS) },
	{ "one part more", "renew-subject",
	    "30{" O("Example Ltd") CN("meter-1") CN("meter-1") "}",
	    SAN(HOST ADDRESS) },
	{ "parts in another order", "renew-subject",
	    "30{" CN("meter-1") O("Example Ltd") "}", SAN(HOST ADDRESS) },
	{ "a part of another type", "renew-subject",
	    "30{31{30{" OID("0b") " 0c{'Example Ltd'}}}" CN("meter-1") "}",
	    SAN(HOST ADDRESS) },
	{ "one part that reads as two", "renew-subject",
	    "30{" O("Example Ltd,CN=meter-1") "}", SAN(HOST ADDRESS) },
	{ "an empty subject", "renew-subject", "3000", SAN(HOST ADDRESS) },
	{ "a prefix", "renew-subject", "30{" O("Example Ltd") CN("meter-")
	    "}", SAN(HOST ADDRESS) },
	{ "no alternative names", "renew-alt-names",
	    "30{" O("Example Ltd") CN("meter-1") "}", "a000" },
	{ "an alternative name left out", "renew-alt-names",
	    "30{" O("Example Ltd") CN("meter-1") "}", SAN(HOST) },
	{ "one alternative name more", "renew-alt-names",
	    "30{" O("Example Ltd") CN("meter-1") "}",
	    SAN(HOST ADDRESS "82{'broker.example'}") },
	{ "another host", "renew-alt-names",
	    "30{" O("Example Ltd") CN("meter-1") "}",
	    SAN("82{'broker.example'}" ADDRESS) },
	{ "another address", "renew-alt-names",
	    "30{" O("Example Ltd") CN("meter-1") "}",
	    SAN(HOST "87{0a000002}") },
	{ "the same text of another kind", "renew-alt-names",
	    "30{" O("Example Ltd") CN("meter-1") "}",
	    SAN("86{'urn:meter.example'}" ADDRESS) },
	{ "the address as a host", "renew-alt-names",
	    "30{" O("Example Ltd") CN("meter-1") "}",
	    SAN(HOST "87{00000000000000000000ffff0a000001}") },
};

static pki_csr *
make_csr(EVP_PKEY *key, const char *subject, const char *attributes)
{
	struct csr_recipe recipe = { .signer = key, .subject = subject,
		.attributes = attributes };
	PKI_AUTO(pki_buf) der = pki_buf_new();
	pki_csr *csr = NULL;
	pki_err err = { 0 };

	cr_assert(csr_make(&recipe, der), "%s", subject);
	cr_assert(pki_csr_parse(pki_buf_bytes(der), &csr, &err) == PKI_OK,
	    "%s: %s", subject, err.msg);
	return csr;
}

static pki_code
check(const pki_csr *csr, const pki_cert *cert, pki_err *err)
{
	const pki_name *subject = pki_csr_subject(csr);

	return pki_names_check_same(pki_name_count(subject) == 0 ? NULL :
	    subject, pki_csr_alt_names(csr), cert, err);
}

static const pki_altnames *wanted_names;
static const pki_name *wanted_subject;

static void
name_it(pki_tbs *tbs)
{
	tbs->subject = wanted_subject;
	tbs->issuer = wanted_subject;
	tbs->alt_names = wanted_names;
}

static void
make_cert(sample *out, bool with_names)
{
	static const pki_name_part parts[] = {
		{ PKI_NAME_ORGANIZATION, "Example Ltd" },
		{ PKI_NAME_COMMON_NAME, "meter-1" },
	};
	PKI_AUTO(pki_altnames) names = pki_altnames_new();
	PKI_AUTO(pki_name) subject = NULL;

	cr_assert(pki_name_build(parts, 2, &subject, NULL) == PKI_OK);
	cr_assert(pki_altnames_add_text(names, "dns:meter.example", NULL) ==
	    PKI_OK);
	cr_assert(pki_altnames_add_text(names, "ip:10.0.0.1", NULL) ==
	    PKI_OK);
	wanted_subject = subject;
	wanted_names = with_names ? names : NULL;
	sample_make(out, "meter-1", NULL, name_it);
}

Test(names_same, are_the_same_by_meaning_and_nothing_is_set_right)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	SAMPLE cert = { 0 };

	make_cert(&cert, true);
	for (size_t i = 0; i < PKI_COUNT(rows); i++) {
		const struct row *row = &rows[i];
		PKI_AUTO(pki_csr) csr = make_csr(key, row->subject,
		    row->attributes);
		pki_err err = { 0 };
		pki_code rc = check(csr, cert.cert, &err);

		cr_expect(rc == (row->rule[0] == '\0' ? PKI_OK : PKI_DENIED),
		    "%s: %s", row->what, err.msg);
		cr_expect(strcmp(err.rule, row->rule) == 0, "%s: %s",
		    row->what, err.msg);
	}
	EVP_PKEY_free(key);
}

Test(names_same, may_be_without_alternative_ones_on_both_sides_only)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	PKI_AUTO(pki_csr) none = make_csr(key, rows[0].subject, "a000");
	PKI_AUTO(pki_csr) some = make_csr(key, rows[0].subject, SAN(HOST));
	SAMPLE cert = { 0 };
	pki_err err = { 0 };

	make_cert(&cert, false);
	cr_expect(check(none, cert.cert, &err) == PKI_OK);
	cr_expect(check(some, cert.cert, &err) == PKI_DENIED);
	cr_expect_str_eq(err.value, "dns:meter.example");
	cr_expect_str_eq(err.accepts, "none, as in the certificate");
	EVP_PKEY_free(key);
}

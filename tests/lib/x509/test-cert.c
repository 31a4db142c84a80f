#include "x509/cert.h"

#include <string.h>

#include <criterion/criterion.h>

#include "sample.h"
#include "x509/der.h"
#include "x509/pem.h"

TestSuite(cert_parse, .timeout = 60);

/* rule NULL: accepted. */
static void
expect_parse(const char *name, pki_bytes der, const char *rule)
{
	PKI_AUTO(pki_cert) cert = NULL;
	pki_err err = { 0 };
	pki_code rc;

	rc = pki_cert_parse(der, &cert, &err);
	if (rule == NULL) {
		cr_expect(rc == PKI_OK, "%s: %s", name, err.msg);
		return;
	}
	cr_expect(rc == PKI_BAD_INPUT, "%s: %s", name, pki_code_name(rc));
	cr_expect(strcmp(err.rule, rule) == 0, "%s: rule '%s': %s", name,
	    err.rule, err.msg);
	cr_expect(cert == NULL, "%s", name);
}

Test(cert_parse, reads_pem_and_der_alike)
{
	SAMPLE s = { 0 };
	PKI_AUTO(pki_buf) pem = pki_buf_new();
	PKI_AUTO(pki_cert) cert = NULL;
	pki_bytes der;

	sample_make(&s, "CA", NULL, sample_ca);
	der = pki_cert_der(s.cert);
	pki_pem_add(pem, PKI_PEM_CERT, der);
	cert = sample_parse(pki_buf_bytes(pem));
	cr_expect(pki_bytes_equal(pki_cert_der(cert), der));
	cr_expect(pki_digest_equal(pki_cert_digest(cert),
	    pki_cert_digest(s.cert)));
}

#define NAME_OF_X "\x30\x0c\x31\x0a\x30\x08\x06\x03\x55\x04\x03\x0c\x01x"
static const struct {
	const char *name;
	int         part;
	pki_bytes   with;
	const char *rule;
} part_rows[] = {
	{ "version 1", CERT_VERSION, { NULL, 0 }, "version" },
	{ "version 1, written", CERT_VERSION,
	    PKI_BYTES_TEXT("\xa0\x03\x02\x01\x00"), "version" },
	{ "version 2", CERT_VERSION,
	    PKI_BYTES_TEXT("\xa0\x03\x02\x01\x01"), "version" },
	{ "version 4", CERT_VERSION,
	    PKI_BYTES_TEXT("\xa0\x03\x02\x01\x03"), "version" },
	{ "version with a long length", CERT_VERSION,
	    PKI_BYTES_TEXT("\xa0\x81\x03\x02\x01\x02"), "der" },
	{ "version of indefinite length", CERT_VERSION,
	    PKI_BYTES_TEXT("\xa0\x80\x02\x01\x02\x00\x00"), "der" },
	{ "version and more", CERT_VERSION,
	    PKI_BYTES_TEXT("\xa0\x06\x02\x01\x02\x02\x01\x02"),
	    "der" },
	{ "negative serial", CERT_SERIAL,
	    PKI_BYTES_TEXT("\x02\x01\x80"), "der" },
	{ "serial zero", CERT_SERIAL,
	    PKI_BYTES_TEXT("\x02\x01\x00"), "serial" },
	{ "serial of 21 octets", CERT_SERIAL,
	    PKI_BYTES_TEXT("\x02\x15\x01""12345678901234567890"),
	    "serial" },
	{ "serial with a zero in front", CERT_SERIAL,
	    PKI_BYTES_TEXT("\x02\x02\x00\x01"), "der" },
	{ "empty serial", CERT_SERIAL, PKI_BYTES_TEXT("\x02\x00"), "der" },
	{ "another inner algorithm", CERT_ALGORITHM,
	    PKI_BYTES_TEXT("\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d"
	    "\x04\x03\x03"), "signature-algorithm" },
	{ "empty issuer", CERT_ISSUER, PKI_BYTES_TEXT("\x30\x00"),
	    "name" },
	{ "BER in the issuer", CERT_ISSUER,
	    PKI_BYTES_TEXT("\x30\x0d\x31\x81\x0a\x30\x08\x06\x03"
	    "\x55\x04\x03\x0c\x01x"), "der" },
	{ "another issuer", CERT_ISSUER, PKI_BYTES_TEXT(NAME_OF_X), NULL },
	{ "NUL in the subject", CERT_SUBJECT,
	    PKI_BYTES_TEXT("\x30\x0c\x31\x0a\x30\x08\x06\x03"
	    "\x55\x04\x03\x0c\x01\x00"), "name" },
	{ "a validity that ends first", CERT_VALIDITY,
	    PKI_BYTES_TEXT("\x30\x1e\x17\x0d" "260102000000Z"
	    "\x17\x0d" "260101000000Z"), "validity" },
	{ "a validity of one second", CERT_VALIDITY,
	    PKI_BYTES_TEXT("\x30\x1e\x17\x0d" "260101000000Z"
	    "\x17\x0d" "260101000000Z"), NULL },
	{ "GeneralizedTime before 2050", CERT_VALIDITY,
	    PKI_BYTES_TEXT("\x30\x20\x17\x0d" "260101000000Z"
	    "\x18\x0f" "20270101000000Z"), "der" },
	{ "a third time", CERT_VALIDITY,
	    PKI_BYTES_TEXT("\x30\x2d\x17\x0d" "260101000000Z"
	    "\x17\x0d" "270101000000Z\x17\x0d" "270101000000Z"),
	    "der" },
	{ "no extensions", CERT_EXTENSIONS, { NULL, 0 }, NULL },
	{ "no extension in the list", CERT_EXTENSIONS,
	    PKI_BYTES_TEXT("\xa3\x02\x30\x00"), "extension" },
	{ "an empty field", CERT_EXTENSIONS,
	    PKI_BYTES_TEXT("\xa3\x00"), "der" },
	{ "a unique identifier", CERT_EXTENSIONS,
	    PKI_BYTES_TEXT("\x81\x02\x00\x55"), "der" },
};

Test(cert_parse, refuses_parts_out_of_shape)
{
	SAMPLE s = { 0 };

	sample_make(&s, "CA", NULL, sample_ca);
	for (size_t i = 0; i < PKI_COUNT(part_rows); i++) {
		PKI_AUTO(pki_buf) der = sample_replace_cert(s.cert,
		    part_rows[i].part, part_rows[i].with);

		expect_parse(part_rows[i].name, pki_buf_bytes(der),
		    part_rows[i].rule);
	}
}

enum critical { SILENT, FALSE_SAID, TRUE_SAID };

static void
add_extension(pki_buf *list, pki_bytes oid, enum critical critical,
    pki_bytes value)
{
	PKI_AUTO(pki_buf) content = pki_buf_new();

	pki_der_add(content, PKI_DER_OID, oid);
	if (critical == FALSE_SAID)
		pki_buf_add(content, PKI_BYTES_TEXT("\x01\x01\x00"));
	if (critical == TRUE_SAID)
		pki_buf_add(content, PKI_BYTES_TEXT("\x01\x01\xff"));
	pki_der_add(content, PKI_DER_OCTET_STRING, value);
	pki_der_add(list, PKI_DER_SEQUENCE, pki_buf_bytes(content));
}

/* cert's DER with times copies of one extension as its only ones. */
static pki_buf *
replace_extensions(const pki_cert *cert, pki_bytes oid,
    enum critical critical, pki_bytes value, int times)
{
	PKI_AUTO(pki_buf) list = pki_buf_new();
	PKI_AUTO(pki_buf) sequence = pki_buf_new();
	PKI_AUTO(pki_buf) field = pki_buf_new();

	while (times-- > 0)
		add_extension(list, oid, critical, value);
	pki_der_add(sequence, PKI_DER_SEQUENCE, pki_buf_bytes(list));
	pki_der_add(field, PKI_DER_CONTEXT(3), pki_buf_bytes(sequence));
	return sample_replace_cert(cert, CERT_EXTENSIONS, pki_buf_bytes(field));
}

#define OID_UNKNOWN   PKI_BYTES_TEXT("\x2a\x03")
#define OID_SKI       PKI_BYTES_TEXT("\x55\x1d\x0e")
#define OID_KU        PKI_BYTES_TEXT("\x55\x1d\x0f")
#define OID_SAN       PKI_BYTES_TEXT("\x55\x1d\x11")
#define OID_BC        PKI_BYTES_TEXT("\x55\x1d\x13")
#define OID_NAMES     PKI_BYTES_TEXT("\x55\x1d\x1e")
#define OID_CDP       PKI_BYTES_TEXT("\x55\x1d\x1f")
#define OID_AKI       PKI_BYTES_TEXT("\x55\x1d\x23")
#define OID_EKU       PKI_BYTES_TEXT("\x55\x1d\x25")
#define EMPTY         PKI_BYTES_TEXT("\x30\x00")
/* A GeneralName of a kind that we do not keep: registeredID. */
#define OTHER_KIND    PKI_BYTES_TEXT("\x30\x04\x88\x02\x2a\x03")

static const struct {
	const char   *name;
	pki_bytes     oid;
	enum critical critical;
	pki_bytes     value;
	int           times;
	const char   *rule;
} extension_rows[] = {
	{ "unknown", OID_UNKNOWN, SILENT, EMPTY, 1, NULL },
	{ "unknown, critical", OID_UNKNOWN, TRUE_SAID, EMPTY, 1,
	    "extension" },
	{ "critical FALSE", OID_UNKNOWN, FALSE_SAID, EMPTY, 1,
	    "der" },
	{ "unknown, twice", OID_UNKNOWN, SILENT, EMPTY, 2,
	    "extension" },
	{ "nameConstraints, critical", OID_NAMES, TRUE_SAID, EMPTY, 1,
	    "extension" },
	{ "basicConstraints", OID_BC, TRUE_SAID, EMPTY, 1, NULL },
	{ "basicConstraints, twice", OID_BC, TRUE_SAID, EMPTY, 2,
	    "extension" },
	{ "cA FALSE, written", OID_BC, TRUE_SAID,
	    PKI_BYTES_TEXT("\x30\x03\x01\x01\x00"), 1, "der" },
	{ "cA 01", OID_BC, TRUE_SAID,
	    PKI_BYTES_TEXT("\x30\x03\x01\x01\x01"), 1, "der" },
	{ "path length without cA", OID_BC, TRUE_SAID,
	    PKI_BYTES_TEXT("\x30\x03\x02\x01\x00"), 1, "extension" },
	{ "negative path length", OID_BC, TRUE_SAID,
	    PKI_BYTES_TEXT("\x30\x06\x01\x01\xff\x02\x01\xff"), 1,
	    "der" },
	{ "huge path length", OID_BC, TRUE_SAID,
	    PKI_BYTES_TEXT("\x30\x0a\x01\x01\xff\x02\x05\x01\x00"
	    "\x00\x00\x00"), 1, "extension" },
	{ "octets after basicConstraints", OID_BC, TRUE_SAID,
	    PKI_BYTES_TEXT("\x30\x00\x00"), 1, "der" },
	{ "nine bits", OID_KU, TRUE_SAID,
	    PKI_BYTES_TEXT("\x03\x03\x07\x80\x80"), 1, NULL },
	{ "ten bits", OID_KU, TRUE_SAID,
	    PKI_BYTES_TEXT("\x03\x03\x06\x80\x40"), 1, "extension" },
	{ "no bit", OID_KU, TRUE_SAID,
	    PKI_BYTES_TEXT("\x03\x01\x00"), 1, "extension" },
	{ "zero bits at the end", OID_KU, TRUE_SAID,
	    PKI_BYTES_TEXT("\x03\x02\x06\x80"), 1, "der" },
	{ "no purpose", OID_EKU, SILENT, EMPTY, 1, "extension" },
	{ "a purpose that is no OID", OID_EKU, SILENT,
	    PKI_BYTES_TEXT("\x30\x02\x05\x00"), 1, "der" },
	{ "a key id in BER", OID_SKI, SILENT,
	    PKI_BYTES_TEXT("\x04\x81\x01\x55"), 1, "der" },
	{ "an authority without key id", OID_AKI, SILENT, EMPTY, 1,
	    NULL },
	{ "an authority that is no SEQUENCE", OID_AKI, SILENT,
	    PKI_BYTES_TEXT("\x04\x01\x55"), 1, "der" },
	{ "names of other kinds", OID_SAN, SILENT, OTHER_KIND, 1,
	    NULL },
	{ "names of other kinds, critical", OID_SAN, TRUE_SAID,
	    OTHER_KIND, 1, "alt-name" },
	{ "names in BER", OID_SAN, SILENT,
	    PKI_BYTES_TEXT("\x30\x81\x03\x82\x01x"), 1, "der" },
	{ "a point without a name", OID_CDP, SILENT,
	    PKI_BYTES_TEXT("\x30\x02\x30\x00"), 1, NULL },
	{ "a URI with NUL", OID_CDP, SILENT,
	    PKI_BYTES_TEXT("\x30\x0a\x30\x08\xa0\x06\xa0\x04\x86\x02"
	    "x\x00"), 1, "extension" },
};

Test(cert_parse, judges_extensions)
{
	SAMPLE s = { 0 };

	sample_make(&s, "CA", NULL, sample_ca);
	for (size_t i = 0; i < PKI_COUNT(extension_rows); i++) {
		PKI_AUTO(pki_buf) der = replace_extensions(s.cert,
		    extension_rows[i].oid, extension_rows[i].critical,
		    extension_rows[i].value, extension_rows[i].times);

		expect_parse(extension_rows[i].name, pki_buf_bytes(der),
		    extension_rows[i].rule);
	}
}

Test(cert_parse, refuses_more_than_32_extensions)
{
	PKI_AUTO(pki_buf) list = pki_buf_new();
	PKI_AUTO(pki_buf) sequence = pki_buf_new();
	PKI_AUTO(pki_buf) field = pki_buf_new();
	PKI_AUTO(pki_buf) der = NULL;
	SAMPLE s = { 0 };

	sample_make(&s, "CA", NULL, sample_ca);
	for (uint8_t i = 0; i < 33; i++) {
		uint8_t oid[] = { 0x2a, i };

		add_extension(list, pki_bytes_of(oid, sizeof(oid)), SILENT,
		    EMPTY);
	}
	pki_der_add(sequence, PKI_DER_SEQUENCE, pki_buf_bytes(list));
	pki_der_add(field, PKI_DER_CONTEXT(3), pki_buf_bytes(sequence));
	der = sample_replace_cert(s.cert, CERT_EXTENSIONS,
	    pki_buf_bytes(field));
	expect_parse("33 extensions", pki_buf_bytes(der), "extension");
}

Test(cert_parse, takes_names_of_other_kinds_for_none)
{
	SAMPLE s = { 0 };
	PKI_AUTO(pki_buf) der = NULL;
	PKI_AUTO(pki_cert) cert = NULL;

	sample_make(&s, "CA", NULL, sample_ca);
	der = replace_extensions(s.cert, OID_SAN, SILENT, OTHER_KIND, 1);
	cert = sample_parse(pki_buf_bytes(der));
	cr_expect(pki_cert_alt_names(cert) == NULL);
}

Test(cert_parse, does_not_take_a_foreign_purpose_for_none)
{
	/* anyExtendedKeyUsage, and id-kp with one arc too many. */
	static const pki_bytes values[] = {
		PKI_BYTES_TEXT("\x30\x06\x06\x04\x55\x1d\x25\x00"),
		PKI_BYTES_TEXT("\x30\x0b\x06\x09\x2b\x06\x01\x05\x05\x07\x03"
		    "\x02\x02"),
	};
	SAMPLE s = { 0 };

	sample_make(&s, "CA", NULL, sample_ca);
	for (size_t i = 0; i < PKI_COUNT(values); i++) {
		PKI_AUTO(pki_buf) der = replace_extensions(s.cert, OID_EKU,
		    SILENT, values[i], 1);
		PKI_AUTO(pki_cert) cert = sample_parse(pki_buf_bytes(der));

		cr_expect(pki_cert_ext_usage(cert) == PKI_EKU_OTHER);
	}
}

Test(cert_parse, gives_the_first_uri_among_distribution_points)
{
	/* The first point has only a directoryName, the second two URIs. */
	static const pki_bytes value = PKI_BYTES_TEXT("\x30\x1a"
	    "\x30\x08\xa0\x06\xa0\x04\xa4\x02\x30\x00"
	    "\x30\x0e\xa0\x0c\xa0\x0a\x86\x03" "a:b" "\x86\x03" "c:d");
	SAMPLE s = { 0 };
	PKI_AUTO(pki_buf) der = NULL;
	PKI_AUTO(pki_cert) cert = NULL;

	sample_make(&s, "CA", NULL, sample_ca);
	der = replace_extensions(s.cert, OID_CDP, SILENT, value, 1);
	cert = sample_parse(pki_buf_bytes(der));
	cr_assert(pki_cert_crl_url(cert) != NULL);
	cr_expect_str_eq(pki_cert_crl_url(cert), "a:b");
}

Test(cert_parse, refuses_every_truncation_and_anything_after_the_end)
{
	SAMPLE s = { 0 };
	PKI_AUTO(pki_buf) longer = NULL;
	pki_bytes der;

	sample_make(&s, "CA", NULL, sample_ca);
	der = pki_cert_der(s.cert);
	for (size_t len = 0; len < der.len; len++) {
		PKI_AUTO(pki_cert) cert = NULL;
		pki_err err = { 0 };

		cr_expect(pki_cert_parse(pki_bytes_of(der.data, len), &cert,
		    &err) == PKI_BAD_INPUT, "%zu octets", len);
	}
	longer = pki_buf_copy(der);
	pki_buf_add_byte(longer, 0);
	expect_parse("one octet more", pki_buf_bytes(longer), "der");
}

Test(cert_parse, refuses_what_is_too_large)
{
	PKI_AUTO(pki_buf) big = pki_buf_new();
	PKI_AUTO(pki_cert) cert = NULL;
	uint8_t *room = pki_buf_reserve(big, PKI_CERT_MAX + 1);
	pki_err err = { 0 };

	memset(room, 0x30, PKI_CERT_MAX + 1);
	cr_expect(pki_cert_parse(pki_bytes_of(room, PKI_CERT_MAX + 1), &cert,
	    &err) == PKI_BAD_INPUT, "%s", err.msg);
}

Test(cert_parse, refuses_another_outer_algorithm)
{
	const pki_sigalg *algorithm = pki_sigalg_for(PKI_KEY_P384);
	PKI_AUTO(pki_buf) der = pki_buf_new();
	SAMPLE s = { 0 };

	sample_make(&s, "CA", NULL, sample_ca);
	pki_signed_add(der, pki_cert_tbs(s.cert), algorithm,
	    PKI_BYTES_TEXT("signature"));
	expect_parse("outer algorithm", pki_buf_bytes(der),
	    "signature-algorithm");
}

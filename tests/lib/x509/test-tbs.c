#include "x509/tbs.h"

#include <string.h>

#include <criterion/criterion.h>

#include "base/clock.h"
#include "sample.h"
#include "x509/usage.h"

TestSuite(tbs_encode, .timeout = 60);
TestSuite(tbs_template, .timeout = 30);
TestSuite(signed_add, .timeout = 30);

#define CRL_URL "http://pki.example/crl/issuing/7.crl"
#define CA_URL "http://pki.example/ca/issuing.cer"

static pki_altnames *
make_alt_names(void)
{
	static const char *const texts[] = {
		"dns:broker.example", "ip:10.0.0.1", "ip:2001:db8::1",
		"uri:urn:example:meter:42", "email:meter@example.org",
	};
	pki_altnames *names = pki_altnames_new();
	pki_err err = { 0 };

	for (size_t i = 0; i < PKI_COUNT(texts); i++)
		cr_assert(pki_altnames_add_text(names, texts[i], &err) ==
		    PKI_OK, "%s: %s", texts[i], err.msg);
	return names;
}

/* One end entity with everything in it. */
static pki_tbs
fill_tbs(const sample *leaf, const sample *ca, const pki_altnames *names)
{
	pki_tbs tbs = sample_tbs(leaf, ca);

	tbs.key_usage = 1 << PKI_KU_DIGITAL_SIGNATURE |
	    1 << PKI_KU_KEY_AGREEMENT | 1 << PKI_KU_DECIPHER_ONLY;
	tbs.ext_usage = 1 << PKI_EKU_SERVER_AUTH | 1 << PKI_EKU_CLIENT_AUTH |
	    1 << PKI_EKU_OCSP_SIGNING | 1u << PKI_EKU_CMC_RA;
	tbs.alt_names = names;
	tbs.crl_url = CRL_URL;
	tbs.ca_url = CA_URL;
	tbs.ocsp_no_check = true;
	return tbs;
}

static void
expect_fields(const pki_cert *cert, const pki_tbs *tbs)
{
	cr_expect(pki_serial_equal(pki_cert_serial(cert), &tbs->serial));
	cr_expect(pki_name_equal(pki_cert_issuer(cert), tbs->issuer));
	cr_expect(pki_name_equal(pki_cert_subject(cert), tbs->subject));
	cr_expect(pki_cert_not_before(cert) == tbs->not_before);
	cr_expect(pki_cert_not_after(cert) == tbs->not_after);
	cr_expect(pki_bytes_equal(pki_pubkey_spki(pki_cert_key(cert)),
	    pki_pubkey_spki(tbs->key)));
	cr_expect(pki_cert_is_ca(cert) == tbs->is_ca);
	cr_expect(pki_cert_path_len(cert) == tbs->path_len);
	cr_expect(pki_cert_key_usage(cert) == tbs->key_usage);
	cr_expect(pki_cert_ext_usage(cert) == tbs->ext_usage);
	cr_expect(pki_bytes_equal(pki_cert_subject_key_id(cert),
	    pki_pubkey_id(tbs->key)));
	cr_expect(pki_bytes_equal(pki_cert_authority_key_id(cert),
	    tbs->authority_key_id));
}

Test(tbs_encode, gives_back_every_field)
{
	SAMPLE ca = { 0 }, leaf = { 0 };
	PKI_AUTO(pki_altnames) names = make_alt_names();
	PKI_AUTO(pki_buf) der = NULL;
	PKI_AUTO(pki_cert) cert = NULL;
	pki_tbs tbs;

	sample_make(&ca, "CA", NULL, sample_ca);
	sample_make(&leaf, "meter-0042", &ca, NULL);
	tbs = fill_tbs(&leaf, &ca, names);
	der = sample_sign(&tbs, ca.key);
	cert = sample_parse(pki_buf_bytes(der));
	expect_fields(cert, &tbs);
	cr_expect(pki_altnames_equal(pki_cert_alt_names(cert), names));
	cr_expect_str_eq(pki_cert_crl_url(cert), CRL_URL);
	cr_expect(pki_cert_check_issuer(cert, ca.cert, NULL) == PKI_OK);
}

Test(tbs_encode, makes_what_libcrypto_reads_alike)
{
	SAMPLE ca = { 0 }, leaf = { 0 };
	PKI_AUTO(pki_altnames) names = make_alt_names();
	PKI_AUTO(EVP_PKEY) key = NULL;
	PKI_AUTO(X509) x509 = NULL;
	PKI_AUTO(pki_buf) der = NULL;
	pki_tbs tbs;

	sample_make(&ca, "CA", NULL, sample_ca);
	sample_make(&leaf, "meter-0042", &ca, NULL);
	tbs = fill_tbs(&leaf, &ca, names);
	der = sample_sign(&tbs, ca.key);
	x509 = sample_x509(pki_buf_bytes(der));
	key = sample_evp(pki_key_public(ca.key));
	cr_expect(X509_verify(x509, key) == 1);
	cr_expect(X509_get_version(x509) == X509_VERSION_3);
	cr_expect(X509_check_purpose(x509, X509_PURPOSE_SSL_CLIENT, 0) == 1);
	cr_expect(X509_check_purpose(x509, X509_PURPOSE_SSL_SERVER, 0) == 1);
	cr_expect(X509_check_purpose(x509, X509_PURPOSE_SSL_CLIENT, 1) != 1);
	cr_expect(X509_check_host(x509, "broker.example", 0, 0, NULL) == 1);
	cr_expect(X509_check_ip_asc(x509, "10.0.0.1", 0) == 1);
	cr_expect(X509_check_ip_asc(x509, "2001:db8::1", 0) == 1);
	cr_expect(X509_check_email(x509, "meter@example.org", 0, 0) == 1);
	cr_expect(ASN1_TIME_cmp_time_t(X509_get0_notAfter(x509),
	    (time_t)tbs.not_after) == 0);
}

Test(tbs_encode, keeps_the_order_of_extensions_and_who_is_critical)
{
	static const struct {
		int nid, critical;
	} rows[] = {
		{ NID_basic_constraints,        1 },
		{ NID_key_usage,                1 },
		{ NID_ext_key_usage,            0 },
		{ NID_subject_key_identifier,   0 },
		{ NID_authority_key_identifier, 0 },
		{ NID_subject_alt_name,         0 },
		{ NID_crl_distribution_points,  0 },
		{ NID_info_access,              0 },
		{ NID_id_pkix_OCSP_noCheck,     0 },
	};
	SAMPLE ca = { 0 }, leaf = { 0 };
	PKI_AUTO(pki_altnames) names = make_alt_names();
	PKI_AUTO(X509) x509 = NULL;
	PKI_AUTO(pki_buf) der = NULL;
	pki_tbs tbs;

	sample_make(&ca, "CA", NULL, sample_ca);
	sample_make(&leaf, "meter-0042", &ca, NULL);
	tbs = fill_tbs(&leaf, &ca, names);
	der = sample_sign(&tbs, ca.key);
	x509 = sample_x509(pki_buf_bytes(der));
	cr_assert(X509_get_ext_count(x509) == PKI_COUNT(rows));
	for (size_t i = 0; i < PKI_COUNT(rows); i++) {
		X509_EXTENSION *ext = X509_get_ext(x509, (int)i);

		cr_expect(OBJ_obj2nid(X509_EXTENSION_get_object(ext)) ==
		    rows[i].nid, "%s", OBJ_nid2sn(rows[i].nid));
		cr_expect((X509_EXTENSION_get_critical(ext) == 1) ==
		    (rows[i].critical == 1), "%s", OBJ_nid2sn(rows[i].nid));
	}
}

Test(tbs_encode, leaves_out_what_is_not_asked_for)
{
	SAMPLE ca = { 0 }, leaf = { 0 };
	PKI_AUTO(X509) x509 = NULL;
	PKI_AUTO(pki_buf) der = NULL;
	const ASN1_OCTET_STRING *value;
	pki_tbs tbs;

	sample_make(&ca, "CA", NULL, sample_ca);
	sample_make(&leaf, "meter-0042", &ca, NULL);
	tbs = sample_tbs(&leaf, &ca);
	tbs.key_usage = 0;
	tbs.ext_usage = 0;
	der = sample_sign(&tbs, ca.key);
	x509 = sample_x509(pki_buf_bytes(der));
	cr_assert(X509_get_ext_count(x509) == 3);
	cr_expect(X509_get_ext_by_NID(x509, NID_basic_constraints, -1) == 0);
	cr_expect(X509_get_ext_by_NID(x509, NID_subject_key_identifier, -1)
	    == 1);
	cr_expect(X509_get_ext_by_NID(x509, NID_authority_key_identifier, -1)
	    == 2);
	/* An end entity's basicConstraints is an empty SEQUENCE. */
	value = X509_EXTENSION_get_data(X509_get_ext(x509, 0));
	cr_expect(value->length == 2 && memcmp(value->data, "\x30\x00", 2)
	    == 0);
}

Test(tbs_encode, says_ca_and_path_length)
{
	static const int lengths[] = { -1, 0, 1, 127, 128 };
	SAMPLE ca = { 0 };

	sample_make(&ca, "CA", NULL, sample_ca);
	for (size_t i = 0; i < PKI_COUNT(lengths); i++) {
		PKI_AUTO(pki_buf) der = NULL;
		PKI_AUTO(pki_cert) cert = NULL;
		pki_tbs tbs = sample_tbs(&ca, &ca);

		sample_ca(&tbs);
		tbs.path_len = lengths[i];
		der = sample_sign(&tbs, ca.key);
		cert = sample_parse(pki_buf_bytes(der));
		expect_fields(cert, &tbs);
	}
}

Test(tbs_encode, names_its_own_key_where_no_authority_is_given)
{
	SAMPLE ca = { 0 };
	PKI_AUTO(pki_buf) der = NULL;
	PKI_AUTO(pki_cert) cert = NULL;
	pki_tbs tbs;

	sample_make(&ca, "CA", NULL, sample_ca);
	tbs = sample_tbs(&ca, &ca);
	tbs.authority_key_id = (pki_bytes){ 0 };
	der = sample_sign(&tbs, ca.key);
	cert = sample_parse(pki_buf_bytes(der));
	cr_expect(pki_bytes_equal(pki_cert_authority_key_id(cert),
	    pki_pubkey_id(tbs.key)));
}

Test(tbs_encode, makes_alternative_names_critical_for_an_empty_subject)
{
	SAMPLE ca = { 0 }, leaf = { 0 };
	PKI_AUTO(pki_altnames) names = make_alt_names();
	PKI_AUTO(pki_buf) der = NULL;
	PKI_AUTO(pki_cert) cert = NULL;
	PKI_AUTO(X509) x509 = NULL;
	pki_tbs tbs;
	int at;

	sample_make(&ca, "CA", NULL, sample_ca);
	sample_make(&leaf, NULL, &ca, NULL);
	tbs = sample_tbs(&leaf, &ca);
	tbs.alt_names = names;
	der = sample_sign(&tbs, ca.key);
	cert = sample_parse(pki_buf_bytes(der));
	cr_expect(pki_name_count(pki_cert_subject(cert)) == 0);
	cr_expect(pki_altnames_equal(pki_cert_alt_names(cert), names));
	x509 = sample_x509(pki_buf_bytes(der));
	at = X509_get_ext_by_NID(x509, NID_subject_alt_name, -1);
	cr_assert(at >= 0);
	cr_expect(X509_EXTENSION_get_critical(X509_get_ext(x509, at)) == 1);
}

/* G12: exact to the second, and RFC 5280, 4.1.2.5. */
Test(tbs_encode, writes_utc_time_through_2049_and_generalized_time_after)
{
	static const struct {
		int64_t     when;
		int         type;
		const char *text;
	} rows[] = {
		{ 0,                      V_ASN1_UTCTIME, "700101000000Z" },
		{ INT64_C(951782400),     V_ASN1_UTCTIME, "000229000000Z" },
		{ INT64_C(2147483647),    V_ASN1_UTCTIME, "380119031407Z" },
		{ INT64_C(2147483648),    V_ASN1_UTCTIME, "380119031408Z" },
		{ INT64_C(2524607999),    V_ASN1_UTCTIME, "491231235959Z" },
		{ INT64_C(2524608000),    V_ASN1_GENERALIZEDTIME,
		    "20500101000000Z" },
		{ PKI_TIME_MAX,           V_ASN1_GENERALIZEDTIME,
		    "99991231235959Z" },
	};
	SAMPLE ca = { 0 };

	sample_make(&ca, "CA", NULL, sample_ca);
	for (size_t i = 0; i < PKI_COUNT(rows); i++) {
		PKI_AUTO(pki_buf) der = NULL;
		PKI_AUTO(pki_cert) cert = NULL;
		PKI_AUTO(X509) x509 = NULL;
		pki_tbs tbs = sample_tbs(&ca, &ca);
		const ASN1_TIME *time;

		tbs.not_before = 0;
		tbs.not_after = rows[i].when;
		der = sample_sign(&tbs, ca.key);
		cert = sample_parse(pki_buf_bytes(der));
		cr_expect(pki_cert_not_after(cert) == rows[i].when, "%s",
		    rows[i].text);
		x509 = sample_x509(pki_buf_bytes(der));
		time = X509_get0_notAfter(x509);
		cr_expect(time->type == rows[i].type, "%s", rows[i].text);
		cr_expect_str_eq((const char *)time->data, rows[i].text);
	}
}

Test(tbs_encode, refuses_times_that_cannot_be_written)
{
	static const int64_t times[] = { -1, PKI_TIME_MAX + 1, INT64_MIN,
		INT64_MAX };
	PKI_AUTO(pki_buf) out = pki_buf_new();
	SAMPLE ca = { 0 };

	sample_make(&ca, "CA", NULL, sample_ca);
	for (size_t i = 0; i < PKI_COUNT(times); i++) {
		pki_tbs tbs = sample_tbs(&ca, &ca);
		pki_err err = { 0 };

		tbs.not_after = times[i];
		cr_expect(pki_tbs_encode(&tbs, out, &err) == PKI_BAD_INPUT);
		cr_expect(strstr(err.msg, "notAfter") != NULL, "%s", err.msg);
		cr_expect(out->len == 0);
	}
}

Test(tbs_encode, writes_serials_of_every_length)
{
	static const pki_serial rows[] = {
		{ 1, "\x01" }, { 1, "\x7f" }, { 2, "\x00\x80" },
		{ 3, "\x01\x00\x00" },
		{ 20, "\x7f\xff\xff\xff\xff\xff\xff\xff\xff\xff"
		    "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff" },
	};
	SAMPLE ca = { 0 };

	sample_make(&ca, "CA", NULL, sample_ca);
	for (size_t i = 0; i < PKI_COUNT(rows); i++) {
		PKI_AUTO(pki_buf) der = NULL;
		PKI_AUTO(pki_cert) cert = NULL;
		pki_tbs tbs = sample_tbs(&ca, &ca);

		tbs.serial = rows[i];
		der = sample_sign(&tbs, ca.key);
		cert = sample_parse(pki_buf_bytes(der));
		cr_expect(pki_serial_equal(pki_cert_serial(cert), &rows[i]),
		    "row %zu", i);
	}
}

Test(tbs_encode, takes_every_type_of_key)
{
	for (int type = PKI_KEY_P256; type <= PKI_KEY_ML_DSA_87; type++) {
		SAMPLE s = { 0 };
		PKI_AUTO(pki_buf) der = NULL;
		pki_err err = { 0 };
		pki_tbs tbs;

		if (!pki_key_type_available((pki_key_type)type))
			continue;
		s.key = sample_key((pki_key_type)type);
		s.name = sample_name("any key");
		tbs = sample_tbs(&s, &s);
		der = sample_sign(&tbs, s.key);
		s.cert = sample_parse(pki_buf_bytes(der));
		expect_fields(s.cert, &tbs);
		cr_expect(pki_cert_check_issuer(s.cert, s.cert, &err) ==
		    PKI_OK, "%s: %s", pki_key_type_name((pki_key_type)type),
		    err.msg);
	}
}

/* Edits of what a template was made from. */
static const pki_name *other_name;

static void edit_ca(pki_tbs *tbs) { tbs->is_ca = true; }
static void edit_length(pki_tbs *tbs) { tbs->path_len = 0; }
static void edit_usage(pki_tbs *tbs) { tbs->key_usage ^= 2; }
static void edit_purpose(pki_tbs *tbs) { tbs->ext_usage ^= 2; }
static void edit_ocsp(pki_tbs *tbs) { tbs->ocsp_no_check = false; }
static void edit_issuer(pki_tbs *tbs) { tbs->issuer = other_name; }
static void edit_url(pki_tbs *tbs) { tbs->ca_url = CA_URL "x"; }
static void drop_url(pki_tbs *tbs) { tbs->ca_url = NULL; }
static void drop_id(pki_tbs *tbs) { tbs->authority_key_id.len = 0; }
static void edit_id(pki_tbs *tbs) { tbs->authority_key_id.len--; }

static void
edit_algorithm(pki_tbs *tbs)
{
	tbs->algorithm = pki_sigalg_for(PKI_KEY_P384);
}

Test(tbs_template, fills_only_what_it_was_made_for)
{
	static sample_edit *const edits[] = {
		edit_ca, edit_length, edit_usage, edit_purpose, edit_ocsp,
		edit_issuer, edit_url, drop_url, drop_id, edit_id,
		edit_algorithm,
	};
	SAMPLE ca = { 0 }, leaf = { 0 };
	PKI_AUTO(pki_altnames) names = make_alt_names();
	PKI_AUTO(pki_tbs_template) template = NULL;
	PKI_AUTO(pki_buf) out = pki_buf_new();
	pki_tbs tbs;

	sample_make(&ca, "CA", NULL, sample_ca);
	sample_make(&leaf, "meter-0042", &ca, NULL);
	other_name = leaf.name;
	tbs = fill_tbs(&leaf, &ca, names);
	cr_assert(pki_tbs_template_new(&tbs, &template, NULL) == PKI_OK);
	cr_expect(pki_tbs_template_fits(template, &tbs));
	for (size_t i = 0; i < PKI_COUNT(edits); i++) {
		pki_tbs edited = tbs;

		edits[i](&edited);
		cr_expect(!pki_tbs_template_fits(template, &edited),
		    "edit %zu", i);
		cr_expect(pki_tbs_fill(template, &edited, out, NULL) ==
		    PKI_BAD_INPUT && out->len == 0, "edit %zu", i);
	}
}

Test(signed_add, frames_the_three_parts_and_appends)
{
	const pki_sigalg *algorithm = pki_sigalg_for(PKI_KEY_ED25519);
	PKI_AUTO(pki_buf) out = pki_buf_new();

	pki_buf_add_text(out, "x");
	pki_signed_add(out, PKI_BYTES_TEXT("\x30\x00"), algorithm,
	    PKI_BYTES_TEXT("\xab\xcd"));
	cr_assert(pki_buf_check(out, NULL) == PKI_OK);
	cr_expect(pki_bytes_equal(pki_buf_bytes(out), PKI_BYTES_TEXT(
	    "x\x30\x0e\x30\x00\x30\x05\x06\x03\x2b\x65\x70"
	    "\x03\x03\x00\xab\xcd")));
}

#include "tests/fuzz/fuzz.h"

#include <string.h>
#include <time.h>

#include <openssl/err.h>

#include "tests/support/crl-maker.h"
#include "x509/crl-parts.h"
#include "x509/crl-read.h"
#include "x509/openssl.h"
#include "x509/tbs.h"

/*
 * CRLs: parser, streaming reader and libcrypto read the same; what is
 * written from what was read is read as the same, and written as the same
 * octets.
 */

#define CRL_MAX (64 * 1024)

static bool
entries_equal(const pki_crl_entry *a, const pki_crl_entry *b)
{
	return pki_serial_equal(&a->serial, &b->serial) &&
	    a->revoked_at == b->revoked_at && a->reason == b->reason &&
	    a->invalid_since == b->invalid_since;
}

/* Read all, twice; crl (or NULL) has the same. */
static pki_code
read_entries(pki_crl_reader *reader, const pki_crl *crl, pki_err *err)
{
	pki_crl_entry entry;
	pki_code rc = PKI_OK;
	bool more = true;

	for (size_t i = 0; more; i++) {
		rc = pki_crl_reader_next(reader, &entry, &more, err);
		if (rc != PKI_OK)
			return rc;
		if (crl == NULL)
			continue;
		fuzz_assert(more == (i < pki_crl_count(crl)));
		fuzz_assert(!more || entries_equal(&entry,
		    pki_crl_at(crl, i)));
	}
	return rc;
}

static void
check_reader(const pki_crl *crl, pki_crl_reader *reader)
{
	fuzz_assert(pki_crl_reader_number(reader) == pki_crl_number(crl));
	fuzz_assert(pki_crl_reader_this_update(reader) ==
	    pki_crl_this_update(crl));
	fuzz_assert(pki_crl_reader_next_update(reader) ==
	    pki_crl_next_update(crl));
	pki_crl_reader_rewind(reader);
	fuzz_assert(read_entries(reader, crl, NULL) == PKI_OK);
}

/* Octet for octet the same list: both walks end, at the end. */
static void
check_skipping(pki_bytes der, pki_crl_reader *a)
{
	PKI_AUTO(pki_crl_reader) b = NULL;
	pki_crl_entry left, right;
	bool more_left = true, more_right = true;

	fuzz_assert(pki_crl_reader_open(fuzz_file_of(1, der), &b, NULL) ==
	    PKI_OK);
	pki_crl_reader_rewind(a);
	while (more_left) {
		fuzz_assert(pki_crl_reader_skip_same(a, b, NULL) == PKI_OK);
		fuzz_assert(pki_crl_reader_next(a, &left, &more_left, NULL) ==
		    PKI_OK);
		fuzz_assert(pki_crl_reader_next(b, &right, &more_right,
		    NULL) == PKI_OK);
		fuzz_assert(more_left == more_right);
		fuzz_assert(!more_left || entries_equal(&left, &right));
	}
}

/* The streaming reader is as strict as the parser, and knows no PEM. */
static void
check_by_reader(pki_bytes der, const pki_crl *crl)
{
	PKI_AUTO(pki_crl_reader) reader = NULL;
	pki_err err = { 0 };
	pki_code rc = pki_crl_reader_open(fuzz_file_of(0, der), &reader,
	    &err);

	if (rc == PKI_OK)
		rc = read_entries(reader, NULL, &err);
	if (rc == PKI_OK) {
		fuzz_assert(crl != NULL);
		check_reader(crl, reader);
		check_skipping(der, reader);
		return;
	}
	fuzz_check_refusal(rc, &err);
	/* Stricter in one thing, and parts of a list have a limit. */
	fuzz_assert(crl == NULL || der.len > 16384 || (strcmp(err.rule,
	    "crl") == 0 && strstr(err.accepts, "ascending") != NULL));
}

static int64_t
seconds_of(const ASN1_TIME *theirs)
{
	struct tm tm;

	fuzz_assert(ASN1_TIME_to_tm(theirs, &tm) == 1);
	return timegm(&tm);
}

static void
check_entry(const pki_crl *crl, const X509_REVOKED *theirs)
{
	const ASN1_INTEGER *number = X509_REVOKED_get0_serialNumber(theirs);
	const pki_crl_entry *entry;
	pki_serial serial;

	/* Theirs has no zero octet before a first bit that is set. */
	serial.len = (uint8_t)ASN1_STRING_length(number);
	fuzz_assert(serial.len > 0 && serial.len <= sizeof(serial.octets));
	memcpy(serial.octets, ASN1_STRING_get0_data(number), serial.len);
	if (serial.octets[0] >= 0x80) {
		fuzz_assert(serial.len < sizeof(serial.octets));
		memmove(serial.octets + 1, serial.octets, serial.len++);
		serial.octets[0] = 0;
	}
	entry = pki_crl_find(crl, &serial);
	fuzz_assert(entry != NULL);
	fuzz_assert(entry->revoked_at ==
	    seconds_of(X509_REVOKED_get0_revocationDate(theirs)));
}

static void
check_by_libcrypto(const pki_crl *crl)
{
	pki_bytes der = pki_crl_der(crl);
	const unsigned char *at = der.data;
	PKI_AUTO(X509_CRL) theirs = d2i_X509_CRL(NULL, &at, (long)der.len);
	STACK_OF(X509_REVOKED) *list;
	int count;

	fuzz_assert(theirs != NULL && at == der.data + der.len);
	fuzz_assert(pki_crl_this_update(crl) ==
	    seconds_of(X509_CRL_get0_lastUpdate(theirs)));
	fuzz_assert(pki_crl_next_update(crl) ==
	    seconds_of(X509_CRL_get0_nextUpdate(theirs)));
	list = X509_CRL_get_REVOKED(theirs);
	count = list == NULL ? 0 : sk_X509_REVOKED_num(list);
	fuzz_assert((size_t)count == pki_crl_count(crl));
	for (int i = 0; i < count; i++)
		check_entry(crl, sk_X509_REVOKED_value(list, i));
}

/* Before 1970 is a time that CRLs of others may have, and ours have not. */
static bool
is_ours(const pki_crl *crl)
{
	if (crl->this_update < 0)
		return false;
	for (size_t i = 0; i < crl->count; i++)
		if (crl->entries[i].revoked_at < 0 ||
		    crl->entries[i].invalid_since < 0)
			return false;
	return true;
}

static pki_code
write_crl(const pki_crl *crl, pki_buf *out, pki_err *err)
{
	const pki_crl_fields fields = {
		.algorithm = pki_sigalg_for(PKI_KEY_P256),
		.issuer = crl->issuer,
		.authority_key_id = crl->authority_key_id,
		.this_update = crl->this_update,
		.next_update = crl->next_update, .number = crl->number,
		.idp_url = crl->idp_url,
	};
	PKI_AUTO(pki_buf) tbs = pki_buf_new();
	pki_code rc = crl_tbs(&fields, crl->entries, crl->count, tbs, err);

	if (rc == PKI_OK)
		pki_signed_add(out, pki_buf_bytes(tbs), fields.algorithm,
		    fuzz_signature());
	return rc;
}

static void
check_same(const pki_crl *a, const pki_crl *b)
{
	fuzz_assert(a->number == b->number && a->count == b->count);
	fuzz_assert(a->this_update == b->this_update &&
	    a->next_update == b->next_update);
	fuzz_assert(pki_name_equal(a->issuer, b->issuer));
	fuzz_assert(pki_bytes_equal(a->authority_key_id,
	    b->authority_key_id));
	fuzz_assert((a->idp_url == NULL) == (b->idp_url == NULL));
	fuzz_assert(a->idp_url == NULL || strcmp(a->idp_url, b->idp_url) ==
	    0);
	for (size_t i = 0; i < a->count; i++)
		fuzz_assert(entries_equal(&a->entries[i], &b->entries[i]));
}

static void
check_round_trip(const pki_crl *crl)
{
	PKI_AUTO(pki_buf) first = pki_buf_new();
	PKI_AUTO(pki_buf) second = pki_buf_new();
	PKI_AUTO(pki_crl) again = NULL;
	pki_err err = { 0 };
	pki_code rc = write_crl(crl, first, &err);

	fuzz_assert((rc == PKI_OK) == is_ours(crl));
	if (rc != PKI_OK)
		return;
	fuzz_assert(pki_crl_parse(pki_buf_bytes(first), CRL_MAX, &again,
	    &err) == PKI_OK);
	check_same(crl, again);
	check_by_reader(pki_buf_bytes(first), again);
	fuzz_assert(write_crl(again, second, &err) == PKI_OK);
	fuzz_assert(pki_bytes_equal(pki_buf_bytes(first),
	    pki_buf_bytes(second)));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	PKI_AUTO(pki_crl) crl = NULL;
	pki_bytes in = pki_bytes_of(data, size);
	pki_err err = { 0 };
	pki_code rc = pki_crl_parse(in, CRL_MAX, &crl, &err);

	if (rc != PKI_OK)
		fuzz_check_refusal(rc, &err);
	check_by_reader(crl == NULL ? in : pki_crl_der(crl), crl);
	if (crl != NULL) {
		check_by_libcrypto(crl);
		check_round_trip(crl);
	}
	ERR_clear_error();
	return 0;
}

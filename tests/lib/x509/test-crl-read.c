#include "x509/crl-read.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "sample-crl.h"
#include "tests/support/crl-maker.h"
#include "x509/tbs.h"

TestSuite(crl_read, .timeout = 120);

#define IDP_URL "http://pki.example/crl/issuing/7.crl"

static int
file_of(pki_bytes bytes)
{
	int fd = memfd_create("crl", MFD_CLOEXEC);

	cr_assert(fd >= 0);
	cr_assert(write(fd, bytes.data, bytes.len) == (ssize_t)bytes.len);
	return fd;
}

/* All of it: open, verify, each entry. */
static pki_code
read_all(pki_bytes der, const pki_cert *issuer, size_t *count, pki_err *err)
{
	PKI_AUTO(pki_crl_reader) reader = NULL;
	pki_code rc = pki_crl_reader_open(file_of(der), &reader, err);
	pki_crl_entry entry;
	bool more = true;

	*count = 0;
	if (rc == PKI_OK)
		rc = pki_crl_reader_verify(reader, issuer, NULL, err);
	while (rc == PKI_OK && more) {
		rc = pki_crl_reader_next(reader, &entry, &more, err);
		*count += more;
	}
	return rc;
}

static void
expect_same(const pki_crl *crl, pki_crl_reader *reader)
{
	size_t count = pki_crl_count(crl), wrong = 0;
	pki_crl_entry entry;
	pki_err err = { 0 };
	bool more;

	cr_expect(pki_crl_reader_number(reader) == pki_crl_number(crl));
	cr_expect(pki_crl_reader_this_update(reader) ==
	    pki_crl_this_update(crl));
	cr_expect(pki_crl_reader_next_update(reader) ==
	    pki_crl_next_update(crl));
	for (size_t i = 0; i < count; i++) {
		const pki_crl_entry *want = pki_crl_at(crl, i);

		cr_assert(pki_crl_reader_next(reader, &entry, &more, &err) ==
		    PKI_OK && more, "entry %zu: %s", i, err.msg);
		if (!pki_serial_equal(&entry.serial, &want->serial) ||
		    entry.revoked_at != want->revoked_at ||
		    entry.reason != want->reason ||
		    entry.invalid_since != want->invalid_since)
			wrong++;
	}
	cr_expect(wrong == 0, "%zu of %zu wrong", wrong, count);
	cr_expect(pki_crl_reader_next(reader, &entry, &more, &err) == PKI_OK &&
	    !more);
}

Test(crl_read, gives_what_the_parser_gives)
{
	static const uint32_t counts[] = { 0, 1, 3, 300, 10000 };
	SAMPLE ca = { 0 };
	pki_crl_fields fields;

	sample_make(&ca, "CA", NULL, sample_ca);
	fields = sample_crl_fields(&ca);
	for (size_t i = 0; i < 2 * PKI_COUNT(counts); i++) {
		PKI_AUTO(pki_buf) der = NULL;
		PKI_AUTO(pki_crl) crl = NULL;
		PKI_AUTO(pki_crl_reader) reader = NULL;
		PKI_AUTO(pki_buf) seen = pki_buf_new();
		const pki_sink tap = crl_sink_to(seen);
		pki_err err = { 0 };

		fields.idp_url = i % 2 == 0 ? NULL : IDP_URL;
		der = sample_crl(&ca, &fields, counts[i / 2]);
		crl = sample_parse_crl(pki_buf_bytes(der));
		cr_assert(pki_crl_reader_open(file_of(pki_buf_bytes(der)),
		    &reader, &err) == PKI_OK, "%s", err.msg);
		cr_expect(pki_crl_reader_verify(reader, ca.cert, &tap, &err) ==
		    PKI_OK, "%s", err.msg);
		cr_expect(pki_bytes_equal(pki_buf_bytes(seen),
		    pki_buf_bytes(der)));
		expect_same(crl, reader);
		pki_crl_reader_rewind(reader);
		expect_same(crl, reader);
	}
}

Test(crl_read, refuses_every_truncation_and_anything_behind)
{
	SAMPLE ca = { 0 };
	PKI_AUTO(pki_buf) der = NULL;
	pki_crl_fields fields;
	size_t count;
	pki_err err;

	sample_make(&ca, "CA", NULL, sample_ca);
	fields = sample_crl_fields(&ca);
	der = sample_crl(&ca, &fields, 20);
	cr_assert(read_all(pki_buf_bytes(der), ca.cert, &count, &err) ==
	    PKI_OK && count == 20);
	for (size_t len = 0; len < der->len; len++)
		cr_expect(read_all(pki_bytes_of(der->data, len), ca.cert,
		    &count, &err) == PKI_BAD_INPUT, "%zu octets", len);
	pki_buf_add_byte(der, 0);
	cr_expect(read_all(pki_buf_bytes(der), ca.cert, &count, &err) ==
	    PKI_BAD_INPUT);
}

Test(crl_read, refuses_every_flipped_bit)
{
	SAMPLE ca = { 0 };
	PKI_AUTO(pki_buf) der = NULL;
	pki_crl_fields fields;
	size_t count, passed = 0;
	pki_err err;

	sample_make(&ca, "CA", NULL, sample_ca);
	fields = sample_crl_fields(&ca);
	fields.idp_url = IDP_URL;
	der = sample_crl(&ca, &fields, 3);
	for (size_t bit = 0; bit < der->len * 8; bit++) {
		der->data[bit / 8] ^= (uint8_t)(1 << bit % 8);
		if (read_all(pki_buf_bytes(der), ca.cert, &count, &err) ==
		    PKI_OK)
			passed++;
		der->data[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	cr_expect(passed == 0, "%zu passed", passed);
}

Test(crl_read, refuses_another_issuer)
{
	SAMPLE ca = { 0 };
	SAMPLE other = { 0 };
	PKI_AUTO(pki_buf) der = NULL;
	pki_crl_fields fields;
	size_t count;
	pki_err err = { 0 };

	sample_make(&ca, "CA", NULL, sample_ca);
	sample_make(&other, "Other", NULL, sample_ca);
	fields = sample_crl_fields(&ca);
	der = sample_crl(&ca, &fields, 3);
	cr_expect(read_all(pki_buf_bytes(der), other.cert, &count, &err) ==
	    PKI_DENIED);
	cr_expect_str_eq(err.rule, "issuer");
}

/* ecdsa-with-SHA256, and an INTEGER of one octet too many. */
Test(crl_read, refuses_an_algorithm_that_is_not_strict_der)
{
	const pki_sigalg algorithm = { .identifier = PKI_BYTES_TEXT(
	    "\x30\x0e\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02"
	    "\x02\x02\x00\x01") };
	SAMPLE ca = { 0 };
	PKI_AUTO(pki_buf) tbs = pki_buf_new();
	PKI_AUTO(pki_buf) der = pki_buf_new();
	PKI_AUTO(pki_crl_reader) reader = NULL;
	pki_crl_fields fields;
	pki_err err = { 0 };

	sample_make(&ca, "CA", NULL, sample_ca);
	fields = sample_crl_fields(&ca);
	fields.algorithm = &algorithm;
	cr_assert(crl_tbs(&fields, NULL, 0, tbs, &err) == PKI_OK, "%s",
	    err.msg);
	pki_signed_add(der, pki_buf_bytes(tbs), &algorithm,
	    PKI_BYTES_TEXT("signature"));
	cr_expect(pki_crl_reader_open(file_of(pki_buf_bytes(der)), &reader,
	    &err) == PKI_BAD_INPUT);
	cr_expect_str_eq(err.rule, "der");
}

#define SHORT_TIME "\x17\x0d" "260101000000Z"

Test(crl_read, refuses_entries_that_do_not_ascend)
{
	static const pki_bytes lists[] = {
		PKI_BYTES_TEXT("\x30\x28"
		    "\x30\x12\x02\x01\x03" SHORT_TIME
		    "\x30\x12\x02\x01\x01" SHORT_TIME),
		PKI_BYTES_TEXT("\x30\x28"
		    "\x30\x12\x02\x01\x03" SHORT_TIME
		    "\x30\x12\x02\x01\x03" SHORT_TIME),
	};
	SAMPLE ca = { 0 };
	pki_crl_fields fields;

	sample_make(&ca, "CA", NULL, sample_ca);
	fields = sample_crl_fields(&ca);
	for (size_t i = 0; i < PKI_COUNT(lists); i++) {
		PKI_AUTO(pki_buf) der = sample_replace_crl(&fields,
		    CRL_REVOKED, lists[i]);
		PKI_AUTO(pki_crl_reader) reader = NULL;
		pki_crl_entry entry;
		pki_err err = { 0 };
		bool more;

		cr_assert(pki_crl_reader_open(file_of(pki_buf_bytes(der)),
		    &reader, &err) == PKI_OK, "%s", err.msg);
		cr_expect(pki_crl_reader_next(reader, &entry, &more, &err) ==
		    PKI_OK && more);
		cr_expect(pki_crl_reader_next(reader, &entry, &more, &err) ==
		    PKI_BAD_INPUT);
		cr_expect_str_eq(err.rule, "crl");
		cr_expect(strstr(err.accepts, "ascending") != NULL);
	}
}

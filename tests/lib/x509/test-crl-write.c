#include "x509/crl-write.h"

#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "base/clock.h"
#include "sample-crl.h"
#include "tests/support/crl-maker.h"
#include "tests/support/crl-reference.h"

TestSuite(crl_write, .timeout = 120);

#define IDP_URL "http://pki.example/crl/issuing/7.crl"
#define MOST 10000

/* The same numbers in every run. */
static uint64_t seed;

static uint32_t
roll(uint32_t sides)
{
	seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407U;
	return (uint32_t)(seed >> 33) % sides;
}

static int64_t
roll_time(void)
{
	static const int64_t edges[] = {
		0, 1, PKI_DAY - 1, PKI_DAY, INT64_C(951782399),
		INT64_C(951868799), INT64_C(2524607999), INT64_C(2524608000),
		PKI_TIME_MAX,
	};

	if (roll(4) == 0)
		return edges[roll(PKI_COUNT(edges))];
	return SAMPLE_NOW - (int64_t)roll(1000000) * roll(1000);
}

/* Of 20 octets mostly, but of 1 to 19 too: imported CAs bring those. */
static pki_serial
roll_serial(void)
{
	pki_serial serial = { .len = 20 };

	if (roll(3) == 0)
		serial.len = (uint8_t)(4 + roll(16));
	for (int i = 0; i < serial.len; i++)
		serial.octets[i] = (uint8_t)roll(256);
	serial.octets[0] = (uint8_t)(1 + roll(127));
	return serial;
}

static int
compare_entries(const void *a, const void *b)
{
	return pki_serial_compare(&((const pki_crl_entry *)a)->serial,
	    &((const pki_crl_entry *)b)->serial);
}

static pki_crl_entry *
roll_entries(size_t count)
{
	static const pki_reason reasons[] = {
		PKI_REASON_UNSPECIFIED, PKI_REASON_UNSPECIFIED,
		PKI_REASON_KEY_COMPROMISE, PKI_REASON_CA_COMPROMISE,
		PKI_REASON_CERTIFICATE_HOLD, PKI_REASON_AA_COMPROMISE,
	};
	pki_crl_entry *entries = calloc(count + 1, sizeof(*entries));
	size_t kept = 0;

	cr_assert(entries != NULL);
	for (size_t i = 0; i < count; i++)
		entries[i] = (pki_crl_entry){
			.serial = roll_serial(), .revoked_at = roll_time(),
			.reason = reasons[roll(PKI_COUNT(reasons))],
			.invalid_since = roll(3) == 0 ? roll_time() : 0,
		};
	qsort(entries, count, sizeof(*entries), compare_entries);
	for (size_t i = 1; i < count; i++)
		if (compare_entries(&entries[kept], &entries[i]) != 0)
			entries[++kept] = entries[i];
	cr_assert(count == 0 || kept + 1 == count, "equal serials: reseed");
	return entries;
}

static void
expect_reference(const pki_crl_fields *fields, size_t count)
{
	pki_crl_entry *entries = roll_entries(count);
	PKI_AUTO(pki_buf) ours = pki_buf_new();
	PKI_AUTO(pki_buf) theirs = pki_buf_new();
	pki_err err = { 0 };

	cr_assert(crl_tbs(fields, entries, count, ours, &err) == PKI_OK, "%s",
	    err.msg);
	cr_assert(crl_reference(fields, entries, count, theirs, &err) ==
	    PKI_OK, "%s", err.msg);
	cr_expect(pki_bytes_equal(pki_buf_bytes(ours), pki_buf_bytes(theirs)),
	    "%zu entries, %zu and %zu octets", count, ours->len, theirs->len);
	free(entries);
}

Test(crl_write, gives_the_octets_of_libcryptos_encoder)
{
	static const size_t counts[] = { 0, 1, 3, MOST };
	static const int64_t numbers[] = {
		0, 1, 127, 128, 255, 256, 32767, 32768, INT64_MAX,
	};
	SAMPLE ca = { 0 };
	pki_crl_fields fields;

	seed = 3;
	sample_make(&ca, "CA", NULL, sample_ca);
	for (size_t i = 0; i < 2 * PKI_COUNT(counts); i++) {
		fields = sample_crl_fields(&ca);
		fields.idp_url = i % 2 == 0 ? NULL : IDP_URL;
		expect_reference(&fields, counts[i / 2]);
	}
	for (size_t i = 0; i < PKI_COUNT(numbers); i++) {
		fields = sample_crl_fields(&ca);
		fields.number = numbers[i];
		fields.this_update = INT64_C(2524607999);
		fields.next_update = i % 2 == 0 ? INT64_C(2524608000) :
		    PKI_TIME_MAX;
		expect_reference(&fields, roll(30));
	}
	fields = sample_crl_fields(&ca);
	for (size_t count = 0; count < 300; count++)
		expect_reference(&fields, count);
}

Test(crl_write, refuses_entries_out_of_order_or_out_of_place)
{
	SAMPLE ca = { 0 };
	PKI_AUTO(pki_crl_writer) writer = NULL;
	PKI_AUTO(pki_buf) out = pki_buf_new();
	const pki_sink sink = crl_sink_to(out);
	pki_crl_entry entry = sample_crl_entry(5);
	pki_crl_fields fields;
	pki_err err = { 0 };

	sample_make(&ca, "CA", NULL, sample_ca);
	fields = sample_crl_fields(&ca);
	cr_assert(pki_crl_begin(&fields, &sink, &writer, &err) == PKI_OK);
	cr_assert(pki_crl_add(writer, &entry, &err) == PKI_OK);
	cr_expect(pki_crl_add(writer, &entry, &err) == PKI_BAD_INPUT);
	cr_expect(strstr(err.msg, "not above") != NULL, "%s", err.msg);
	entry = sample_crl_entry(4);
	cr_expect(pki_crl_add(writer, &entry, &err) == PKI_BAD_INPUT);
	/* A longer serial is a greater number. */
	entry.serial = (pki_serial){ 1, "\x7f" };
	cr_expect(pki_crl_add(writer, &entry, &err) == PKI_BAD_INPUT);
	entry = sample_crl_entry(6);
	entry.reason = PKI_REASON_REMOVE_FROM_CRL;
	cr_expect(pki_crl_add(writer, &entry, &err) == PKI_BAD_INPUT);
	cr_expect(strstr(err.msg, "removeFromCRL") != NULL, "%s", err.msg);
	entry = sample_crl_entry(6);
	entry.revoked_at = -1;
	cr_expect(pki_crl_add(writer, &entry, &err) == PKI_BAD_INPUT);
	entry = sample_crl_entry(6);
	cr_expect(pki_crl_add(writer, &entry, &err) == PKI_OK);
	cr_expect(pki_crl_end(writer, &err) == PKI_OK);
	cr_expect(pki_crl_entries(writer) == 2);
	cr_expect(pki_crl_entry_octets(writer) == out->len);
}

Test(crl_write, refuses_fields_that_cannot_be)
{
	SAMPLE ca = { 0 };
	PKI_AUTO(pki_buf) out = pki_buf_new();
	const pki_sink sink = crl_sink_to(out);
	pki_crl_fields rows[3];

	sample_make(&ca, "CA", NULL, sample_ca);
	rows[0] = rows[1] = rows[2] = sample_crl_fields(&ca);
	rows[0].number = -1;
	rows[1].next_update = rows[1].this_update - 1;
	rows[2].next_update = PKI_TIME_MAX + 1;
	for (size_t i = 0; i < PKI_COUNT(rows); i++) {
		PKI_AUTO(pki_crl_writer) writer = NULL;
		pki_err err = { 0 };

		cr_expect(pki_crl_begin(&rows[i], &sink, &writer, &err) ==
		    PKI_BAD_INPUT, "row %zu", i);
		cr_expect(writer == NULL);
	}
	cr_expect(out->len == 0);
}

static pki_code
refuse(void *arg, pki_bytes bytes, pki_err *err)
{
	(void)arg;
	(void)bytes;
	return pki_fail(err, PKI_SYSTEM, "disk full");
}

Test(crl_write, ends_when_its_sink_refuses)
{
	const pki_sink sink = { refuse, NULL };
	SAMPLE ca = { 0 };
	PKI_AUTO(pki_crl_writer) writer = NULL;
	pki_crl_fields fields;
	pki_err err = { 0 };
	pki_code rc;
	uint32_t i;

	sample_make(&ca, "CA", NULL, sample_ca);
	fields = sample_crl_fields(&ca);
	rc = pki_crl_begin(&fields, &sink, &writer, &err);
	for (i = 0; rc == PKI_OK && i < MOST; i++) {
		pki_crl_entry entry = sample_crl_entry(i);

		rc = pki_crl_add(writer, &entry, &err);
	}
	cr_expect(rc == PKI_SYSTEM && i < MOST, "%u entries", i);
}

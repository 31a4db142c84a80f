#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "base/relay.h"

TestSuite(relay, .timeout = 30);

#define MUCH (3 * 1024 * 1024 + 7)

/* Where it arrives; refuses what goes beyond room. */
struct target {
	uint8_t *data;
	size_t   len, room;
};

static pki_code
arrive(void *arg, pki_bytes bytes, pki_err *err)
{
	struct target *target = arg;

	if (bytes.len > target->room - target->len)
		return pki_fail(err, PKI_STORE, "full at %zu", target->len);
	memcpy(target->data + target->len, bytes.data, bytes.len);
	target->len += bytes.len;
	return PKI_OK;
}

static uint8_t *
make_octets(void)
{
	uint8_t *octets = malloc(MUCH);

	for (size_t i = 0; i < MUCH; i++)
		octets[i] = (uint8_t)(i * 7 + i / 251);
	return octets;
}

/* All octets in pieces of 1, 2, 3 ... up to more than a block. */
static pki_code
put_all(pki_relay *relay, const uint8_t *octets, pki_err *err)
{
	pki_sink sink = pki_relay_sink(relay);
	pki_code rc = PKI_OK;
	size_t at = 0, step = 1;

	while (rc == PKI_OK && at < MUCH) {
		size_t len = step < MUCH - at ? step : MUCH - at;

		rc = sink.put(sink.arg, pki_bytes_of(octets + at, len), err);
		at += len;
		step = step < 200000 ? step * 2 + 1 : 1;
	}
	return rc;
}

Test(relay, carries_all_in_order)
{
	struct target target = { malloc(MUCH), 0, MUCH };
	pki_sink to = { arrive, &target }, sink;
	PKI_AUTO(pki_relay) relay = NULL;
	uint8_t *octets = make_octets();
	pki_err err;

	cr_assert_eq(pki_relay_begin(&to, &relay, &err), PKI_OK);
	cr_expect_eq(put_all(relay, octets, &err), PKI_OK);
	cr_expect_eq(pki_relay_end(relay, &err), PKI_OK);
	cr_expect_eq(target.len, MUCH);
	cr_expect_eq(memcmp(target.data, octets, MUCH), 0);
	sink = pki_relay_sink(relay);
	cr_expect_eq(sink.put(sink.arg, pki_bytes_of(octets, 1), &err),
	    PKI_USAGE);
	cr_expect_eq(target.len, MUCH);
	free(octets);
	free(target.data);
}

Test(relay, of_nothing_ends_well)
{
	struct target target = { NULL, 0, 0 };
	pki_sink to = { arrive, &target };
	PKI_AUTO(pki_relay) relay = NULL;
	pki_err err;

	cr_assert_eq(pki_relay_begin(&to, &relay, &err), PKI_OK);
	cr_expect_eq(pki_relay_end(relay, &err), PKI_OK);
	cr_expect_eq(target.len, 0);
}

/* Whenever it happens: in the middle, or with the last octet. */
Test(relay, tells_who_puts_of_a_failure_at_the_end_at_the_latest)
{
	const size_t rooms[] = { 0, 1, MUCH / 2, MUCH - 1 };
	uint8_t *octets = make_octets();

	for (size_t i = 0; i < PKI_COUNT(rooms); i++) {
		struct target target = { malloc(MUCH), 0, rooms[i] };
		pki_sink to = { arrive, &target };
		PKI_AUTO(pki_relay) relay = NULL;
		pki_err err = { 0 };
		pki_code rc;

		cr_assert_eq(pki_relay_begin(&to, &relay, &err), PKI_OK);
		rc = put_all(relay, octets, &err);
		if (rc == PKI_OK)
			rc = pki_relay_end(relay, &err);
		cr_expect_eq(rc, PKI_STORE, "%zu", rooms[i]);
		cr_expect_not_null(strstr(err.msg, "full at"), "%s", err.msg);
		free(target.data);
	}
	free(octets);
}

Test(relay, can_be_dropped_with_octets_on_their_way)
{
	struct target target = { malloc(MUCH), 0, MUCH };
	pki_sink to = { arrive, &target };
	uint8_t *octets = make_octets();
	pki_err err;

	for (int i = 0; i < 100; i++) {
		PKI_AUTO(pki_relay) relay = NULL;

		target.len = 0;
		cr_assert_eq(pki_relay_begin(&to, &relay, &err), PKI_OK);
		cr_expect_eq(put_all(relay, octets, &err), PKI_OK);
	}
	free(octets);
	free(target.data);
}

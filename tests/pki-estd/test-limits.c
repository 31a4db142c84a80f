#include "pki-estd/limits.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include <criterion/criterion.h>

TestSuite(limits_take, .timeout = 30);
TestSuite(limits_address_of, .timeout = 30);

static limits_table *
make(unsigned all, unsigned address)
{
	const limits_options options = {
		.rate = {
			[LIMITS_ALL] = { all, 100 },
			[LIMITS_ADDRESS] = { address, 1000 },
		},
		.places = 64,
	};
	limits_table *limits = NULL;
	pki_err err;

	cr_assert_eq(limits_new(&options, &limits, &err), PKI_OK);
	return limits;
}

Test(limits_take, gives_a_burst_then_one_at_a_time)
{
	limits_table *limits = make(0, 3);
	pki_bytes key = PKI_BYTES_TEXT("a");

	for (int i = 0; i < 3; i++)
		cr_expect_eq(limits_take(limits, LIMITS_ADDRESS, key, 5000),
		    0);
	cr_expect_eq(limits_take(limits, LIMITS_ADDRESS, key, 5000), 1);
	cr_expect_eq(limits_take(limits, LIMITS_ADDRESS, key, 5999), 1);
	cr_expect_eq(limits_take(limits, LIMITS_ADDRESS, key, 6000), 0);
	cr_expect_eq(limits_take(limits, LIMITS_ADDRESS, key, 6000), 1);
	/* After a long time the burst is whole, and no more than that. */
	for (int i = 0; i < 3; i++)
		cr_expect_eq(limits_take(limits, LIMITS_ADDRESS, key, 900000),
		    0);
	cr_expect_neq(limits_take(limits, LIMITS_ADDRESS, key, 900000), 0);
	limits_free(limits);
}

Test(limits_take, counts_keys_and_kinds_apart)
{
	limits_table *limits = make(2, 1);

	cr_expect_eq(limits_take(limits, LIMITS_ADDRESS, PKI_BYTES_TEXT("a"),
	    1), 0);
	cr_expect_eq(limits_take(limits, LIMITS_ADDRESS, PKI_BYTES_TEXT("b"),
	    1), 0);
	cr_expect_neq(limits_take(limits, LIMITS_ADDRESS, PKI_BYTES_TEXT("a"),
	    1), 0);
	cr_expect_eq(limits_take(limits, LIMITS_ALL, PKI_BYTES_TEXT("a"), 1),
	    0);
	cr_expect_eq(limits_take(limits, LIMITS_ALL, PKI_BYTES_TEXT("b"), 1),
	    0);
	cr_expect_neq(limits_take(limits, LIMITS_ALL, PKI_BYTES_TEXT("c"), 1),
	    0);
	/* No rate: no limit. */
	for (int i = 0; i < 100; i++)
		cr_expect_eq(limits_take(limits, LIMITS_TOKEN,
		    PKI_BYTES_TEXT("a"), 1), 0);
	limits_free(limits);
}

Test(limits_take, a_flood_of_keys_spares_a_busy_one)
{
	limits_table *limits = make(0, 50);
	pki_bytes busy = PKI_BYTES_TEXT("busy");
	unsigned refused = 0;

	/* Far more keys than places, each once; one again and again. */
	for (uint32_t i = 0; i < 100000; i++) {
		cr_assert_eq(limits_take(limits, LIMITS_ADDRESS,
		    pki_bytes_of(&i, sizeof(i)), 1), 0);
		refused += limits_take(limits, LIMITS_ADDRESS, busy, 1) != 0;
	}
	cr_expect_geq(refused, 99000, "refused only %u", refused);
	limits_free(limits);
}

static limits_address
address(const char *text)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };

	if (inet_pton(AF_INET, text, &v4.sin_addr) == 1)
		return limits_address_of((struct sockaddr *)&v4, sizeof(v4));
	cr_assert_eq(inet_pton(AF_INET6, text, &v6.sin6_addr), 1);
	return limits_address_of((struct sockaddr *)&v6, sizeof(v6));
}

static bool
same(const char *a, const char *b)
{
	limits_address left = address(a), right = address(b);

	return pki_bytes_equal(limits_address_key(&left),
	    limits_address_key(&right));
}

Test(limits_address_of, is_canonical)
{
	cr_expect(same("192.0.2.1", "::ffff:192.0.2.1"));
	cr_expect_not(same("192.0.2.1", "192.0.2.2"));
	cr_expect(same("2001:db8::1", "2001:db8::ffff:1"));
	cr_expect_not(same("2001:db8::1", "2001:db8:0:1::1"));
	cr_expect_not(same("192.0.2.1", "c000:201::"));
}

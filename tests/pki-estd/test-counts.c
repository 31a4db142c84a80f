#include "pki-estd/counts.h"

#include <criterion/criterion.h>

TestSuite(counts_add, .timeout = 30);

static counts_table *
make(size_t most, size_t most_per_address)
{
	counts_table *counts = NULL;
	pki_err err;

	cr_assert_eq(counts_new(100, most, most_per_address, &counts, &err),
	    PKI_OK);
	return counts;
}

static const limits_address a = { { 4, 1 } }, b = { { 4, 2 } };

Test(counts_add, keeps_both_limits)
{
	counts_table *counts = make(3, 2);

	cr_expect_eq(counts_add(counts, 10, &a), COUNTS_ADMITTED);
	cr_expect_eq(counts_add(counts, 11, &a), COUNTS_ADMITTED);
	cr_expect_eq(counts_add(counts, 12, &a), COUNTS_FULL_ADDRESS);
	cr_expect_eq(counts_add(counts, 13, &b), COUNTS_ADMITTED);
	cr_expect_eq(counts_add(counts, 14, &b), COUNTS_FULL);
	counts_drop(counts, 10);
	counts_drop(counts, 10);
	cr_expect_eq(counts_all(counts), 2);
	cr_expect_eq(counts_add(counts, 14, &a), COUNTS_ADMITTED);
	counts_free(counts);
}

Test(counts_add, gives_back_what_was_closed_unseen)
{
	counts_table *counts = make(100, 1);

	cr_expect_eq(counts_add(counts, 10, &a), COUNTS_ADMITTED);
	cr_expect_eq(counts_add(counts, 10, &a), COUNTS_ADMITTED);
	cr_expect_eq(counts_all(counts), 1);
	counts_free(counts);
}

Test(counts_add, has_room_for_so_many_descriptors)
{
	counts_table *counts = make(100, 100);

	cr_expect_eq(counts_add(counts, 99, &a), COUNTS_ADMITTED);
	cr_expect_eq(counts_add(counts, 100, &a), COUNTS_NO_DESCRIPTOR);
	cr_expect_eq(counts_add(counts, -1, &a), COUNTS_NO_DESCRIPTOR);
	counts_drop(counts, 100);
	counts_free(counts);
}

Test(counts_add, survives_any_order)
{
	counts_table *counts = make(100, 100);
	unsigned state = 1;
	bool used[100] = { false };
	size_t all = 0;

	for (int i = 0; i < 100000; i++) {
		limits_address address = { { 4, 0 } };
		int fd;

		state = state * 1103515245u + 12345u;
		fd = (int)(state >> 16) % 100;
		address.octets[1] = (uint8_t)((state >> 8) % 7);
		if (used[fd])
			counts_drop(counts, fd);
		else
			cr_assert_eq(counts_add(counts, fd, &address),
			    COUNTS_ADMITTED);
		used[fd] = !used[fd];
	}
	for (int fd = 0; fd < 100; fd++)
		all += used[fd];
	cr_expect_eq(counts_all(counts), all);
	counts_free(counts);
}

#include "tests/lib/est/mutate.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ROUNDS 20000
#define SECONDS 3

/* An exact copy on the heap, so that a sanitizer sees the first octet over. */
static bool
try_copy(mutate_try *try, pki_bytes in)
{
	uint8_t *copy = malloc(in.len == 0 ? 1 : in.len);
	bool accepted;

	cr_assert(copy != NULL);
	if (in.len > 0)
		memcpy(copy, in.data, in.len);
	accepted = try(pki_bytes_of(copy, in.len));
	free(copy);
	return accepted;
}

static size_t
change(uint8_t *octets, size_t len, uint32_t *state)
{
	size_t at;

	*state = *state * 1664525 + 1013904223;
	at = (*state >> 8) % len;
	switch (*state >> 4 & 3) {
	case 0:
		memmove(octets + at, octets + at + 1, len - at - 1);
		return len - 1;
	case 1:
		memmove(octets + at + 1, octets + at, len - at);
		return len + 1;
	default:
		octets[at] = (uint8_t)(*state >> 24);
		return len;
	}
}

void
mutate(pki_bytes octets, mutate_try *try)
{
	uint8_t *room = malloc(octets.len + 4);
	time_t end = time(NULL) + SECONDS;
	uint32_t state = 7;
	size_t len;

	cr_assert(room != NULL && octets.len > 4);
	cr_assert(try_copy(try, octets));
	for (len = 0; len < octets.len; len++)
		cr_expect(!try_copy(try, pki_bytes_of(octets.data, len)),
		    "cut to %zu octets", len);
	memcpy(room, octets.data, octets.len);
	room[octets.len] = 0;
	cr_expect(!try_copy(try, pki_bytes_of(room, octets.len + 1)));
	for (int i = 0; i < ROUNDS && time(NULL) < end; i++) {
		memcpy(room, octets.data, octets.len);
		len = octets.len;
		for (int n = 0; n < 3; n++)
			len = change(room, len, &state);
		(void)try_copy(try, pki_bytes_of(room, len));
	}
	free(room);
}

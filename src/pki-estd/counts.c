#include "pki-estd/counts.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/*
 * Connections of one address form a list through their descriptors; the heads
 * are in a hash table.  So memory is fixed, and nothing can fail.
 */
#define NONE -1

typedef struct counts_place {
	limits_address address;
	bool           used;
	int            next, prev;      /* in the row of the hash table */
} counts_place;

struct counts_table {
	pthread_mutex_t lock;
	size_t          room, most, most_per_address, all;
	uint32_t        seed;           /* so nobody can choose a row */
	size_t          rows;           /* a power of 2 */
	int            *heads;
	counts_place    places[];
};

pki_code
counts_new(size_t descriptors, size_t most, size_t most_per_address,
    counts_table **out, pki_err *err)
{
	counts_table *made = calloc(1, sizeof(*made) +
	    descriptors * sizeof(made->places[0]));
	pki_code rc;

	if (made == NULL)
		return pki_fail_memory(err);
	made->room = descriptors;
	made->most = most;
	made->most_per_address = most_per_address;
	made->rows = 1;
	while (made->rows < descriptors)
		made->rows *= 2;
	made->heads = malloc(made->rows * sizeof(made->heads[0]));
	rc = made->heads == NULL ? pki_fail_memory(err) :
	    pki_random(&made->seed, sizeof(made->seed), err);
	if (rc != PKI_OK) {
		free(made->heads);
		free(made);
		return rc;
	}
	for (size_t i = 0; i < made->rows; i++)
		made->heads[i] = NONE;
	pthread_mutex_init(&made->lock, NULL);
	*out = made;
	return PKI_OK;
}

void
counts_free(counts_table *counts)
{
	if (counts == NULL)
		return;
	pthread_mutex_destroy(&counts->lock);
	free(counts->heads);
	free(counts);
}

static int *
row_of(counts_table *counts, const limits_address *address)
{
	uint32_t hash = counts->seed;

	for (size_t i = 0; i < sizeof(address->octets); i++) {
		hash = (hash ^ address->octets[i]) * 0x9e3779b1u;
		hash ^= hash >> 15;
	}
	return &counts->heads[hash & (counts->rows - 1)];
}

static bool
same(const limits_address *a, const limits_address *b)
{
	return memcmp(a->octets, b->octets, sizeof(a->octets)) == 0;
}

/* How many of an address there are; counts up to enough. */
static size_t
count_address(counts_table *counts, const limits_address *address,
    size_t enough)
{
	size_t n = 0;

	for (int i = *row_of(counts, address); i != NONE && n < enough;
	    i = counts->places[i].next)
		n += same(&counts->places[i].address, address);
	return n;
}

static void
drop(counts_table *counts, int fd)
{
	counts_place *place = &counts->places[fd];

	if (!place->used)
		return;
	if (place->prev == NONE)
		*row_of(counts, &place->address) = place->next;
	else
		counts->places[place->prev].next = place->next;
	if (place->next != NONE)
		counts->places[place->next].prev = place->prev;
	place->used = false;
	counts->all--;
}

static counts_result
add(counts_table *counts, int fd, const limits_address *address)
{
	counts_place *place = &counts->places[fd];
	int *row = row_of(counts, address);

	drop(counts, fd);
	if (counts->all >= counts->most)
		return COUNTS_FULL;
	if (count_address(counts, address, counts->most_per_address) >=
	    counts->most_per_address)
		return COUNTS_FULL_ADDRESS;
	*place = (struct counts_place){
		.address = *address, .used = true, .next = *row, .prev = NONE,
	};
	if (*row != NONE)
		counts->places[*row].prev = fd;
	*row = fd;
	counts->all++;
	return COUNTS_ADMITTED;
}

counts_result
counts_add(counts_table *counts, int fd, const limits_address *address)
{
	counts_result result;

	if (fd < 0 || (size_t)fd >= counts->room)
		return COUNTS_NO_DESCRIPTOR;
	pthread_mutex_lock(&counts->lock);
	result = add(counts, fd, address);
	pthread_mutex_unlock(&counts->lock);
	return result;
}

void
counts_drop(counts_table *counts, int fd)
{
	if (fd < 0 || (size_t)fd >= counts->room)
		return;
	pthread_mutex_lock(&counts->lock);
	drop(counts, fd);
	pthread_mutex_unlock(&counts->lock);
}

size_t
counts_all(counts_table *counts)
{
	size_t all;

	pthread_mutex_lock(&counts->lock);
	all = counts->all;
	pthread_mutex_unlock(&counts->lock);
	return all;
}

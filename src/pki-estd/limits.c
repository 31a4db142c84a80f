#include "pki-estd/limits.h"

#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define WAYS 8          /* places of one row: one key is in one row only */

typedef struct limits_bucket {
	uint64_t tag;           /* of kind and key; 0: free */
	int64_t  full_at;       /* when all that was taken is back, in ms */
} limits_bucket;

struct limits_table {
	limits_rate     rate[LIMITS_KINDS];
	limits_bucket   all;
	pthread_mutex_t lock;
	uint8_t         secret[16];     /* so nobody can choose a row */
	size_t          rows;           /* a power of 2 */
	limits_bucket   places[];
};

pki_code
limits_new(const limits_options *options, limits_table **out, pki_err *err)
{
	size_t rows = 1;
	limits_table *made;
	pki_code rc;

	while (rows * WAYS < options->places)
		rows *= 2;
	made = calloc(1, sizeof(*made) + rows * WAYS * sizeof(limits_bucket));
	if (made == NULL)
		return pki_fail_memory(err);
	memcpy(made->rate, options->rate, sizeof(made->rate));
	made->rows = rows;
	rc = pki_random(made->secret, sizeof(made->secret), err);
	if (rc != PKI_OK) {
		free(made);
		return rc;
	}
	pthread_mutex_init(&made->lock, NULL);
	*out = made;
	return PKI_OK;
}

void
limits_free(limits_table *limits)
{
	if (limits == NULL)
		return;
	pthread_mutex_destroy(&limits->lock);
	free(limits);
}

/* When a bucket holds nothing more, it is full again this much later. */
static int64_t
depth_ms(const limits_rate *rate)
{
	return (int64_t)rate->burst * rate->every_ms;
}

/* One number is the whole state: each taking moves full_at by every_ms. */
static unsigned
take(limits_bucket *bucket, const limits_rate *rate, int64_t now)
{
	int64_t full_at = bucket->full_at > now ? bucket->full_at : now;
	int64_t wait = full_at + rate->every_ms - now - depth_ms(rate);

	if (wait > 0)
		return (unsigned)((wait + 999) / 1000);
	bucket->full_at = full_at + rate->every_ms;
	return 0;
}

/* The place of tag in its row, taken over from another when it has none. */
static limits_bucket *
find_place(limits_table *limits, uint64_t tag)
{
	limits_bucket *row = limits->places + (tag & (limits->rows - 1)) * WAYS;
	limits_bucket *oldest = row;

	for (size_t i = 0; i < WAYS; i++) {
		if (row[i].tag == tag)
			return &row[i];
		if (row[i].full_at < oldest->full_at)
			oldest = &row[i];
	}
	*oldest = (limits_bucket){ .tag = tag };
	return oldest;
}

static pki_code
make_tag(const limits_table *limits, limits_kind kind, pki_bytes key,
    uint64_t *out)
{
	uint8_t kind_octet = (uint8_t)kind;
	const pki_bytes pieces[] = {
		pki_bytes_of(limits->secret, sizeof(limits->secret)),
		pki_bytes_of(&kind_octet, 1),
		key,
	};
	pki_digest digest;
	pki_code rc = pki_digest_of_all(pieces, PKI_COUNT(pieces), &digest,
	    NULL);

	if (rc != PKI_OK)
		return rc;
	memcpy(out, digest.octets, sizeof(*out));
	*out |= UINT64_C(1) << 63;      /* never 0 */
	return PKI_OK;
}

unsigned
limits_take(limits_table *limits, limits_kind kind, pki_bytes key, int64_t now)
{
	const limits_rate *rate = &limits->rate[kind];
	uint64_t tag = 0;
	unsigned wait;

	if (rate->burst == 0)
		return 0;
	/* Who cannot be counted is not let in. */
	if (kind != LIMITS_ALL && make_tag(limits, kind, key, &tag) != PKI_OK)
		return 1;
	pthread_mutex_lock(&limits->lock);
	wait = take(kind == LIMITS_ALL ? &limits->all :
	    find_place(limits, tag), rate, now);
	pthread_mutex_unlock(&limits->lock);
	return wait;
}

limits_address
limits_address_of(const struct sockaddr *from, socklen_t len)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	limits_address out = { { 0 } };

	if (from->sa_family == AF_INET && len >= sizeof(struct sockaddr_in)) {
		struct sockaddr_in v4;

		memcpy(&v4, from, sizeof(v4));
		out.octets[0] = 4;
		memcpy(out.octets + 1, &v4.sin_addr, 4);
	} else if (from->sa_family == AF_INET6 &&
	    len >= sizeof(struct sockaddr_in6)) {
		struct sockaddr_in6 v6;
		bool is_mapped;

		memcpy(&v6, from, sizeof(v6));
		is_mapped = memcmp(&v6.sin6_addr, mapped, 12) == 0;
		out.octets[0] = is_mapped ? 4 : 6;
		memcpy(out.octets + 1, v6.sin6_addr.s6_addr +
		    (is_mapped ? 12 : 0), is_mapped ? 4 : 8);
	}
	return out;
}

pki_bytes
limits_address_key(const limits_address *address)
{
	return pki_bytes_of(address->octets, sizeof(address->octets));
}

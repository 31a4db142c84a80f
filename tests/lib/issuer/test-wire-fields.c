#include "tests/lib/issuer/wire-sample.h"

#include <string.h>

#include "tests/support/support.h"

TestSuite(wire_fields, .timeout = 60);

/* One field of a good packet changed; must be refused. */
typedef bool change(const pki_field_rule *field, struct piece *pieces,
    size_t *n, size_t at);

static bool
make_filler(const pki_field_rule *field, struct piece *pieces, size_t *n,
    size_t at)
{
	(void)field;
	(void)n;
	pieces[at].filler = 1;
	return true;
}

static bool
make_longer(const pki_field_rule *field, struct piece *pieces, size_t *n,
    size_t at)
{
	size_t width = pki_kind_width(pki_tag_kind_of(field->tag));
	size_t len = width != 0 ? width + 1 : (size_t)field->max + 1;

	(void)n;
	pieces[at].len = (uint32_t)len;
	pieces[at].octets = sample_octets(len);
	return true;
}

static bool
make_shorter(const pki_field_rule *field, struct piece *pieces, size_t *n,
    size_t at)
{
	size_t width = pki_kind_width(pki_tag_kind_of(field->tag));
	size_t len = width != 0 ? width - 1 : (size_t)field->min - 1;

	(void)n;
	if (width == 0 && field->min == 0)
		return false;
	pieces[at].len = (uint32_t)len;
	pieces[at].octets = sample_octets(len);
	return true;
}

static bool
make_empty(const pki_field_rule *field, struct piece *pieces, size_t *n,
    size_t at)
{
	(void)n;
	if (field->min == 0 &&
	    pki_kind_width(pki_tag_kind_of(field->tag)) == 0)
		return false;
	pieces[at].len = 0;
	pieces[at].octets.len = 0;
	return true;
}

static bool
make_missing(const pki_field_rule *field, struct piece *pieces, size_t *n,
    size_t at)
{
	if (field->least == 0)
		return false;
	/* The largest has a list as often as it may stand. */
	while (*n > at && pieces[at].tag == field->tag) {
		memmove(&pieces[at], &pieces[at + 1],
		    (*n - at - 1) * sizeof(*pieces));
		--*n;
	}
	return true;
}

static bool
make_twice(const pki_field_rule *field, struct piece *pieces, size_t *n,
    size_t at)
{
	(void)field;
	memmove(&pieces[at + 1], &pieces[at], (*n - at) * sizeof(*pieces));
	++*n;
	return true;
}

static bool
make_foreign(const pki_field_rule *field, struct piece *pieces, size_t *n,
    size_t at)
{
	(void)field;
	(void)n;
	pieces[at].tag = PKI_TAG_COUNT;
	return true;
}

static bool
make_untagged(const pki_field_rule *field, struct piece *pieces, size_t *n,
    size_t at)
{
	(void)field;
	(void)n;
	pieces[at].tag = PKI_TAG_NONE;
	return true;
}

static bool
make_swapped(const pki_field_rule *field, struct piece *pieces, size_t *n,
    size_t at)
{
	struct piece moved = pieces[at];

	(void)field;
	if (at + 1 == *n || pieces[at + 1].tag == moved.tag)
		return false;
	pieces[at] = pieces[at + 1];
	pieces[at + 1] = moved;
	return true;
}

static bool
make_overlong(const pki_field_rule *field, struct piece *pieces, size_t *n,
    size_t at)
{
	(void)field;
	(void)n;
	pieces[at].len = UINT32_MAX - 7;
	return true;
}

static bool
make_unprintable(const pki_field_rule *field, struct piece *pieces, size_t *n,
    size_t at)
{
	(void)n;
	if (pki_tag_kind_of(field->tag) != PKI_KIND_TEXT)
		return false;
	pieces[at].len = 1;
	pieces[at].octets = PKI_BYTES_TEXT("\n");
	return true;
}

static bool
make_odd_address(const pki_field_rule *field, struct piece *pieces, size_t *n,
    size_t at)
{
	(void)n;
	if (pki_tag_kind_of(field->tag) != PKI_KIND_ADDRESS)
		return false;
	pieces[at].len = 5;
	pieces[at].octets = sample_octets(5);
	return true;
}

Test(wire_fields, refuses_each_field_with_anything_wrong)
{
	static const struct {
		const char *what;
		change     *change;
	} changes[] = {
		{ "filler",      make_filler },
		{ "too long",    make_longer },
		{ "too short",   make_shorter },
		{ "empty",       make_empty },
		{ "missing",     make_missing },
		{ "twice",       make_twice },
		{ "unknown tag", make_foreign },
		{ "tag 0",       make_untagged },
		{ "order",       make_swapped },
		{ "overlong",    make_overlong },
		{ "unprintable", make_unprintable },
		{ "address",     make_odd_address },
	};

	EACH_RULE(rule) {
		PKI_AUTO(pki_buf) good = sample_packet_of(rule->type,
		    LARGEST);
		struct piece whole[PIECES_MAX], pieces[PIECES_MAX];
		size_t n = take_apart(pki_buf_bytes(good), whole);

		for (size_t at = 0; at < n; at++)
		for (size_t i = 0; i < PKI_COUNT(changes); i++) {
			const pki_field_rule *field = rule->fields;
			PKI_AUTO(pki_buf) bad = NULL;
			size_t count = n;

			if (at > 0 && whole[at].tag == whole[at - 1].tag)
				continue;
			while (field->tag != whole[at].tag)
				field++;
			memcpy(pieces, whole, sizeof(pieces));
			if (!changes[i].change(field, pieces, &count, at))
				continue;
			bad = put_together(pki_buf_bytes(good), pieces,
			    count);
			expect_refused(rule, bad, changes[i].what,
			    whole[at].tag);
		}
	}
}

Test(wire_fields, refuses_numbers_out_of_range)
{
	EACH_RULE(rule) {
		PKI_AUTO(pki_buf) good = sample_packet_of(rule->type,
		    LARGEST);
		const pki_field_rule *field;
		size_t at = PKI_WIRE_HEADER;

		for (; at < good->len; at += PKI_WIRE_FIELD +
		    peek(pki_buf_bytes(good), at + 4, 4)) {
			uint64_t tag = peek(pki_buf_bytes(good), at, 2);
			size_t width = pki_kind_width(pki_tag_kind_of(tag));
			size_t value = at + PKI_WIRE_FIELD;

			for (field = rule->fields; field->tag != tag; field++)
				;
			if (width == 0)
				continue;
			if (width == 8 ? field->max != UINT64_MAX :
			    field->max >> (8 * width) == 0 &&
			    field->max + 1 < UINT64_C(1) << (8 * width)) {
				poke(good, value, width, field->max + 1);
				expect_refused(rule, good, "above",
				    (unsigned)tag);
			}
			if (field->min != 0) {
				poke(good, value, width, field->min - 1);
				expect_refused(rule, good, "below",
				    (unsigned)tag);
			}
			poke(good, value, width, field->max);
		}
	}
}

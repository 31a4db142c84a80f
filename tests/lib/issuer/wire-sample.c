#include "tests/lib/issuer/wire-sample.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/support.h"

pki_bytes
sample_octets(size_t len)
{
	static uint8_t octets[PKI_WIRE_MAX + 1];
	size_t i;

	cr_assert(len <= sizeof(octets));
	if (octets[0] == 0)
		for (i = 0; i < sizeof(octets); i++)
			octets[i] = (uint8_t)('a' + i % 26);
	return pki_bytes_of(octets, len);
}

static void
fill(pki_message *message, const pki_field_rule *field, enum sample_size size)
{
	uint64_t amount = size == LARGEST ? field->max : field->min;
	unsigned i, times = size == LARGEST ? field->most : field->least;

	if (pki_kind_width(pki_tag_kind_of(field->tag)) != 0)
		pki_message_put_number(message, field->tag, amount);
	else if (field->most == 1)
		pki_message_put(message, field->tag, sample_octets(amount));
	else
		for (i = 0; i < times; i++)
			cr_assert(pki_message_add(message,
			    sample_octets(amount)));
}

pki_message
sample_message(const pki_message_rule *rule, enum sample_size size)
{
	pki_message message = pki_message_of(rule->type);
	const pki_field_rule *field;

	message.id = rule->kind == PKI_MESSAGE_NOTICE ? 0 :
	    UINT64_C(0x0102030405060708);
	for (field = rule->fields; field->tag != PKI_TAG_NONE; field++)
		if (size == LARGEST || field->least != 0 ||
		    field->tag == rule->any_of[0])
			fill(&message, field, size);
	return message;
}

pki_buf *
sample_packet(const pki_message *message)
{
	pki_buf *packet = pki_buf_new();
	pki_err err = { 0 };

	cr_assert(packet != NULL);
	assert_ok(pki_wire_encode(message, packet, &err), &err);
	return packet;
}

pki_buf *
sample_packet_of(pki_message_type type, enum sample_size size)
{
	pki_message message = sample_message(pki_message_rule_of(type), size);

	return sample_packet(&message);
}

void
poke(pki_buf *packet, size_t at, size_t width, uint64_t value)
{
	cr_assert(at + width <= packet->len);
	while (width-- > 0) {
		packet->data[at + width] = (uint8_t)value;
		value >>= 8;
	}
}

uint64_t
peek(pki_bytes packet, size_t at, size_t width)
{
	uint64_t value = 0;

	for (; width > 0; width--)
		value = value << 8 | packet.data[at++];
	return value;
}

size_t
take_apart(pki_bytes packet, struct piece out[PIECES_MAX])
{
	size_t at = PKI_WIRE_HEADER, n = 0;

	while (at < packet.len) {
		struct piece *piece = &out[n++];

		cr_assert(n < PIECES_MAX);
		piece->tag = (uint16_t)peek(packet, at, 2);
		piece->filler = (uint16_t)peek(packet, at + 2, 2);
		piece->len = (uint32_t)peek(packet, at + 4, 4);
		piece->octets = pki_bytes_of(packet.data + at +
		    PKI_WIRE_FIELD, piece->len);
		at += PKI_WIRE_FIELD + piece->len;
	}
	return n;
}

pki_buf *
put_together(pki_bytes packet, const struct piece *pieces, size_t n)
{
	static const uint8_t head[PKI_WIRE_FIELD];
	pki_buf *out = pki_buf_copy(pki_bytes_of(packet.data,
	    PKI_WIRE_HEADER));
	size_t i;

	cr_assert(out != NULL);
	for (i = 0; i < n; i++) {
		size_t at = out->len;

		pki_buf_add(out, pki_bytes_of(head, sizeof(head)));
		poke(out, at, 2, pieces[i].tag);
		poke(out, at + 2, 2, pieces[i].filler);
		poke(out, at + 4, 4, pieces[i].len);
		pki_buf_add(out, pieces[i].octets);
	}
	poke(out, 16, 4, out->len - PKI_WIRE_HEADER);
	return out;
}

size_t
count_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	size_t count = 0;

	cr_assert(dir != NULL);
	while (readdir(dir) != NULL)
		count++;
	closedir(dir);
	return count;
}

pki_code
decode_exactly(const pki_buf *packet, pki_wire_side from, pki_message *out)
{
	/* Not an octet more, so that a sanitizer sees a read beyond. */
	uint8_t *exact = malloc(packet->len == 0 ? 1 : packet->len);
	pki_err err = { 0 };
	pki_code rc;

	cr_assert(exact != NULL);
	if (packet->len != 0)
		memcpy(exact, packet->data, packet->len);
	rc = pki_wire_decode(pki_bytes_of(exact, packet->len), from, out,
	    &err);
	free(exact);
	if (rc != PKI_OK)
		cr_expect(err.code == rc && err.msg[0] != '\0');
	return rc;
}

void
expect_refused(const pki_message_rule *rule, const pki_buf *packet,
    const char *what, unsigned tag)
{
	static pki_message out;

	cr_expect(decode_exactly(packet, rule->from, &out) == PKI_BAD_INPUT,
	    "%s: %s (field '%s') is taken", rule->name, what,
	    pki_tag_name((pki_tag)tag));
}

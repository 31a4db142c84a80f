#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "base/text.h"
#include "issuer/wire.h"

/*
 * Packets between worker and issuer, both directions: what is accepted is
 * within the table, and is written again in the same octets.  Octet 0 of an
 * input says who sends it (bit 0), and whether the header's constant parts
 * are set right (bit 1), which shows more of the fields.
 */

static pki_message message, before;

static void
check_octets(pki_bytes packet, pki_bytes octets, const pki_field_rule *field)
{
	pki_tag_kind kind = pki_tag_kind_of(field->tag);

	fuzz_assert(octets.len >= field->min && octets.len <= field->max);
	fuzz_assert(octets.data >= packet.data + PKI_WIRE_HEADER &&
	    octets.data + octets.len <= packet.data + packet.len);
	fuzz_assert(kind != PKI_KIND_TEXT || pki_text_is_printable(octets));
	fuzz_assert(kind != PKI_KIND_ADDRESS || octets.len == 4 ||
	    octets.len == 16);
}

/* Every field, one by one, against its row. */
static void
check_fields(pki_bytes packet, const pki_message_rule *rule)
{
	const pki_field_rule *field;
	size_t i, single = 0, listed = 0;

	for (field = rule->fields; field->tag != PKI_TAG_NONE; field++) {
		size_t count = field->most > 1 ? message.n_list :
		    message.has[field->tag];

		fuzz_assert(count >= field->least && count <= field->most);
		fuzz_assert(count == 0 || field->with == PKI_TAG_NONE ||
		    message.has[field->with]);
		if (field->most > 1) {
			listed = count;
			for (i = 0; i < count; i++)
				check_octets(packet, message.list[i], field);
			continue;
		}
		single += count;
		if (pki_kind_width(pki_tag_kind_of(field->tag)) == 0) {
			if (count != 0)
				check_octets(packet,
				    message.field[field->tag], field);
		} else if (count != 0) {
			fuzz_assert(message.number[field->tag] >= field->min &&
			    message.number[field->tag] <= field->max);
		}
	}
	fuzz_assert(listed == message.n_list);
	for (i = 0; i < PKI_TAG_COUNT; i++)
		single -= message.has[i];
	fuzz_assert(single == 0);
}

/* What is made of a message by those who get it. */
static void
check_meaning(void)
{
	char name[PKI_COUNTER_NAME_MAX + 1];
	pki_err err = { 0 };
	uint64_t value;
	size_t i;

	if (message.type == PKI_MESSAGE_REFUSED)
		fuzz_check_refusal(pki_message_refusal(&message, &err), &err);
	if (message.type != PKI_MESSAGE_STATE)
		return;
	for (i = 0; i < message.n_list; i++) {
		pki_code rc = pki_counter_decode(message.list[i], name,
		    &value, &err);

		fuzz_assert(rc == PKI_OK || rc == PKI_BAD_INPUT);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	PKI_AUTO(pki_buf) packet = NULL;
	PKI_AUTO(pki_buf) again = pki_buf_new();
	pki_wire_side from = size > 0 && (data[0] & 1) != 0 ?
	    PKI_WIRE_WORKER : PKI_WIRE_ISSUER;
	pki_err err = { 0 };
	pki_code rc;

	if (size == 0)
		return 0;
	packet = pki_buf_copy(pki_bytes_of(data + 1, size - 1));
	fuzz_assert(packet != NULL && again != NULL);
	if ((data[0] & 2) != 0 && packet->len >= PKI_WIRE_HEADER) {
		size_t len = packet->len - PKI_WIRE_HEADER;

		memcpy(packet->data, "PKI1\0\1", 6);
		memset(packet->data + 16, 0, 8);
		packet->data[17] = (uint8_t)(len >> 16);
		packet->data[18] = (uint8_t)(len >> 8);
		packet->data[19] = (uint8_t)len;
	}
	memset(&message, 0x5a, sizeof(message));
	memcpy(&before, &message, sizeof(message));
	rc = pki_wire_decode(pki_buf_bytes(packet), from, &message, &err);
	if (rc != PKI_OK) {
		fuzz_assert(rc == PKI_BAD_INPUT);
		fuzz_check_refusal(rc, &err);
		fuzz_assert(memcmp(&message, &before, sizeof(message)) == 0);
		return 0;
	}
	fuzz_assert(pki_message_rule_of(message.type)->from == from);
	check_fields(pki_buf_bytes(packet), pki_message_rule_of(message.type));
	check_meaning();
	fuzz_assert(pki_wire_encode(&message, again, &err) == PKI_OK);
	fuzz_assert(pki_bytes_equal(pki_buf_bytes(again),
	    pki_buf_bytes(packet)));
	return 0;
}

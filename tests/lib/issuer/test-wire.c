#include "tests/lib/issuer/wire-sample.h"

#include <stdio.h>
#include <string.h>

#include "tests/support/support.h"

TestSuite(wire_table, .timeout = 60);
TestSuite(wire_decode, .timeout = 60);
TestSuite(wire_encode, .timeout = 60);

Test(wire_table, names_each_type_once_and_orders_its_fields)
{
	EACH_RULE(rule) {
		const pki_field_rule *field;
		unsigned last = 0, lists = 0;

		cr_expect(pki_message_rule_of(rule->type) == rule, "%s",
		    rule->name);
		for (field = rule->fields; field->tag != PKI_TAG_NONE;
		    field++) {
			cr_expect(field->tag > last, "%s: %s", rule->name,
			    pki_tag_name(field->tag));
			cr_expect(field->min <= field->max &&
			    field->least <= field->most &&
			    field->most <= PKI_WIRE_LIST_MAX);
			lists += field->most > 1;
			last = field->tag;
		}
		cr_expect(field - rule->fields < PKI_FIELDS_MAX);
		cr_expect(lists <= 1, "%s: one list", rule->name);
	}
	for (unsigned tag = 0; tag < PKI_TAG_COUNT; tag++)
		cr_expect(pki_tag_name(tag) != NULL, "tag %u", tag);
}

Test(wire_table, says_which_answers_belong_to_which_question)
{
	cr_expect(pki_message_may_answer(PKI_MESSAGE_ENROLL,
	    PKI_MESSAGE_ISSUED));
	cr_expect(pki_message_may_answer(PKI_MESSAGE_CHECK,
	    PKI_MESSAGE_REFUSED));
	cr_expect(pki_message_may_answer(PKI_MESSAGE_PING, PKI_MESSAGE_BUSY));
	cr_expect(!pki_message_may_answer(PKI_MESSAGE_CHECK,
	    PKI_MESSAGE_ISSUED));
	cr_expect(!pki_message_may_answer(PKI_MESSAGE_TLS, PKI_MESSAGE_BUSY));
	cr_expect(!pki_message_may_answer(0, 0));
}

static void
expect_same(const pki_message_rule *rule, const pki_message *a,
    const pki_message *b)
{
	size_t i;

	cr_expect(a->type == b->type && a->id == b->id &&
	    a->n_list == b->n_list, "%s", rule->name);
	for (i = 0; i < PKI_TAG_COUNT; i++)
		cr_expect(a->has[i] == b->has[i] &&
		    a->number[i] == b->number[i] &&
		    pki_bytes_equal(a->field[i], b->field[i]), "%s: %s",
		    rule->name, pki_tag_name((pki_tag)i));
	for (i = 0; i < a->n_list; i++)
		cr_expect(pki_bytes_equal(a->list[i], b->list[i]), "%s: %zu",
		    rule->name, i);
}

Test(wire_decode, takes_what_encode_makes_of_each_type)
{
	EACH_RULE(rule) {
		for (int size = SMALLEST; size <= LARGEST; size++) {
			pki_message sent = sample_message(rule, size), got;
			PKI_AUTO(pki_buf) packet = sample_packet(&sent);
			pki_err err = { 0 };

			assert_ok(pki_wire_decode(pki_buf_bytes(packet),
			    rule->from, &got, &err), &err);
			expect_same(rule, &sent, &got);
			cr_expect(packet->len <= PKI_WIRE_MAX);
		}
	}
}

Test(wire_decode, refuses_the_other_sides_types)
{
	pki_message out;

	EACH_RULE(rule) {
		PKI_AUTO(pki_buf) packet = sample_packet_of(rule->type,
		    SMALLEST);

		cr_expect(decode_exactly(packet, rule->from == PKI_WIRE_WORKER ?
		    PKI_WIRE_ISSUER : PKI_WIRE_WORKER, &out) ==
		    PKI_BAD_INPUT, "%s", rule->name);
	}
}

Test(wire_decode, refuses_a_header_with_anything_wrong)
{
	static const struct {
		const char *what;
		size_t      at, width;
		uint64_t    value;
	} wrong[] = {
		{ "magic", 0, 4, 0x504b4932 },
		{ "magic in the other order", 0, 4, 0x31494b50 },
		{ "version 0", 4, 2, 0 },
		{ "version 2", 4, 2, 2 },
		{ "type 0", 6, 2, 0 },
		{ "type 15", 6, 2, 15 },
		{ "type 65535", 6, 2, 65535 },
		{ "length 0xffffffff", 16, 4, 0xffffffff },
		{ "filler", 20, 4, 1 },
		{ "filler, first octet", 20, 1, 1 },
	};

	EACH_RULE(rule) {
		PKI_AUTO(pki_buf) good = sample_packet_of(rule->type,
		    SMALLEST);
		size_t i, body = good->len - PKI_WIRE_HEADER;

		for (i = 0; i < PKI_COUNT(wrong); i++) {
			PKI_AUTO(pki_buf) bad = pki_buf_copy(
			    pki_buf_bytes(good));

			poke(bad, wrong[i].at, wrong[i].width,
			    wrong[i].value);
			expect_refused(rule, bad, wrong[i].what, 0);
		}
		poke(good, 16, 4, body + 1);
		expect_refused(rule, good, "a length too large by one", 0);
		poke(good, 16, 4, body - 1);
		expect_refused(rule, good, "a length too small by one", 0);
		poke(good, 16, 4, body);
		poke(good, 8, 8, rule->kind == PKI_MESSAGE_NOTICE);
		expect_refused(rule, good, "the id", 0);
	}
}

Test(wire_decode, refuses_a_packet_cut_anywhere)
{
	EACH_RULE(rule) {
		PKI_AUTO(pki_buf) packet = sample_packet_of(rule->type,
		    SMALLEST);
		size_t whole = packet->len;

		while (packet->len > 0) {
			pki_buf_cut(packet, packet->len - 1);
			expect_refused(rule, packet, "cut", 0);
			if (packet->len < PKI_WIRE_HEADER)
				continue;
			/* All that is asked for is there in the smallest. */
			poke(packet, 16, 4, packet->len - PKI_WIRE_HEADER);
			expect_refused(rule, packet, "cut and said so", 0);
		}
		cr_expect(whole >= PKI_WIRE_HEADER);
	}
}

Test(wire_decode, refuses_a_packet_without_any_one_octet)
{
	EACH_RULE(rule) {
		PKI_AUTO(pki_buf) good = sample_packet_of(rule->type,
		    SMALLEST);

		for (size_t at = 0; at < good->len; at++) {
			PKI_AUTO(pki_buf) bad = pki_buf_copy(pki_bytes_of(
			    good->data, at));

			pki_buf_add(bad, pki_bytes_of(good->data + at + 1,
			    good->len - at - 1));
			expect_refused(rule, bad, "an octet gone", 0);
			if (bad->len < PKI_WIRE_HEADER)
				continue;
			poke(bad, 16, 4, bad->len - PKI_WIRE_HEADER);
			expect_refused(rule, bad, "and the length right",
			    0);
		}
	}
}

Test(wire_decode, refuses_a_request_without_its_companion)
{
	static const struct {
		const char *what;
		pki_message_type type;
		pki_tag without;        /* taken from the largest */
		pki_tag also;
	} rows[] = {
		{ "user without token", PKI_MESSAGE_ENROLL, PKI_TAG_TOKEN,
		    PKI_TAG_NONE },
		{ "the same, to check", PKI_MESSAGE_CHECK, PKI_TAG_TOKEN,
		    PKI_TAG_NONE },
	};
	pki_message message, out;
	pki_err err = { 0 };
	size_t i;

	for (i = 0; i < PKI_COUNT(rows); i++) {
		PKI_AUTO(pki_buf) packet = pki_buf_new();

		message = sample_message(pki_message_rule_of(rows[i].type),
		    LARGEST);
		message.has[rows[i].without] = false;
		cr_expect(pki_wire_encode(&message, packet, &err) ==
		    PKI_BAD_INPUT, "%s", rows[i].what);
	}
	/* Neither token nor certificate. */
	{
		PKI_AUTO(pki_buf) packet = sample_packet_of(
		    PKI_MESSAGE_CHECK, SMALLEST);
		PKI_AUTO(pki_buf) bad = NULL;
		struct piece pieces[PIECES_MAX];
		size_t n = take_apart(pki_buf_bytes(packet), pieces);

		cr_assert(pieces[n - 1].tag == PKI_TAG_TOKEN);
		bad = put_together(pki_buf_bytes(packet), pieces, n - 1);
		cr_expect(decode_exactly(bad, PKI_WIRE_WORKER, &out) ==
		    PKI_BAD_INPUT);
	}
}

Test(wire_decode, writes_nothing_when_it_refuses)
{
	pki_message out, before;
	PKI_AUTO(pki_buf) packet = sample_packet_of(PKI_MESSAGE_ISSUED,
	    SMALLEST);

	memset(&out, 0x55, sizeof(out));
	memcpy(&before, &out, sizeof(out));
	poke(packet, 20, 4, 7);
	cr_expect(decode_exactly(packet, PKI_WIRE_ISSUER, &out) ==
	    PKI_BAD_INPUT);
	cr_expect(memcmp(&before, &out, sizeof(out)) == 0);
}

/* Whatever is taken is exactly what encode would have made of it. */
Test(wire_decode, leaves_no_second_form_of_a_message)
{
	uint32_t random = 1;
	pki_message out;
	size_t taken = 0;

	EACH_RULE(rule) {
		PKI_AUTO(pki_buf) good = sample_packet_of(rule->type,
		    SMALLEST);

		for (int i = 0; i < 2000; i++) {
			PKI_AUTO(pki_buf) bad = pki_buf_copy(
			    pki_buf_bytes(good));
			PKI_AUTO(pki_buf) again = pki_buf_new();
			pki_err err = { 0 };

			random = random * 1664525 + 1013904223;
			bad->data[(random >> 8) % bad->len] ^=
			    (uint8_t)(1u << (random >> 29));
			if (pki_wire_decode(pki_buf_bytes(bad), rule->from,
			    &out, NULL) != PKI_OK)
				continue;
			taken++;
			assert_ok(pki_wire_encode(&out, again, &err), &err);
			cr_expect(pki_bytes_equal(pki_buf_bytes(bad),
			    pki_buf_bytes(again)), "%s", rule->name);
		}
	}
	cr_expect(taken > 0);
}

Test(wire_encode, refuses_what_the_table_does_not_have)
{
	PKI_AUTO(pki_buf) out = pki_buf_new();
	pki_message message = sample_message(
	    pki_message_rule_of(PKI_MESSAGE_PONG), SMALLEST);
	pki_err err = { 0 };

	pki_buf_add_text(out, "before");
	pki_message_put_text(&message, PKI_TAG_REASON, "because");
	cr_expect(pki_wire_encode(&message, out, &err) == PKI_BAD_INPUT);
	cr_expect_str_eq(err.msg,
	    "message 'pong': field 'reason' is not its own");
	message.has[PKI_TAG_REASON] = false;
	cr_expect(pki_message_add(&message, sample_octets(1)));
	cr_expect(pki_wire_encode(&message, out, &err) == PKI_BAD_INPUT);
	message = pki_message_of(PKI_MESSAGE_CLIENT_CAS);
	pki_message_put_number(&message, PKI_TAG_GENERATION, 1);
	pki_message_put(&message, PKI_TAG_CA, sample_octets(1));
	cr_expect(pki_wire_encode(&message, out, &err) == PKI_BAD_INPUT);
	message = pki_message_of(99);
	cr_expect(pki_wire_encode(&message, out, &err) == PKI_BAD_INPUT);
	cr_expect_str_eq(pki_buf_text(out), "before");
}

Test(wire_encode, refuses_numbers_that_their_octets_cannot_hold)
{
	PKI_AUTO(pki_buf) out = pki_buf_new();
	pki_message message = sample_message(
	    pki_message_rule_of(PKI_MESSAGE_BUSY), SMALLEST);
	pki_err err = { 0 };

	pki_message_put_number(&message, PKI_TAG_RETRY_AFTER,
	    UINT64_C(0x100000001));
	cr_expect(pki_wire_encode(&message, out, &err) == PKI_BAD_INPUT);
	cr_expect(out->len == 0);
}

Test(wire_encode, appends_to_what_is_there)
{
	PKI_AUTO(pki_buf) out = pki_buf_new();
	pki_message message = sample_message(
	    pki_message_rule_of(PKI_MESSAGE_PING), SMALLEST), got;
	pki_err err = { 0 };

	pki_buf_add_text(out, "12345");
	assert_ok(pki_wire_encode(&message, out, &err), &err);
	pki_wire_stamp(out->data + 5, 77);
	assert_ok(pki_wire_decode(pki_bytes_of(out->data + 5, out->len - 5),
	    PKI_WIRE_WORKER, &got, &err), &err);
	cr_expect(got.id == 77);
}

Test(wire_encode, brings_a_refusal_across)
{
	pki_message sent, got;
	pki_err err = { 0 }, back = { 0 };
	PKI_AUTO(pki_buf) packet = NULL;

	pki_refuse(&err, PKI_DENIED, "key-size", "2048, 3072", "RSA %d", 1024);
	pki_message_refuse(&sent, 5, 403, &err);
	packet = sample_packet(&sent);
	assert_ok(pki_wire_decode(pki_buf_bytes(packet), PKI_WIRE_ISSUER,
	    &got, &err), &err);
	cr_expect(got.number[PKI_TAG_HTTP] == 403);
	cr_expect(pki_message_refusal(&got, &back) == PKI_DENIED);
	cr_expect_str_eq(back.rule, "key-size");
	cr_expect_str_eq(back.value, "RSA 1024");
	cr_expect_str_eq(back.accepts, "2048, 3072");

	pki_fail(&err, PKI_NOT_FOUND, "no such label");
	pki_message_refuse(&sent, 5, 404, &err);
	pki_buf_cut(packet, 0);
	assert_ok(pki_wire_encode(&sent, packet, &err), &err);
}

Test(wire_encode, brings_counters_across)
{
	uint8_t room[PKI_COUNTER_MAX];
	char name[PKI_COUNTER_NAME_MAX + 1], too_long[66];
	pki_err err = { 0 };
	pki_bytes octets;
	uint64_t value;

	assert_ok(pki_counter_encode("issued", UINT64_C(1) << 40, room,
	    &octets, &err), &err);
	assert_ok(pki_counter_decode(octets, name, &value, &err), &err);
	cr_expect_str_eq(name, "issued");
	cr_expect(value == UINT64_C(1) << 40);
	memset(too_long, 'a', 65);
	too_long[65] = '\0';
	cr_expect(pki_counter_encode(too_long, 1, room, &octets, &err) ==
	    PKI_BAD_INPUT);
	cr_expect(pki_counter_encode("", 1, room, &octets, &err) ==
	    PKI_BAD_INPUT);
	cr_expect(pki_counter_decode(sample_octets(8), name, &value, &err) ==
	    PKI_BAD_INPUT);
	cr_expect(pki_counter_decode(sample_octets(73), name, &value, &err) ==
	    PKI_BAD_INPUT);
	cr_expect(pki_counter_decode(PKI_BYTES_TEXT("12345678\n"), name,
	    &value, &err) == PKI_BAD_INPUT);
}

#ifndef TESTS_LIB_ISSUER_WIRE_SAMPLE_H
#define TESTS_LIB_ISSUER_WIRE_SAMPLE_H

/* Messages made from the table, and packets taken to pieces. */

#include "issuer/wire.h"

/* As little, or as much, as the table allows. */
enum sample_size { SMALLEST, LARGEST };

/* A message of this type that the table allows; borrows static octets. */
pki_message sample_message(const pki_message_rule *rule, enum sample_size size);

/* Printable octets for any field, at most PKI_WIRE_MAX + 1. */
pki_bytes sample_octets(size_t len);

/* A message's packet; what fails ends the test. */
pki_buf *sample_packet(const pki_message *message);

/* A packet of a sample. */
pki_buf *sample_packet_of(pki_message_type type, enum sample_size size);

/* One field as it stands in a packet, to be changed at will. */
struct piece {
	uint16_t  tag, filler;
	uint32_t  len;          /* what it says */
	pki_bytes octets;       /* what there is */
};
#define PIECES_MAX 128

size_t take_apart(pki_bytes packet, struct piece out[PIECES_MAX]);
/* A packet with this one's header, its length set, and these fields. */
pki_buf *put_together(pki_bytes packet, const struct piece *pieces, size_t n);

/* Write a number into a packet. */
void poke(pki_buf *packet, size_t at, size_t width, uint64_t value);
uint64_t peek(pki_bytes packet, size_t at, size_t width);

#define EACH_RULE(rule)                                                 \
	for (const pki_message_rule *rule = pki_message_rules;          \
	    rule < pki_message_rules + pki_message_rule_count; rule++)

/* Decode a copy that ends where the packet does. */
pki_code decode_exactly(const pki_buf *packet, pki_wire_side from,
    pki_message *out);
/* It is PKI_BAD_INPUT; what and tag are for the report. */
void expect_refused(const pki_message_rule *rule, const pki_buf *packet,
    const char *what, unsigned tag);

/* Descriptors of this process. */
size_t count_fds(void);

#endif

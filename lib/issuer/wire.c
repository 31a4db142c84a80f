#include "issuer/wire.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "base/text.h"

/* Where the header's parts stand. */
enum {
	AT_MAGIC = 0, AT_VERSION = 4, AT_TYPE = 6, AT_ID = 8, AT_LEN = 16,
	AT_ZERO = 20,
};

static uint64_t
read_number(const uint8_t *at, size_t width)
{
	uint64_t value = 0;

	while (width-- > 0)
		value = value << 8 | *at++;
	return value;
}

static void
write_number(uint8_t *at, size_t width, uint64_t value)
{
	while (width-- > 0) {
		at[width] = (uint8_t)value;
		value >>= 8;
	}
}

static const pki_field_rule *
find_field(const pki_message_rule *rule, uint64_t tag)
{
	const pki_field_rule *field;

	for (field = rule->fields; field->tag != PKI_TAG_NONE; field++)
		if (field->tag == tag)
			return field;
	return NULL;
}

static pki_code
wrong_field(pki_err *err, const pki_message_rule *rule, uint64_t tag,
    const char *what)
{
	return pki_fail(err, PKI_BAD_INPUT, "message '%s': field '%s' %s",
	    rule->name, tag < PKI_TAG_COUNT ? pki_tag_name((pki_tag)tag) :
	    "unknown", what);
}

static pki_code
check_range(const pki_message_rule *rule, const pki_field_rule *field,
    uint64_t value, pki_err *err)
{
	if (value >= field->min && value <= field->max)
		return PKI_OK;
	return pki_fail(err, PKI_BAD_INPUT, "message '%s': field '%s' is or "
	    "has '%llu', %llu to %llu expected", rule->name,
	    pki_tag_name(field->tag), (unsigned long long)value,
	    (unsigned long long)field->min, (unsigned long long)field->max);
}

/* One field's octets, once its tag is known to be in place. */
static pki_code
take_field(const pki_message_rule *rule, const pki_field_rule *field,
    pki_bytes octets, pki_message *out, pki_err *err)
{
	pki_tag_kind kind = pki_tag_kind_of(field->tag);
	size_t width = pki_kind_width(kind);
	pki_code rc;

	if (width != 0 && octets.len != width)
		return wrong_field(err, rule, field->tag,
		    "has not its number's octets");
	if (width != 0) {
		uint64_t value = read_number(octets.data, width);

		pki_message_put_number(out, field->tag, value);
		return check_range(rule, field, value, err);
	}
	rc = check_range(rule, field, octets.len, err);
	if (rc != PKI_OK)
		return rc;
	if (kind == PKI_KIND_ADDRESS && octets.len != 4 && octets.len != 16)
		return wrong_field(err, rule, field->tag,
		    "has neither 4 nor 16 octets");
	if (kind == PKI_KIND_TEXT && !pki_text_is_printable(octets))
		return wrong_field(err, rule, field->tag, "is not printable");
	if (field->most == 1) {
		pki_message_put(out, field->tag, octets);
		return PKI_OK;
	}
	return out->n_list < field->most && pki_message_add(out, octets) ?
	    PKI_OK : wrong_field(err, rule, field->tag, "stands too often");
}

static size_t
count_field(const pki_message *message, const pki_field_rule *field)
{
	return field->most > 1 ? message->n_list : message->has[field->tag];
}

/* What is there, and what must be there besides. */
static pki_code
check_presence(const pki_message_rule *rule, const pki_message *message,
    pki_err *err)
{
	const pki_field_rule *field;

	for (field = rule->fields; field->tag != PKI_TAG_NONE; field++) {
		size_t count = count_field(message, field);

		if (count < field->least)
			return wrong_field(err, rule, field->tag, "is missing");
		if (count != 0 && field->with != PKI_TAG_NONE &&
		    !message->has[field->with])
			return wrong_field(err, rule, field->with,
			    "is missing beside another");
	}
	if (rule->any_of[0] != PKI_TAG_NONE &&
	    !message->has[rule->any_of[0]] && !message->has[rule->any_of[1]])
		return wrong_field(err, rule, rule->any_of[0],
		    "and what could replace it are missing");
	return PKI_OK;
}

static pki_code
decode_fields(const pki_message_rule *rule, pki_bytes rest, pki_message *out,
    pki_err *err)
{
	uint64_t last = PKI_TAG_NONE;
	pki_code rc = PKI_OK;

	while (rest.len != 0 && rc == PKI_OK) {
		const pki_field_rule *field;
		uint64_t tag, len;

		if (rest.len < PKI_WIRE_FIELD)
			return wrong_field(err, rule, last, "is followed by "
			    "less than a field");
		tag = read_number(rest.data, 2);
		len = read_number(rest.data + 4, 4);
		field = find_field(rule, tag);
		if (field == NULL)
			return wrong_field(err, rule, tag, "is not its own");
		if (tag < last || (tag == last && field->most == 1))
			return wrong_field(err, rule, tag, "is out of order");
		if (read_number(rest.data + 2, 2) != 0)
			return wrong_field(err, rule, tag, "has a filler");
		if (len > rest.len - PKI_WIRE_FIELD)
			return wrong_field(err, rule, tag, "is cut short");
		rc = take_field(rule, field, pki_bytes_of(rest.data +
		    PKI_WIRE_FIELD, (size_t)len), out, err);
		rest = pki_bytes_of(rest.data + PKI_WIRE_FIELD + len,
		    rest.len - PKI_WIRE_FIELD - (size_t)len);
		last = tag;
	}
	return rc;
}

static pki_code
decode_header(pki_bytes packet, pki_wire_side from,
    const pki_message_rule **out, pki_err *err)
{
	const pki_message_rule *rule;
	uint64_t type;

	if (packet.len < PKI_WIRE_HEADER || packet.len > PKI_WIRE_MAX)
		return pki_fail(err, PKI_BAD_INPUT, "message: '%zu' octets, "
		    "%d to %d expected", packet.len, PKI_WIRE_HEADER,
		    PKI_WIRE_MAX);
	if (read_number(packet.data + AT_MAGIC, 4) != PKI_WIRE_MAGIC ||
	    read_number(packet.data + AT_VERSION, 2) != PKI_WIRE_VERSION ||
	    read_number(packet.data + AT_LEN, 4) !=
	    packet.len - PKI_WIRE_HEADER ||
	    read_number(packet.data + AT_ZERO, 4) != 0)
		return pki_fail(err, PKI_BAD_INPUT,
		    "message: not a header of version %d", PKI_WIRE_VERSION);
	type = read_number(packet.data + AT_TYPE, 2);
	rule = pki_message_rule_of((pki_message_type)type);
	if (rule == NULL || rule->from != from)
		return pki_fail(err, PKI_BAD_INPUT, "message: type '%u' is "
		    "not of the %s's", (unsigned)type,
		    from == PKI_WIRE_WORKER ? "worker" : "issuer");
	if ((rule->kind == PKI_MESSAGE_NOTICE) !=
	    (read_number(packet.data + AT_ID, 8) == 0))
		return pki_fail(err, PKI_BAD_INPUT, "message '%s': an id "
		    "belongs to requests and answers only", rule->name);
	*out = rule;
	return PKI_OK;
}

pki_code
pki_wire_decode(pki_bytes packet, pki_wire_side from, pki_message *out,
    pki_err *err)
{
	const pki_message_rule *rule = NULL;
	pki_message message;
	pki_code rc = decode_header(packet, from, &rule, err);

	if (rc != PKI_OK)
		return rc;
	message = pki_message_of(rule->type);
	message.id = read_number(packet.data + AT_ID, 8);
	rc = decode_fields(rule, pki_bytes_of(packet.data + PKI_WIRE_HEADER,
	    packet.len - PKI_WIRE_HEADER), &message, err);
	if (rc == PKI_OK)
		rc = check_presence(rule, &message, err);
	if (rc == PKI_OK)
		*out = message;
	return rc;
}

static void
add_field(pki_buf *out, pki_tag tag, pki_bytes octets)
{
	uint8_t head[PKI_WIRE_FIELD] = { 0 };

	write_number(head, 2, (uint64_t)tag);
	write_number(head + 4, 4, octets.len);
	pki_buf_add(out, pki_bytes_of(head, sizeof(head)));
	pki_buf_add(out, octets);
}

/* A number that its octets could not hold must not leave as another. */
static pki_code
add_number(const pki_message_rule *rule, const pki_field_rule *field,
    const pki_message *message, pki_buf *out, pki_err *err)
{
	uint64_t value = message->number[field->tag];
	size_t width = pki_kind_width(pki_tag_kind_of(field->tag));
	uint8_t octets[8];
	pki_code rc = check_range(rule, field, value, err);

	if (rc != PKI_OK)
		return rc;
	write_number(octets, width, value);
	add_field(out, field->tag, pki_bytes_of(octets, width));
	return PKI_OK;
}

/* A length that its octets could not hold must not wrap around. */
static pki_code
add_octets(const pki_message_rule *rule, const pki_field_rule *field,
    pki_bytes octets, pki_buf *out, pki_err *err)
{
	pki_code rc = check_range(rule, field, octets.len, err);

	if (rc == PKI_OK)
		add_field(out, field->tag, octets);
	return rc;
}

static pki_code
encode_fields(const pki_message_rule *rule, const pki_message *message,
    pki_buf *out, pki_err *err)
{
	const pki_field_rule *field;
	size_t i, listed = 0;
	pki_code rc = PKI_OK;

	for (field = rule->fields; field->tag != PKI_TAG_NONE &&
	    rc == PKI_OK; field++) {
		if (field->most > 1) {
			for (; listed < message->n_list && rc == PKI_OK;
			    listed++)
				rc = add_octets(rule, field,
				    message->list[listed], out, err);
		} else if (message->has[field->tag]) {
			rc = pki_kind_width(pki_tag_kind_of(field->tag)) != 0 ?
			    add_number(rule, field, message, out, err) :
			    add_octets(rule, field,
			    message->field[field->tag], out, err);
		}
	}
	if (rc == PKI_OK && listed != message->n_list)
		return pki_fail(err, PKI_BAD_INPUT,
		    "message '%s' has no list", rule->name);
	for (i = 0; i < PKI_TAG_COUNT && rc == PKI_OK; i++)
		if (message->has[i] && ((field = find_field(rule, i)) == NULL ||
		    field->most > 1))
			rc = wrong_field(err, rule, i, "is not its own");
	return rc;
}

pki_code
pki_wire_encode(const pki_message *message, pki_buf *out, pki_err *err)
{
	const pki_message_rule *rule = pki_message_rule_of(message->type);
	uint8_t header[PKI_WIRE_HEADER] = { 0 };
	size_t before = out->len;
	pki_message check;
	pki_code rc;

	if (rule == NULL)
		return pki_fail(err, PKI_BAD_INPUT, "message: type '%u' is "
		    "unknown", (unsigned)message->type);
	pki_buf_add(out, pki_bytes_of(header, sizeof(header)));
	rc = encode_fields(rule, message, out, err);
	if (rc == PKI_OK)
		rc = pki_buf_check(out, err);
	if (rc == PKI_OK) {
		uint8_t *at = out->data + before;

		write_number(at + AT_MAGIC, 4, PKI_WIRE_MAGIC);
		write_number(at + AT_VERSION, 2, PKI_WIRE_VERSION);
		write_number(at + AT_TYPE, 2, (uint64_t)rule->type);
		write_number(at + AT_ID, 8, message->id);
		write_number(at + AT_LEN, 4,
		    out->len - before - PKI_WIRE_HEADER);
		/* What the other end will ask of it. */
		rc = pki_wire_decode(pki_bytes_of(at, out->len - before),
		    rule->from, &check, err);
	}
	if (rc != PKI_OK)
		pki_buf_cut(out, before);
	return rc;
}

void
pki_wire_stamp(uint8_t *packet, uint64_t id)
{
	write_number(packet + AT_ID, 8, id);
}

static pki_code
send_packet(int fd, pki_bytes packet, int flags, pki_err *err)
{
	ssize_t sent;

	if (packet.len == 0 || packet.len > PKI_WIRE_MAX)
		return pki_fail(err, PKI_BAD_INPUT, "packet: '%zu' octets, "
		    "1 to %d expected", packet.len, PKI_WIRE_MAX);
	do
		sent = send(fd, packet.data, packet.len, flags | MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	if (sent >= 0)
		return PKI_OK;
	if (errno == EAGAIN || errno == ENOBUFS)
		return pki_fail(err, PKI_BUSY, "the socket is full");
	if (errno == EPIPE || errno == ECONNRESET || errno == ENOTCONN)
		return pki_fail(err, PKI_NOT_FOUND, "the other end is closed");
	return pki_fail_errno(err, "cannot send");
}

pki_code
pki_wire_send(int fd, pki_bytes packet, pki_err *err)
{
	return send_packet(fd, packet, MSG_DONTWAIT, err);
}

pki_code
pki_wire_send_wait(int fd, pki_bytes packet, pki_err *err)
{
	return send_packet(fd, packet, 0, err);
}

pki_code
pki_wire_receive(int fd, uint8_t *room, pki_bytes *out, pki_err *err)
{
	int resets = 0;
	ssize_t got;

	do
		got = recv(fd, room, PKI_WIRE_MAX, MSG_DONTWAIT | MSG_TRUNC);
	while (got < 0 && (errno == EINTR ||
	    (errno == ECONNRESET && resets++ == 0)));
	if (got > PKI_WIRE_MAX)
		return pki_fail(err, PKI_BAD_INPUT, "packet: '%zd' octets, "
		    "at most %d expected", got, PKI_WIRE_MAX);
	if (got > 0) {
		*out = pki_bytes_of(room, (size_t)got);
		return PKI_OK;
	}
	if (got == 0 || errno == ECONNRESET)
		return pki_fail(err, PKI_NOT_FOUND, "the other end is closed");
	if (errno == EAGAIN)
		return pki_fail(err, PKI_BUSY, "nothing there");
	return pki_fail_errno(err, "cannot receive");
}

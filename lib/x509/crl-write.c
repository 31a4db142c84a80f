#include "x509/crl-write.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "x509/der.h"

#define BLOCK 65536
/* No entry of ours is longer: 20 octets of serial, two times, a reason. */
#define ENTRY_MAX 96

/* UTCTime ends with 2049: RFC 5280, 4.1.2.5. */
#define UTC_TIME_END INT64_C(2524608000)
#define UTC_TIME_OCTETS 15
#define GENERALIZED_TIME_OCTETS 17

/* Extensions of an entry up to their values, RFC 5280, 5.3. */
static const pki_bytes reason_head = PKI_BYTES_TEXT(
    "\x30\x0a\x06\x03\x55\x1d\x15\x04\x03\x0a\x01");
static const pki_bytes invalid_head = PKI_BYTES_TEXT(
    "\x30\x18\x06\x03\x55\x1d\x18\x04\x11");

struct pki_crl_writer {
	pki_sink       sink;
	pki_crl_fields fields;
	pki_buf       *tail;
	uint64_t       octets;          /* of entries so far */
	int64_t        count;
	pki_serial     last;
	int64_t        day;             /* of the last time, and its digits */
	char           date[8];
	size_t         len;             /* of block */
	uint8_t        block[BLOCK];
};

void
pki_crl_writer_free(pki_crl_writer *writer)
{
	if (writer == NULL)
		return;
	pki_buf_free(writer->tail);
	free(writer);
}

int64_t
pki_crl_entries(const pki_crl_writer *writer)
{
	return writer->count;
}

uint64_t
pki_crl_entry_octets(const pki_crl_writer *writer)
{
	return writer->octets;
}

pki_bytes
pki_crl_tail(const pki_crl_writer *writer)
{
	return pki_buf_bytes(writer->tail);
}

/* Lengths of an entry's parts. */
struct entry_size {
	size_t extensions;      /* without their header */
	size_t content;
};

static struct entry_size
measure(const pki_crl_entry *entry)
{
	struct entry_size size = { 0 };

	/* RFC 5280, 5.3.1: unspecified is said by saying nothing. */
	if (entry->reason != PKI_REASON_UNSPECIFIED)
		size.extensions += reason_head.len + 1;
	if (entry->invalid_since != 0)
		size.extensions += invalid_head.len + GENERALIZED_TIME_OCTETS;
	size.content = 2 + (size_t)entry->serial.len +
	    (entry->revoked_at < UTC_TIME_END ? UTC_TIME_OCTETS :
	    GENERALIZED_TIME_OCTETS);
	if (size.extensions != 0)
		size.content += 2 + size.extensions;
	return size;
}

static pki_code
flush(pki_crl_writer *writer, pki_err *err)
{
	pki_bytes block = pki_bytes_of(writer->block, writer->len);

	writer->len = 0;
	return block.len == 0 ? PKI_OK :
	    writer->sink.put(writer->sink.arg, block, err);
}

static pki_code
check_time(int64_t when, const char *what, pki_err *err)
{
	char text[PKI_TIME_TEXT];

	if (when >= 0 && when <= PKI_TIME_MAX)
		return PKI_OK;
	return pki_fail(err, PKI_BAD_INPUT, "%s '%s' is not within 1970 to "
	    "9999", what, pki_time_format(when, text));
}

static void
put_digits(uint8_t *out, int number)
{
	out[0] = (uint8_t)('0' + number / 10);
	out[1] = (uint8_t)('0' + number % 10);
}

/* "20260124", kept for the next entry: most come in bunches of a day. */
static const char *
date_of(pki_crl_writer *writer, int64_t day)
{
	uint8_t *digits = (uint8_t *)writer->date;
	pki_date date;

	if (writer->day == day)
		return writer->date;
	date = pki_date_of(day * PKI_DAY);
	put_digits(digits, date.year / 100);
	put_digits(digits + 2, date.year % 100);
	put_digits(digits + 4, date.month);
	put_digits(digits + 6, date.day);
	writer->day = day;
	return writer->date;
}

enum time_form { AS_TIME, AS_GENERALIZED };

/* Write a time that was checked; returns the octets written. */
static size_t
put_time(pki_crl_writer *writer, int64_t when, enum time_form form,
    uint8_t *out)
{
	const char *date = date_of(writer, when / PKI_DAY);
	int second = (int)(when % PKI_DAY);
	size_t century = 2, at;

	out[0] = PKI_DER_UTC_TIME;
	if (form == AS_GENERALIZED || when >= UTC_TIME_END) {
		out[0] = PKI_DER_GENERALIZED_TIME;
		century = 0;
	}
	at = 2 + 8 - century;
	memcpy(out + 2, date + century, 8 - century);
	put_digits(out + at, second / 3600);
	put_digits(out + at + 2, second / 60 % 60);
	put_digits(out + at + 4, second % 60);
	out[at + 6] = 'Z';
	out[1] = (uint8_t)(at + 7 - 2);
	return at + 7;
}

static size_t
put_bytes(uint8_t *out, pki_bytes bytes)
{
	memcpy(out, bytes.data, bytes.len);
	return bytes.len;
}

static size_t
encode_entry(pki_crl_writer *writer, const pki_crl_entry *entry, uint8_t *out)
{
	struct entry_size size = measure(entry);
	size_t len = 0;

	out[len++] = PKI_DER_SEQUENCE;
	out[len++] = (uint8_t)size.content;
	out[len++] = PKI_DER_INTEGER;
	out[len++] = entry->serial.len;
	len += put_bytes(out + len, pki_serial_bytes(&entry->serial));
	len += put_time(writer, entry->revoked_at, AS_TIME, out + len);
	if (size.extensions != 0) {
		out[len++] = PKI_DER_SEQUENCE;
		out[len++] = (uint8_t)size.extensions;
	}
	if (entry->reason != PKI_REASON_UNSPECIFIED) {
		len += put_bytes(out + len, reason_head);
		out[len++] = (uint8_t)entry->reason;
	}
	if (entry->invalid_since != 0) {
		len += put_bytes(out + len, invalid_head);
		len += put_time(writer, entry->invalid_since, AS_GENERALIZED,
		    out + len);
	}
	return len;
}

static pki_code
check_entry(const pki_crl_writer *writer, const pki_crl_entry *entry,
    pki_err *err)
{
	char serial[PKI_SERIAL_TEXT];
	pki_code rc;

	/* An empty last is below every serial. */
	if (pki_serial_compare(&writer->last, &entry->serial) >= 0)
		return pki_fail(err, PKI_BAD_INPUT,
		    "serial '%s' is not above the one before it",
		    pki_serial_format(&entry->serial, serial));
	/* Only a delta CRL may say so; others would take it for "good". */
	if (entry->reason == PKI_REASON_REMOVE_FROM_CRL)
		return pki_fail(err, PKI_BAD_INPUT,
		    "reason '%s' has no place in a complete CRL",
		    pki_reason_name(entry->reason));
	rc = check_time(entry->revoked_at, "revocationDate", err);
	if (rc == PKI_OK)
		rc = check_time(entry->invalid_since, "invalidityDate", err);
	return rc;
}

pki_code
pki_crl_add(pki_crl_writer *writer, const pki_crl_entry *entry, pki_err *err)
{
	pki_code rc = check_entry(writer, entry, err);
	size_t len;

	if (rc == PKI_OK && BLOCK - writer->len < ENTRY_MAX)
		rc = flush(writer, err);
	if (rc != PKI_OK)
		return rc;
	len = encode_entry(writer, entry, writer->block + writer->len);
	writer->len += len;
	writer->octets += len;
	writer->count++;
	writer->last = entry->serial;
	return PKI_OK;
}

pki_code
pki_crl_end(pki_crl_writer *writer, pki_err *err)
{
	return flush(writer, err);
}

#define CRITICAL_TRUE "\x01\x01\xff"

/* head is the object identifier, and critical TRUE when it is. */
static void
add_extension(pki_buf *out, pki_bytes head, const pki_buf *value)
{
	PKI_AUTO(pki_buf) content = pki_buf_new();

	pki_buf_add(content, head);
	pki_der_add(content, PKI_DER_OCTET_STRING, pki_buf_bytes(value));
	pki_der_add(out, PKI_DER_SEQUENCE, pki_buf_bytes(content));
	if (pki_buf_check(content, NULL) != PKI_OK ||
	    pki_buf_check(value, NULL) != PKI_OK)
		out->failed = true;
}

/* Only the keyIdentifier. */
static void
add_authority(pki_buf *out, pki_bytes key_id)
{
	PKI_AUTO(pki_buf) content = pki_buf_new();
	PKI_AUTO(pki_buf) value = pki_buf_new();

	pki_der_add(content, PKI_DER_CONTEXT_PRIMITIVE(0), key_id);
	pki_der_add(value, PKI_DER_SEQUENCE, pki_buf_bytes(content));
	add_extension(out, PKI_BYTES_TEXT("\x06\x03\x55\x1d\x23"), value);
}

static void
add_number(pki_buf *out, int64_t number)
{
	PKI_AUTO(pki_buf) value = pki_buf_new();

	pki_der_add_integer(value, number);
	add_extension(out, PKI_BYTES_TEXT("\x06\x03\x55\x1d\x14"), value);
}

/* distributionPoint [0] { fullName [0] { uniformResourceIdentifier [6] } } */
static void
add_scope(pki_buf *out, const char *url)
{
	static const uint8_t tags[] = {
		PKI_DER_CONTEXT_PRIMITIVE(6), PKI_DER_CONTEXT(0),
		PKI_DER_CONTEXT(0), PKI_DER_SEQUENCE,
	};
	PKI_AUTO(pki_buf) inner = pki_buf_copy(pki_bytes_text(url));

	for (size_t i = 0; i < PKI_COUNT(tags) && inner != NULL; i++) {
		pki_buf *outer = pki_buf_new();

		pki_der_add(outer, tags[i], pki_buf_bytes(inner));
		pki_buf_free(inner);
		inner = outer;
	}
	add_extension(out, PKI_BYTES_TEXT("\x06\x03\x55\x1d\x1c"
	    CRITICAL_TRUE), inner);
}

/* What follows the entries: crlExtensions [0] EXPLICIT. */
static pki_code
make_tail(const pki_crl_fields *fields, pki_buf **out, pki_err *err)
{
	PKI_AUTO(pki_buf) list = pki_buf_new();
	PKI_AUTO(pki_buf) extensions = pki_buf_new();
	PKI_AUTO(pki_buf) tail = pki_buf_new();
	pki_code rc;

	rc = pki_buf_check(list, err);
	if (rc != PKI_OK)
		return rc;
	add_authority(list, fields->authority_key_id);
	add_number(list, fields->number);
	if (fields->idp_url != NULL)
		add_scope(list, fields->idp_url);
	rc = pki_buf_check(list, err);
	if (rc != PKI_OK)
		return rc;
	pki_der_add(extensions, PKI_DER_SEQUENCE, pki_buf_bytes(list));
	pki_der_add(tail, PKI_DER_CONTEXT(0), pki_buf_bytes(extensions));
	rc = pki_buf_check(extensions, err);
	if (rc == PKI_OK)
		rc = pki_buf_check(tail, err);
	if (rc == PKI_OK)
		*out = PKI_TAKE(tail);
	return rc;
}

static pki_code
check_fields(const pki_crl_fields *fields, pki_err *err)
{
	pki_code rc;

	if (fields->number < 0)
		return pki_fail(err, PKI_BAD_INPUT,
		    "CRL number '%lld' is negative", (long long)fields->number);
	if (fields->this_update > fields->next_update)
		return pki_fail(err, PKI_BAD_INPUT,
		    "thisUpdate '%lld' is later than nextUpdate '%lld'",
		    (long long)fields->this_update,
		    (long long)fields->next_update);
	rc = check_time(fields->this_update, "thisUpdate", err);
	if (rc == PKI_OK)
		rc = check_time(fields->next_update, "nextUpdate", err);
	return rc;
}

pki_code
pki_crl_begin(const pki_crl_fields *fields, const pki_sink *sink,
    pki_crl_writer **out, pki_err *err)
{
	PKI_AUTO(pki_crl_writer) writer = malloc(sizeof(*writer));
	pki_code rc;

	if (writer == NULL)
		return pki_fail_memory(err);
	/* The block need not be cleared. */
	memset(writer, 0, offsetof(pki_crl_writer, block));
	writer->sink = *sink;
	writer->fields = *fields;
	writer->day = -1;
	rc = check_fields(fields, err);
	if (rc == PKI_OK)
		rc = make_tail(fields, &writer->tail, err);
	if (rc == PKI_OK)
		*out = PKI_TAKE(writer);
	return rc;
}

pki_code
pki_crl_add_start(pki_crl_writer *writer, uint64_t entry_octets,
    pki_buf *out, pki_err *err)
{
	const pki_crl_fields *fields = &writer->fields;
	uint8_t time[GENERALIZED_TIME_OCTETS];
	PKI_AUTO(pki_buf) head = pki_buf_new();
	size_t len;
	pki_code rc;

	pki_der_add_integer(head, 1);   /* v2 */
	pki_buf_add(head, fields->algorithm->identifier);
	pki_buf_add(head, pki_name_der(fields->issuer));
	len = put_time(writer, fields->this_update, AS_TIME, time);
	pki_buf_add(head, pki_bytes_of(time, len));
	len = put_time(writer, fields->next_update, AS_TIME, time);
	pki_buf_add(head, pki_bytes_of(time, len));
	if (entry_octets > 0)
		pki_der_add_header(head, PKI_DER_SEQUENCE, entry_octets);
	rc = pki_buf_check(head, err);
	if (rc != PKI_OK)
		return rc;
	pki_der_add_header(out, PKI_DER_SEQUENCE,
	    head->len + entry_octets + writer->tail->len);
	pki_buf_add(out, pki_buf_bytes(head));
	return pki_buf_check(out, err);
}

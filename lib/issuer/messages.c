#include "issuer/messages.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

/* Limits that several types share, in octets. */
#define CERT_MAX    8192        /* ML-DSA leaves have 7 KiB */
#define CSR_MAX     16384
#define KEY_MAX     4096
#define CA_MAX      7168        /* eight in one packet */
#define LABEL_MAX   32
#define CMS_MAX     61440
#define ATTRS_MAX   16384
#define NUMBER_MAX  UINT32_MAX

static const struct tag {
	const char   *name;
	pki_tag_kind  kind;
} tags[PKI_TAG_COUNT] = {
	[PKI_TAG_NONE]         = { "none",         PKI_KIND_OCTETS },
	[PKI_TAG_GENERATION]   = { "generation",   PKI_KIND_U64 },
	[PKI_TAG_BUILD]        = { "build",        PKI_KIND_TEXT },
	[PKI_TAG_MOST_INSIDE]  = { "most-inside",  PKI_KIND_U32 },
	[PKI_TAG_EPOCH]        = { "epoch",        PKI_KIND_U32 },
	[PKI_TAG_LABEL]        = { "label",        PKI_KIND_TEXT },
	[PKI_TAG_KEY]          = { "key",          PKI_KIND_OCTETS },
	[PKI_TAG_CERT]         = { "cert",         PKI_KIND_OCTETS },
	[PKI_TAG_CHAIN]        = { "chain",        PKI_KIND_OCTETS },
	[PKI_TAG_CA]           = { "ca",           PKI_KIND_OCTETS },
	[PKI_TAG_CMS]          = { "cms",          PKI_KIND_OCTETS },
	[PKI_TAG_ETAG]         = { "etag",         PKI_KIND_OCTETS },
	[PKI_TAG_ATTRS]        = { "attrs",        PKI_KIND_OCTETS },
	[PKI_TAG_WIDTH]        = { "width",        PKI_KIND_U16 },
	[PKI_TAG_READY]        = { "ready",        PKI_KIND_U8 },
	[PKI_TAG_REASON]       = { "reason",       PKI_KIND_TEXT },
	[PKI_TAG_CLOCK]        = { "clock",        PKI_KIND_U8 },
	[PKI_TAG_STORE]        = { "store",        PKI_KIND_U8 },
	[PKI_TAG_COUNTER]      = { "counter",      PKI_KIND_OCTETS },
	[PKI_TAG_REQUEST_ID]   = { "request-id",   PKI_KIND_OCTETS },
	[PKI_TAG_ADDRESS]      = { "address",      PKI_KIND_ADDRESS },
	[PKI_TAG_CSR]          = { "csr",          PKI_KIND_OCTETS },
	[PKI_TAG_TOKEN_USER]   = { "token-user",   PKI_KIND_TEXT },
	[PKI_TAG_TOKEN]        = { "token",        PKI_KIND_TEXT },
	[PKI_TAG_CLIENT_CERT]  = { "client-cert",  PKI_KIND_OCTETS },
	[PKI_TAG_TLS_VERSION]  = { "tls-version",  PKI_KIND_U16 },
	[PKI_TAG_TLS_UNIQUE]   = { "tls-unique",   PKI_KIND_OCTETS },
	[PKI_TAG_TLS_EXPORTER] = { "tls-exporter", PKI_KIND_OCTETS },
	[PKI_TAG_REPLAY]       = { "replay",       PKI_KIND_U8 },
	[PKI_TAG_POP]          = { "pop",          PKI_KIND_U8 },
	[PKI_TAG_RETRY_AFTER]  = { "retry-after",  PKI_KIND_U32 },
	[PKI_TAG_PENDING_ID]   = { "pending-id",   PKI_KIND_TEXT },
	[PKI_TAG_CODE]         = { "code",         PKI_KIND_U16 },
	[PKI_TAG_HTTP]         = { "http",         PKI_KIND_U16 },
	[PKI_TAG_RULE]         = { "rule",         PKI_KIND_TEXT },
	[PKI_TAG_VALUE]        = { "value",        PKI_KIND_TEXT },
	[PKI_TAG_ACCEPTS]      = { "accepts",      PKI_KIND_TEXT },
	[PKI_TAG_DEVICE]       = { "device",       PKI_KIND_TEXT },
	[PKI_TAG_PROFILE]      = { "profile",      PKI_KIND_TEXT },
	[PKI_TAG_STATUS]       = { "status",       PKI_KIND_TEXT },
	[PKI_TAG_NOT_AFTER]    = { "not-after",    PKI_KIND_U64 },
};

/* What every request says of where it comes from. */
#define FROM_CLIENT                                                     \
	{ PKI_TAG_REQUEST_ID, 1, 1, 16, 16, PKI_TAG_NONE },             \
	{ PKI_TAG_ADDRESS, 1, 1, 4, 16, PKI_TAG_NONE }
#define BY_TOKEN                                                        \
	{ PKI_TAG_TOKEN_USER, 0, 1, 0, 64, PKI_TAG_TOKEN },             \
	{ PKI_TAG_TOKEN, 0, 1, 1, 128, PKI_TAG_NONE }
#define BY_CERT(least)                                                  \
	{ PKI_TAG_CLIENT_CERT, least, 1, 1, CERT_MAX, PKI_TAG_NONE }
#define BY_TLS                                                          \
	{ PKI_TAG_TLS_VERSION, 1, 1, 0x0303, 0x0304, PKI_TAG_NONE },    \
	{ PKI_TAG_TLS_UNIQUE, 0, 1, 12, 12, PKI_TAG_NONE },             \
	{ PKI_TAG_TLS_EXPORTER, 0, 1, 32, 32, PKI_TAG_NONE }
#define FLAG(tag) { tag, 1, 1, 0, 1, PKI_TAG_NONE }
#define ONE(tag, min, max) { tag, 1, 1, min, max, PKI_TAG_NONE }
#define MAYBE(tag, min, max) { tag, 0, 1, min, max, PKI_TAG_NONE }
#define LIST(tag, least, most, min, max)                                \
	{ tag, least, most, min, max, PKI_TAG_NONE }
#define GENERATION ONE(PKI_TAG_GENERATION, 1, UINT64_MAX)

/* Fields stand in the order of their tags. */
const pki_message_rule pki_message_rules[] = {
	{ PKI_MESSAGE_HELLO, "hello", PKI_WIRE_ISSUER, PKI_MESSAGE_NOTICE,
	    .fields = {
		ONE(PKI_TAG_BUILD, 1, 64),
		ONE(PKI_TAG_MOST_INSIDE, 1, NUMBER_MAX),
		ONE(PKI_TAG_EPOCH, 1, 127),
	    } },
	{ PKI_MESSAGE_TLS, "tls", PKI_WIRE_ISSUER, PKI_MESSAGE_NOTICE,
	    .fields = {
		GENERATION,
		ONE(PKI_TAG_KEY, 1, KEY_MAX),
		LIST(PKI_TAG_CHAIN, 1, 4, 1, CERT_MAX),
	    } },
	{ PKI_MESSAGE_CLIENT_CAS, "client-cas", PKI_WIRE_ISSUER,
	    PKI_MESSAGE_NOTICE, .fields = {
		GENERATION,
		LIST(PKI_TAG_CA, 0, 8, 1, CA_MAX),
	    } },
	{ PKI_MESSAGE_CACERTS, "cacerts", PKI_WIRE_ISSUER,
	    PKI_MESSAGE_NOTICE, .fields = {
		GENERATION,
		ONE(PKI_TAG_LABEL, 0, LABEL_MAX),
		ONE(PKI_TAG_CMS, 1, CMS_MAX),
		ONE(PKI_TAG_ETAG, 32, 32),
		ONE(PKI_TAG_WIDTH, 0, 1024),
	    } },
	{ PKI_MESSAGE_CSRATTRS, "csrattrs", PKI_WIRE_ISSUER,
	    PKI_MESSAGE_NOTICE, .fields = {
		GENERATION,
		ONE(PKI_TAG_LABEL, 0, LABEL_MAX),
		ONE(PKI_TAG_ATTRS, 0, ATTRS_MAX),
		ONE(PKI_TAG_WIDTH, 0, 1024),
	    } },
	{ PKI_MESSAGE_STATE, "state", PKI_WIRE_ISSUER, PKI_MESSAGE_NOTICE,
	    .fields = {
		FLAG(PKI_TAG_READY),
		ONE(PKI_TAG_REASON, 0, 64),
		FLAG(PKI_TAG_CLOCK),
		FLAG(PKI_TAG_STORE),
		LIST(PKI_TAG_COUNTER, 0, PKI_WIRE_LIST_MAX, 9,
		    PKI_COUNTER_MAX),
		ONE(PKI_TAG_RETRY_AFTER, 0, 86400),
	    } },
	{ PKI_MESSAGE_LABELS, "labels", PKI_WIRE_ISSUER, PKI_MESSAGE_NOTICE,
	    .fields = {
		GENERATION,
		LIST(PKI_TAG_LABEL, 0, PKI_WIRE_LIST_MAX, 0, LABEL_MAX),
	    } },
	{ PKI_MESSAGE_RELOADED, "reloaded", PKI_WIRE_ISSUER,
	    PKI_MESSAGE_NOTICE, .fields = {
		GENERATION,
		FLAG(PKI_TAG_READY),
		ONE(PKI_TAG_REASON, 0, 511),
	    } },

	{ PKI_MESSAGE_ENROLL, "enroll", PKI_WIRE_WORKER, PKI_MESSAGE_REQUEST,
	    .answers = { PKI_MESSAGE_ISSUED, PKI_MESSAGE_PENDING },
	    .any_of = { PKI_TAG_TOKEN, PKI_TAG_CLIENT_CERT },
	    .fields = {
		MAYBE(PKI_TAG_LABEL, 1, LABEL_MAX),
		FROM_CLIENT,
		ONE(PKI_TAG_CSR, 1, CSR_MAX),
		BY_TOKEN,
		BY_CERT(0),
		BY_TLS,
	    } },
	{ PKI_MESSAGE_REENROLL, "reenroll", PKI_WIRE_WORKER,
	    PKI_MESSAGE_REQUEST,
	    .answers = { PKI_MESSAGE_ISSUED, PKI_MESSAGE_PENDING },
	    .fields = {
		MAYBE(PKI_TAG_LABEL, 1, LABEL_MAX),
		FROM_CLIENT,
		ONE(PKI_TAG_CSR, 1, CSR_MAX),
		BY_CERT(1),
		BY_TLS,
	    } },
	{ PKI_MESSAGE_CHECK, "check", PKI_WIRE_WORKER, PKI_MESSAGE_REQUEST,
	    .answers = { PKI_MESSAGE_DEVICE },
	    .any_of = { PKI_TAG_TOKEN, PKI_TAG_CLIENT_CERT },
	    .fields = {
		MAYBE(PKI_TAG_LABEL, 1, LABEL_MAX),
		FROM_CLIENT,
		BY_TOKEN,
		BY_CERT(0),
	    } },
	{ PKI_MESSAGE_PING, "ping", PKI_WIRE_WORKER, PKI_MESSAGE_REQUEST,
	    .answers = { PKI_MESSAGE_PONG } },

	{ PKI_MESSAGE_ISSUED, "issued", PKI_WIRE_ISSUER, PKI_MESSAGE_ANSWER,
	    .fields = {
		ONE(PKI_TAG_CERT, 1, CERT_MAX),
		LIST(PKI_TAG_CHAIN, 0, 3, 1, CERT_MAX),
		ONE(PKI_TAG_WIDTH, 0, 1024),
		FLAG(PKI_TAG_REPLAY),
		FLAG(PKI_TAG_POP),
	    } },
	{ PKI_MESSAGE_PENDING, "pending", PKI_WIRE_ISSUER,
	    PKI_MESSAGE_ANSWER, .fields = {
		ONE(PKI_TAG_RETRY_AFTER, 1, 604800),
		ONE(PKI_TAG_PENDING_ID, 1, 64),
	    } },
	{ PKI_MESSAGE_REFUSED, "refused", PKI_WIRE_ISSUER,
	    PKI_MESSAGE_ANSWER, .fields = {
		MAYBE(PKI_TAG_RETRY_AFTER, 1, 86400),
		ONE(PKI_TAG_CODE, PKI_USAGE, PKI_NO_MEMORY),
		ONE(PKI_TAG_HTTP, 400, 499),
		ONE(PKI_TAG_RULE, 1, 39),
		MAYBE(PKI_TAG_VALUE, 0, 127),
		MAYBE(PKI_TAG_ACCEPTS, 0, 191),
	    } },
	{ PKI_MESSAGE_BUSY, "busy", PKI_WIRE_ISSUER, PKI_MESSAGE_ANSWER,
	    .fields = {
		ONE(PKI_TAG_RETRY_AFTER, 1, 86400),
		ONE(PKI_TAG_RULE, 1, 39),
	    } },
	{ PKI_MESSAGE_PONG, "pong", PKI_WIRE_ISSUER, PKI_MESSAGE_ANSWER,
	    .fields = { { 0 } } },
	{ PKI_MESSAGE_DEVICE, "device", PKI_WIRE_ISSUER, PKI_MESSAGE_ANSWER,
	    .fields = {
		ONE(PKI_TAG_DEVICE, 1, 64),
		ONE(PKI_TAG_PROFILE, 1, LABEL_MAX),
		ONE(PKI_TAG_STATUS, 1, 32),
		ONE(PKI_TAG_NOT_AFTER, 0, INT64_MAX),
	    } },
};
const size_t pki_message_rule_count = PKI_COUNT(pki_message_rules);

const pki_message_rule *
pki_message_rule_of(pki_message_type type)
{
	size_t i;

	for (i = 0; i < PKI_COUNT(pki_message_rules); i++)
		if (pki_message_rules[i].type == type)
			return &pki_message_rules[i];
	return NULL;
}

const char *
pki_message_name(pki_message_type type)
{
	const pki_message_rule *rule = pki_message_rule_of(type);

	return rule == NULL ? "unknown" : rule->name;
}

const char *
pki_tag_name(pki_tag tag)
{
	return (unsigned)tag < PKI_TAG_COUNT ? tags[tag].name : "unknown";
}

pki_tag_kind
pki_tag_kind_of(pki_tag tag)
{
	return (unsigned)tag < PKI_TAG_COUNT ? tags[tag].kind :
	    PKI_KIND_OCTETS;
}

size_t
pki_kind_width(pki_tag_kind kind)
{
	static const size_t widths[] = {
		[PKI_KIND_U8] = 1, [PKI_KIND_U16] = 2,
		[PKI_KIND_U32] = 4, [PKI_KIND_U64] = 8,
	};

	return (unsigned)kind < PKI_COUNT(widths) ? widths[kind] : 0;
}

bool
pki_message_may_answer(pki_message_type request, pki_message_type answer)
{
	const pki_message_rule *rule = pki_message_rule_of(request);
	size_t i;

	if (rule == NULL || rule->kind != PKI_MESSAGE_REQUEST)
		return false;
	if (answer == PKI_MESSAGE_REFUSED || answer == PKI_MESSAGE_BUSY)
		return true;
	for (i = 0; i < PKI_COUNT(rule->answers); i++)
		if (rule->answers[i] != 0 && rule->answers[i] == answer)
			return true;
	return false;
}

pki_message
pki_message_of(pki_message_type type)
{
	return (pki_message){ .type = type };
}

void
pki_message_put(pki_message *message, pki_tag tag, pki_bytes octets)
{
	message->has[tag] = true;
	message->field[tag] = octets;
}

void
pki_message_put_text(pki_message *message, pki_tag tag, const char *text)
{
	pki_message_put(message, tag, pki_bytes_text(text));
}

void
pki_message_put_number(pki_message *message, pki_tag tag, uint64_t value)
{
	message->has[tag] = true;
	message->number[tag] = value;
}

bool
pki_message_add(pki_message *message, pki_bytes octets)
{
	if (message->n_list == PKI_WIRE_LIST_MAX)
		return false;
	message->list[message->n_list++] = octets;
	return true;
}

const char *
pki_message_text(const pki_message *message, pki_tag tag, char *room,
    size_t size)
{
	pki_bytes field = message->field[tag];
	size_t len = field.len < size ? field.len : size - 1;

	if (len != 0)
		memcpy(room, field.data, len);
	room[len] = '\0';
	return room;
}

pki_code
pki_counter_encode(const char *name, uint64_t value,
    uint8_t room[PKI_COUNTER_MAX], pki_bytes *out, pki_err *err)
{
	size_t len = strlen(name);
	int i;

	if (len == 0 || len > PKI_COUNTER_NAME_MAX ||
	    !pki_text_is_printable(pki_bytes_text(name)))
		return pki_fail(err, PKI_BAD_INPUT, "counter '%s': a name "
		    "has 1 to %d printable characters", name,
		    PKI_COUNTER_NAME_MAX);
	for (i = 0; i < 8; i++)
		room[i] = (uint8_t)(value >> (56 - 8 * i));
	memcpy(room + 8, name, len);
	*out = pki_bytes_of(room, 8 + len);
	return PKI_OK;
}

pki_code
pki_counter_decode(pki_bytes octets, char name[PKI_COUNTER_NAME_MAX + 1],
    uint64_t *value, pki_err *err)
{
	uint64_t number = 0;
	size_t i;

	if (octets.len < 9 || octets.len > PKI_COUNTER_MAX ||
	    !pki_text_is_printable(pki_bytes_of(octets.data + 8,
	    octets.len - 8)))
		return pki_fail(err, PKI_BAD_INPUT, "counter: 8 octets and "
		    "a name of 1 to %d printable characters expected",
		    PKI_COUNTER_NAME_MAX);
	for (i = 0; i < 8; i++)
		number = number << 8 | octets.data[i];
	memcpy(name, octets.data + 8, octets.len - 8);
	name[octets.len - 8] = '\0';
	*value = number;
	return PKI_OK;
}

void
pki_message_refuse(pki_message *out, uint64_t id, unsigned http,
    const pki_err *err)
{
	*out = pki_message_of(PKI_MESSAGE_REFUSED);
	out->id = id;
	pki_message_put_number(out, PKI_TAG_CODE, err->code);
	pki_message_put_number(out, PKI_TAG_HTTP, http);
	pki_message_put_text(out, PKI_TAG_RULE, err->rule[0] != '\0' ?
	    err->rule : pki_code_name(err->code));
	if (err->value[0] != '\0')
		pki_message_put_text(out, PKI_TAG_VALUE, err->value);
	if (err->accepts[0] != '\0')
		pki_message_put_text(out, PKI_TAG_ACCEPTS, err->accepts);
}

pki_code
pki_message_refusal(const pki_message *refused, pki_err *err)
{
	char rule[sizeof(err->rule)];
	char value[sizeof(err->value)];
	char accepts[sizeof(err->accepts)];

	pki_message_text(refused, PKI_TAG_RULE, rule, sizeof(rule));
	pki_message_text(refused, PKI_TAG_VALUE, value, sizeof(value));
	pki_message_text(refused, PKI_TAG_ACCEPTS, accepts, sizeof(accepts));
	return pki_refuse(err, (pki_code)refused->number[PKI_TAG_CODE], rule,
	    accepts, "%s", value);
}

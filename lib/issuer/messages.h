#ifndef PKI_ISSUER_MESSAGES_H
#define PKI_ISSUER_MESSAGES_H

/*
 * What worker and issuer of pki-estd say to each other (DESIGN 3).
 *
 * One table, in messages.c, says for each type who sends it, which fields it
 * has, how often and how long.  Both ends check by it what they send and what
 * they get.  Three kinds: a notice has id 0 and no answer; a request has an
 * id that is never used again, and gets exactly one answer with that id.
 */

#include "base/buf.h"

PKI_BEGIN_DECLS

#define PKI_WIRE_MAX      65536      /* octets, header included */
#define PKI_WIRE_LIST_MAX 64         /* of the one repeated field */

/* The sender. */
typedef enum pki_wire_side {
	PKI_WIRE_WORKER,
	PKI_WIRE_ISSUER,
} pki_wire_side;

typedef enum pki_message_kind {
	PKI_MESSAGE_NOTICE,
	PKI_MESSAGE_REQUEST,
	PKI_MESSAGE_ANSWER,
} pki_message_kind;

/* The numbers are the wire's; new types get new ones. */
typedef enum pki_message_type {
	/*
	 * Notices of the issuer.  TLS to LABELS with one generation are one
	 * set: the worker uses it from LABELS on, which comes last.
	 */
	PKI_MESSAGE_HELLO      = 1,     /* first on every link */
	PKI_MESSAGE_TLS        = 2,     /* the server's key and chain */
	PKI_MESSAGE_CLIENT_CAS = 3,     /* named in the certificate request */
	PKI_MESSAGE_CACERTS    = 4,     /* the answer to /cacerts, per label */
	PKI_MESSAGE_CSRATTRS   = 5,     /* the answer to /csrattrs, per label */
	PKI_MESSAGE_STATE      = 6,     /* health and metrics */
	PKI_MESSAGE_LABELS     = 7,     /* what is not listed is gone: 404 */
	PKI_MESSAGE_RELOADED   = 8,     /* what came of a reload */

	/* Requests of the worker. */
	PKI_MESSAGE_ENROLL     = 16,
	PKI_MESSAGE_REENROLL   = 17,
	/* Who is it?  Relies on a certificate or a token, issues nothing. */
	PKI_MESSAGE_CHECK      = 18,
	PKI_MESSAGE_PING       = 19,    /* watchdog, health */

	/* Answers of the issuer. */
	PKI_MESSAGE_ISSUED     = 32,
	PKI_MESSAGE_PENDING    = 33,    /* waits for approval: 202 */
	PKI_MESSAGE_REFUSED    = 34,
	PKI_MESSAGE_BUSY       = 35,    /* queue, clock, log, store: 503 */
	PKI_MESSAGE_PONG       = 36,
	PKI_MESSAGE_DEVICE     = 37,    /* CHECK: this one, and it is good */
} pki_message_type;

/*
 * Fields, in the order in which they stand in a message.  The numbers are
 * the wire's.
 */
typedef enum pki_tag {
	PKI_TAG_NONE,
	PKI_TAG_GENERATION,     /* u64: of a set; grows with each */
	PKI_TAG_BUILD,          /* text: both are of one build */
	PKI_TAG_MOST_INSIDE,    /* u32: requests that the issuer takes */
	PKI_TAG_EPOCH,          /* u32: of the serials */
	PKI_TAG_LABEL,          /* text; "" = without label */
	PKI_TAG_KEY,            /* DER, PKCS#8; wipe it */
	PKI_TAG_CERT,           /* DER: issued */
	PKI_TAG_CHAIN,          /* DER each, leaf's issuer first; TLS: leaf */
	PKI_TAG_CA,             /* DER each */
	PKI_TAG_CMS,            /* DER, certs-only */
	PKI_TAG_ETAG,           /* SHA-256 of the CMS */
	PKI_TAG_ATTRS,          /* DER, CsrAttrs; none = 204 */
	PKI_TAG_WIDTH,          /* u16: base64 characters a line; 0 = one */
	PKI_TAG_READY,          /* u8: 1 = requests are answered */
	PKI_TAG_REASON,         /* text: why not; "" else */
	PKI_TAG_CLOCK,          /* u8: 1 = trusted */
	PKI_TAG_STORE,          /* u8: 1 = writes succeed, log not too long */
	PKI_TAG_COUNTER,        /* each: u64 value, then the metric's name */

	PKI_TAG_REQUEST_ID,     /* what log lines of one request share */
	PKI_TAG_ADDRESS,        /* the client's, 4 or 16 octets */
	PKI_TAG_CSR,            /* DER of the request, unchecked */
	PKI_TAG_TOKEN_USER,     /* text: HTTP Basic's user */
	PKI_TAG_TOKEN,          /* text: <id>.<secret>; wipe it */
	PKI_TAG_CLIENT_CERT,    /* DER: TLS proved the key, nothing more */
	PKI_TAG_TLS_VERSION,    /* u16: 0x0303, 0x0304 */
	PKI_TAG_TLS_UNIQUE,     /* RFC 5929, section 3; with EMS only */
	PKI_TAG_TLS_EXPORTER,   /* RFC 9266 */

	PKI_TAG_REPLAY,         /* u8: 1 = issued before, sent again */
	PKI_TAG_POP,            /* u8: 1 = bound to TLS: RFC 9266, 4.1, close */
	PKI_TAG_RETRY_AFTER,    /* u32: seconds */
	PKI_TAG_PENDING_ID,     /* text: for device approve */
	PKI_TAG_CODE,           /* u16: pki_code */
	PKI_TAG_HTTP,           /* u16: status */
	PKI_TAG_RULE,           /* text: pki_err's rule, value, accepts */
	PKI_TAG_VALUE,
	PKI_TAG_ACCEPTS,
	PKI_TAG_DEVICE,         /* text: the name */
	PKI_TAG_PROFILE,        /* text */
	PKI_TAG_STATUS,         /* text: the device's, "active" */
	PKI_TAG_NOT_AFTER,      /* u64: of the credential, UTC seconds */
	PKI_TAG_COUNT,
} pki_tag;

/*
 * One message.  Octets are borrowed: decoded, from the packet; to be sent,
 * from whoever put them.  Plain data, so it may be copied.
 */
typedef struct pki_message {
	pki_message_type type;
	uint64_t         id;
	bool             has[PKI_TAG_COUNT];
	pki_bytes        field[PKI_TAG_COUNT];  /* text and octets */
	uint64_t         number[PKI_TAG_COUNT]; /* u8 to u64 */
	/* The repeated field of this type, in the order sent. */
	pki_bytes        list[PKI_WIRE_LIST_MAX];
	size_t           n_list;
} pki_message;

/* How a field is written. */
typedef enum pki_tag_kind {
	PKI_KIND_OCTETS,
	PKI_KIND_TEXT,          /* printable ASCII */
	PKI_KIND_ADDRESS,       /* 4 or 16 octets */
	PKI_KIND_U8,            /* numbers, most significant octet first */
	PKI_KIND_U16,
	PKI_KIND_U32,
	PKI_KIND_U64,
} pki_tag_kind;

/* One field of one type. */
typedef struct pki_field_rule {
	pki_tag  tag;
	unsigned least, most;   /* how often; most > 1: message.list */
	uint64_t min, max;      /* octets, or the number itself */
	pki_tag  with;          /* only beside this one; NONE: anyway */
} pki_field_rule;

#define PKI_FIELDS_MAX 16

typedef struct pki_message_rule {
	pki_message_type type;
	const char      *name;
	pki_wire_side         from;
	pki_message_kind kind;
	/* A request's answers, REFUSED and BUSY besides; NONE ends: 0. */
	pki_message_type answers[2];
	pki_tag          any_of[2];     /* at least one of these; or NONE */
	pki_field_rule   fields[PKI_FIELDS_MAX];        /* up to tag NONE */
} pki_message_rule;

/* The table, for who walks it. */
extern const pki_message_rule pki_message_rules[];
extern const size_t pki_message_rule_count;

/* A type's rules; NULL: no such type. */
const pki_message_rule *pki_message_rule_of(pki_message_type type);

/* "enroll", "tls": for log lines.  Static; "unknown" for any other. */
const char *pki_message_name(pki_message_type type);
const char *pki_tag_name(pki_tag tag);
pki_tag_kind pki_tag_kind_of(pki_tag tag);
/* Octets of a number's kind; 0: not a number. */
size_t pki_kind_width(pki_tag_kind kind);

/* May this type answer that request? */
bool pki_message_may_answer(pki_message_type request, pki_message_type answer);

/* An empty message of a type. */
pki_message pki_message_of(pki_message_type type);

/*
 * Put a field, or take it: absent ones read as no octets, and as 0.  What
 * the table forbids is found by pki_wire_encode().  A list that is full
 * stays as it is, and pki_message_add() returns false.
 */
void pki_message_put(pki_message *message, pki_tag tag, pki_bytes octets);
void pki_message_put_text(pki_message *message, pki_tag tag, const char *text);
void pki_message_put_number(pki_message *message, pki_tag tag, uint64_t value);
bool pki_message_add(pki_message *message, pki_bytes octets);

/*
 * Copy a text field into room, with its NUL, cut when it is longer; "" when
 * it is absent.  Returns room.
 */
const char *pki_message_text(const pki_message *message, pki_tag tag,
    char *room, size_t size);

/*
 * A counter of STATE: octets for pki_message_add(), in room, and back.  name
 * has 1 to 64 characters; else, or for a foreign form, PKI_BAD_INPUT.
 */
#define PKI_COUNTER_NAME_MAX 64
#define PKI_COUNTER_MAX (8 + PKI_COUNTER_NAME_MAX)
PKI_CHECKED pki_code pki_counter_encode(const char *name, uint64_t value,
    uint8_t room[PKI_COUNTER_MAX], pki_bytes *out, pki_err *err);
PKI_CHECKED pki_code pki_counter_decode(pki_bytes octets,
    char name[PKI_COUNTER_NAME_MAX + 1], uint64_t *value, pki_err *err);

/*
 * REFUSED from an error: code, status, and rule, value and accepts where it
 * has them; without a rule the code's name stands for it.  err must live as
 * long as out.
 */
void pki_message_refuse(pki_message *out, uint64_t id, unsigned http,
    const pki_err *err);
/* And back: the code returned, err filled as pki_refuse() does. */
pki_code pki_message_refusal(const pki_message *refused, pki_err *err);

PKI_END_DECLS

#endif

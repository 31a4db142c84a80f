#ifndef PKI_ESTD_GATE_H
#define PKI_ESTD_GATE_H

/*
 * The header gate: is the head of a request one that has exactly one meaning?
 * Pure: no socket, no clock, no state.  It knows HTTP, not our URLs.
 *
 * libmicrohttpd 0.9.75 takes two lengths, length and chunked together, a name
 * with a space behind it, folded lines, bare LF and NUL; here they end.
 */

#include "pki.h"

#define GATE_HEADERS_MAX 40     /* lines */
#define GATE_TARGET_MAX 256     /* octets of the request target */
#define GATE_VALUE_MAX 4096     /* octets of one value */

typedef struct gate_header {
	pki_bytes name, value;          /* as received, without CRLF */
} gate_header;

/* What stands between lines. */
typedef enum gate_lines {
	GATE_LINES_CLEAN,       /* each line ends by CRLF, none is folded */
	GATE_LINES_BROKEN,      /* bare LF, NUL, a folded line, more spaces */
} gate_lines;

typedef struct gate_head {
	pki_bytes          method, target, version;
	const gate_header *headers;     /* the first GATE_HEADERS_MAX + 1 */
	size_t             count;
	gate_lines         lines;
} gate_head;

typedef enum gate_framing {
	GATE_NO_BODY,           /* neither length nor chunked */
	GATE_LENGTH,            /* Content-Length: length octets */
	GATE_CHUNKED,
} gate_framing;

/* What the head says; all borrowed from it, data NULL when absent. */
typedef struct gate_facts {
	pki_bytes    path;              /* begins with '/', no '%', no "//" */
	pki_bytes    type;              /* media type without parameters */
	pki_bytes    authorization;
	pki_bytes    if_none_match;
	gate_framing framing;
	uint64_t     length;            /* for GATE_LENGTH; saturates */
	bool         expects;           /* waits for 100 (Continue) */
} gate_facts;

/* status 0: pass.  Otherwise the HTTP status and a stable reason code. */
typedef struct gate_verdict {
	unsigned    status;
	const char *rule;
} gate_verdict;

/*
 * Check a head and fill facts.  Refusals are 400, 414, 415 (an encoding), 417,
 * 431, 501 (an unknown transfer coding) and 505; after one the connection must
 * close, for its framing is not to be trusted.
 * RFC 9112, sections 2.2, 3.2, 5.1, 5.2, 6.1, 6.3; RFC 9110, 10.1.1.
 */
gate_verdict gate_check(const gate_head *head, gate_facts *facts);

/* Without regard to the case of ASCII letters. */
bool gate_equal(pki_bytes a, const char *text);

#endif

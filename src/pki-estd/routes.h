#ifndef PKI_ESTD_ROUTES_H
#define PKI_ESTD_ROUTES_H

/*
 * Every URL that pki-estd answers, in one table.  Its columns are enforced
 * before a handler runs, so handlers contain no defence.
 */

#include "pki-estd/gate.h"

/* Which listener. */
typedef enum routes_door {
	DOOR_EST,               /* HTTPS, for devices */
	DOOR_STATUS,            /* HTTP on loopback, for monitoring */
} routes_door;

typedef enum routes_kind {
	PATH_EXACT,
	/* "/.well-known/est/cacerts" and "/.well-known/est/<label>/cacerts" */
	PATH_LABEL,
} routes_kind;

typedef enum routes_auth {
	AUTH_NONE,              /* neither is looked at */
	AUTH_TOKEN,
	AUTH_CERTIFICATE,
	AUTH_EITHER,
} routes_auth;

/* What the handler asks or answers with. */
typedef enum routes_message {
	ROUTE_CACERTS,
	ROUTE_CSRATTRS,
	ROUTE_ENROLL,
	ROUTE_REENROLL,
	ROUTE_LIVE,
	ROUTE_READY,
	ROUTE_METRICS,
	ROUTE_COUNT,            /* no route: 404 and before */
} routes_message;

typedef struct routes_row {
	const char    *method;          /* "GET" answers HEAD as well */
	routes_door    door;
	routes_kind    kind;
	const char    *path;            /* for PATH_LABEL the operation */
	const char    *type;            /* media type of the body, or NULL */
	size_t         max_body;        /* octets; 0: no body */
	routes_auth    auth;
	routes_message message;
} routes_row;

extern const routes_row routes_table[ROUTE_COUNT];

/* "simpleenroll", "/metrics", or "none" for ROUTE_COUNT. */
const char *routes_name(size_t message);

#define ROUTES_LABEL_MAX 32

/* [A-Za-z0-9_-]{1,32} and not an operation: RFC 7030, section 3.2.2. */
bool routes_label_check(pki_bytes label);

/* Is there such a label?  Called for well-formed ones only. */
typedef bool routes_is_label(void *arg, pki_bytes label);

typedef struct routes_query {
	routes_door       door;
	pki_bytes         method;
	const gate_facts *facts;
	routes_is_label  *is_label;     /* NULL: there is none */
	void             *arg;
} routes_query;

typedef struct routes_match {
	const routes_row *route;             /* NULL: none */
	pki_bytes    label;             /* borrowed from the path; or empty */
	const char  *allow;             /* for 405 */
} routes_match;

/*
 * The row of a request, and whether the request fits its columns but
 * authentication.  Refusals: 404, 405, 400 (a body where none may be), 411,
 * 413, 415.  On a refusal match says what is known.
 */
gate_verdict routes_check(const routes_query *query, routes_match *match);

#endif

#ifndef PKI_ESTD_FRONT_H
#define PKI_ESTD_FRONT_H

/*
 * What a request passes before its handler runs, in this order: header gate,
 * route, limits, authentication as the route's row wants it.  Then the handler
 * (run), and at the end one line in the log and one count.
 *
 * A certificate is only seen to be there: the issuer verifies it.
 */

#include "pki-estd/accept.h"
#include "pki-estd/tls.h"

/* All borrowed; acceptor is set before connections come. */
typedef struct front_door {
	routes_door      door;
	limits_table    *limits;        /* DOOR_EST */
	tls_store       *tls;           /* DOOR_EST */
	accept_thread   *acceptor;
	routes_is_label *is_label;
	void            *label_arg;
	http_hook       *run;
	void            *arg;           /* of run */
} front_door;

/* Put the hooks and front as their argument into options. */
void front_set_hooks(front_door *front, http_options *options);

#endif

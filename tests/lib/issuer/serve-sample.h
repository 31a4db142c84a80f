#ifndef TESTS_LIB_ISSUER_SERVE_SAMPLE_H
#define TESTS_LIB_ISSUER_SERVE_SAMPLE_H

/* An issuer in a thread, and the worker's client in front of it. */

#include <pthread.h>

#include "issuer/client.h"
#include "issuer/serve.h"
#include "issuer/spawn.h"
#include "tests/support/support.h"

#define SERVED_LABELS 16

/* The last whole set, and the last state, as a worker sees them. */
struct told {
	unsigned  hellos, sets, states, reloads;
	bool      ready, clock, reload_ok;
	char      reason[65];
	uint64_t  generation;
	pki_cert *server;
	size_t    chain, hints, labels, cacerts, csrattrs;
	bool      key_fits;
	char      label[SERVED_LABELS][33];
	pki_buf  *cms[SERVED_LABELS], *attrs[SERVED_LABELS];
};

struct served {
	struct test_ca    t;
	pki_serve_options options;
	int               link[2], control;     /* ours is the first */
	int               theirs[2];
	pthread_t         thread;
	pki_code          rc;
	pki_err           err;
	bool              alone;        /* no client: a fork has one thread */
	pki_issuer       *issuer;
	pthread_mutex_t   mutex;
	pthread_cond_t    changed;
	struct told       told;
	char              noted[64];            /* the last event */
};

void serve_begin(struct served *s);
/* On the CA that is there. */
void serve_start(struct served *s);
/* STOP, and its result. */
pki_code serve_stop(struct served *s);
void serve_end(struct served *s);

/* Wait until a set, state or reload came; the caller looks what. */
void await_sets(struct served *s, unsigned sets);
void await_ready(struct served *s, bool ready);
void await_reloads(struct served *s, unsigned reloads);

/* A device with a token; many of them, "meter-0" and so on. */
pki_token_draft give_token(struct served *s, const char *name);
pki_token_drafts *give_tokens(struct served *s, size_t count);

/*
 * The same issuer in a process of its own, that can be killed.  Nothing of
 * the CA may be open here meanwhile, so that SQLite knows nothing of it.
 */
pid_t serve_fork(struct served *s);
void serve_kill(struct served *s, pid_t child);
/* ... with no client in front: link[0] is the caller's, and to be closed. */
pid_t serve_fork_alone(struct served *s);

/* RELOAD, and what came of it. */
bool serve_reload(struct served *s);
/* Put a template beside the others, or in the place of one. */
void put_template(struct served *s, const char *name, const char *text);
/* "auditor" with one text in the place of another, by another name. */
void change_auditor(struct served *s, const char *name, const char *from,
    const char *to);

/* One question and its answer. */
struct asked {
	pki_issuer_call call;
	struct served  *served;
	bool            ended;
	pki_message_type type;          /* 0: none */
	unsigned        http;
	uint64_t        retry_after;
	bool            again, bound;
	char            rule[40];
	char            device[65], pending[65];
	pki_cert       *cert;
};
void drop_asked(struct asked *a);

/* What is asked; NULL and 0: not there. */
struct question {
	pki_message_type type;
	const char      *label, *user, *token;
	const pki_cert  *cert;
	pki_bytes        csr, unique, exporter;
};
/* As the worker says it, with nothing checked; borrows from q. */
pki_message message_of(const struct question *q);
/* Without waiting; false: the client would not take it. */
bool ask(struct served *s, const struct question *q, struct asked *out);
void await(struct asked *a);
/* The same, waiting. */
struct asked answer_to(struct served *s, const struct question *q);

/* A request for this name by this key. */
pki_buf *csr_for(const pki_key *key, const char *name);

#define expect_refused(a, status, name) \
	cr_expect((a)->type == PKI_MESSAGE_REFUSED && \
	    (a)->http == (status) && strcmp((a)->rule, name) == 0, \
	    "type %d, http %u, rule '%s'", (a)->type, (a)->http, (a)->rule)
#define expect_issued(a) \
	cr_expect((a)->type == PKI_MESSAGE_ISSUED && (a)->cert != NULL, \
	    "type %d, http %u, rule '%s'", (a)->type, (a)->http, (a)->rule)

#endif

#ifndef PKI_ISSUER_SERVE_PARTS_H
#define PKI_ISSUER_SERVE_PARTS_H

/*
 * The inside of pki_serve(), shared by its files.
 *
 * Threads: the caller's (control socket, notices, audit rows, watch), one
 * receiver, the seats that decide about requests, each with a handle of its
 * own, and those of the batch, which sign, commit and answer.
 */

#include <pthread.h>
#include <stdatomic.h>

#include "ca/approval.h"
#include "ca/batch.h"
#include "ca/health.h"
#include "ca/refusal.h"
#include "ca/token.h"
#include "issuer/serve.h"
#include "issuer/wire.h"

typedef struct pki_serving pki_serving;

/* One request, from the link to its answer. */
typedef struct pki_work {
	struct pki_work  *next;
	pki_serving      *serving;
	pki_buf          *packet;       /* message borrows from it */
	pki_message       message;
	/* What the batch borrows until it is done. */
	pki_issue_request request;
	pki_csr          *csr;
	pki_credential   *credential;
	pki_token_parts   token;
	pki_token_info    bearer;       /* of the token */
	char              label[PKI_PROFILE_NAME_MAX + 1];
	/* Who it is, once that is proved; "": not known. */
	char              who[PKI_IDENTITY_MAX + 1];
	char              device[PKI_IDENTITY_MAX + 1];
	unsigned          line_width;
} pki_work;

/* First in, first out, bounded by pki_serving.most. */
typedef struct pki_work_queue {
	pthread_mutex_t mutex;
	pthread_cond_t  filled;
	pki_work       *first, **last;
	bool            closed;
} pki_work_queue;

/* A thread that decides. */
typedef struct pki_seat {
	pki_serving *serving;
	pthread_t    thread;
	pki_ca      *ca;
	unsigned     files;     /* which reading of them ca has */
} pki_seat;

/* The settings, as own text. */
typedef struct pki_serve_copy {
	char          identity[PKI_IDENTITY_MAX + 1];
	char          default_profile[PKI_PROFILE_NAME_MAX + 1]; /* "": none */
	pki_altnames *hosts;
	unsigned      approval_s;
} pki_serve_copy;

#define PKI_REFUSALS_WAITING 256
#define PKI_REFUSAL_PLACES 4096

/* Refusals on their way to the audit log. */
typedef struct pki_refusals {
	pthread_mutex_t mutex;
	pki_refusal     waiting[PKI_REFUSALS_WAITING];
	size_t          count;
	uint64_t        left_out;       /* too many, or too fast */
	/* By a hash of who: that one had a row in this second. */
	struct {
		uint32_t who;
		int64_t  at;
	} last[PKI_REFUSAL_PLACES];
} pki_refusals;

/* Metrics, in the order of pki_count_names. */
typedef enum pki_count {
	PKI_COUNT_REQUESTS, PKI_COUNT_ISSUED, PKI_COUNT_AGAIN,
	PKI_COUNT_PENDING, PKI_COUNT_REFUSED, PKI_COUNT_UNKNOWN,
	PKI_COUNT_BUSY, PKI_COUNT_RELOADS, PKI_COUNT_RELOADS_FAILED,
	/* As they stand, and UTC seconds (0: none waits). */
	PKI_COUNT_WAITING, PKI_COUNT_OLDEST,
	PKI_COUNTS,
} pki_count;

struct pki_serving {
	pki_serve_options options;
	size_t            most;         /* requests inside */
	int               stop_fd;      /* eventfd: the receiver ends */
	int               ended_fd;     /* eventfd: the receiver has ended */
	pthread_t         receiver;
	bool              receives;
	pki_code          broken;       /* why the receiver ended */
	pki_err           broken_err;
	pki_work_queue    queue;
	pki_seat         *seats;
	unsigned          seat_count, seats_started;
	_Atomic size_t    inside;
	_Atomic uint64_t  counts[PKI_COUNTS];
	_Atomic unsigned  files;        /* grows with each reload */
	/* As the watch saw it last; the commit looks again. */
	_Atomic bool      clock_bad, log_full;
	_Atomic int64_t   clock_offset; /* of the clock to a steady one; s */

	/* Held shared while a request is handed in or settings are read. */
	pthread_rwlock_t  lock;
	pki_batch        *batch;        /* NULL: cannot issue now */
	pki_serve_copy    settings;

	pki_refusals      refusals;

	/* The caller's thread only. */
	pki_ca           *ca;
	uint64_t          generation;   /* of the last set sent */
	bool              has_set;      /* one was sent */
	int64_t           renew_at;     /* the server's certificate; UTC s */
	pki_digest        server_cert;  /* the one that was sent */
	pki_ca_health     health;
	bool              told;         /* STATE was sent */
	uint64_t          told_counts[PKI_COUNTS];
	bool              told_ready, told_clock, told_store;
	bool              stale;        /* others have written since */
	bool              reload_waits; /* for a clock that is right */
	int64_t           looked_at, retry_at;  /* monotonic ms */
};

/* serve-answer.c: each ends the work, and frees it. */
void pki_answer_issued(pki_work *work, const pki_issued *issued);
void pki_answer_device(pki_work *work, const char *name, const char *profile,
    const char *status, int64_t not_after);
void pki_answer_pong(pki_work *work);
/* REFUSED, PENDING or BUSY, as the table of rules says. */
void pki_answer_error(pki_work *work, const pki_err *err);
/* BUSY without any work. */
void pki_answer_busy(pki_serving *serving, uint64_t id, const char *rule);
/* A status by the table: 4xx, 202, or 503. */
unsigned pki_answer_status(const pki_err *err);

/* serve-audit.c. */
void pki_refusals_note(pki_work *work, const pki_err *err);
/* Write what waits.  What cannot be written stays. */
void pki_refusals_write(pki_serving *serving, pki_ca *ca);

/* serve-receive.c. */
pki_code pki_seats_start(pki_serving *serving, pki_err *err);
pki_code pki_receiver_start(pki_serving *serving, pki_err *err);
/* End receiver and seats; what they had is handed to the batch. */
void pki_receive_stop(pki_serving *serving);
void pki_work_free(pki_work *work);
PKI_DEFINE_CLEANUP(pki_work)

/* serve-verbs.c: decide; takes work.  And: do devices enroll by it? */
bool pki_serve_may_enroll(const pki_profile *profile);
void pki_verb_run(pki_seat *seat, pki_work *work);

/* serve-notices.c: in the caller's thread. */
pki_code pki_notice_hello(pki_serving *serving, pki_err *err);
/* A generation, from this handle. */
pki_code pki_notice_set(pki_serving *serving, pki_ca *ca,
    const pki_serve_copy *settings, pki_err *err);
void pki_notice_state(pki_serving *serving);
void pki_notice_reloaded(pki_serving *serving, pki_code rc,
    const pki_err *err);
pki_code pki_notice_send(pki_serving *serving, const pki_message *message,
    pki_err *err);

/* serve-material.c: the server's own certificate. */
typedef struct pki_material {
	pki_buf  *key;          /* DER, PKCS#8 */
	pki_cert *cert;
	char      ca[PKI_CA_NAME_MAX + 1];
	int64_t   renew_at;
} pki_material;
void pki_material_free(pki_material *material);
PKI_DEFINE_CLEANUP(pki_material)
/*
 * The one kept beside the CA's keys, or, where that is not fit for use or is
 * due, a new one with a new key.  When no new one can be had, the old one
 * does while it is valid.
 */
pki_code pki_material_get(pki_serving *serving, pki_ca *ca,
    const pki_serve_copy *settings, pki_material **out, pki_err *err);
/* Has it been revoked, or held? */
pki_code pki_material_is_good(pki_serving *serving, pki_ca *ca,
    const char *identity, const pki_digest *digest, bool *out, pki_err *err);

/* serve-chains.c: certificates of CAs, as sets. */
#define PKI_CHAINS_MAX 32
typedef struct pki_chains {
	struct {
		char      name[PKI_CA_NAME_MAX + 1];
		char      parent[PKI_CA_NAME_MAX + 1];
		pki_cert *cert;
		bool      revoked;
	} items[PKI_CHAINS_MAX];
	size_t count;
} pki_chains;
pki_code pki_chains_load(pki_ca *ca, pki_chains **out, pki_err *err);
void pki_chains_free(pki_chains *chains);
PKI_DEFINE_CLEANUP(pki_chains)
/*
 * From a CA, itself first, up to its root, which is left out; and as a set:
 * with the root, and what bears the name of one of them.  How many.
 */
size_t pki_chains_path(const pki_chains *chains, const char *ca,
    pki_bytes out[PKI_CHAINS_MAX]);
size_t pki_chains_set(const pki_chains *chains, const char *ca,
    pki_bytes out[PKI_CHAINS_MAX]);
/* Names for certificate requests: those that issue first. */
size_t pki_chains_hints(const pki_chains *chains, pki_bytes *out, size_t max);

/* serve-hints.c: what requests by this profile should say, as DER. */
pki_code pki_hints_encode(const pki_profile *profile, pki_buf *out,
    pki_err *err);

/* serve-clock.c: was the clock set while we ran?  Then health says so. */
void pki_clock_begin(pki_serving *serving);
/* As a request sees it, before the watch does.  Any thread. */
bool pki_clock_jumped(const pki_serving *serving);
void pki_clock_compare(pki_serving *serving, pki_ca_health *health);

/* serve-watch.c: in the caller's thread, each moment. */
void pki_watch_tick(pki_serving *serving);
/* Open a batch when there is none; PKI_BUSY: it would not help now. */
pki_code pki_watch_open(pki_serving *serving, pki_err *err);
void pki_watch_reload(pki_serving *serving);
void pki_watch_note(pki_serving *serving, const char *event,
    const pki_err *err);
pki_code pki_settings_copy(const pki_serve_settings *from,
    pki_serve_copy *out, pki_err *err);

static inline void
pki_count_add(pki_serving *serving, pki_count which)
{
	serving->counts[which]++;
}

#endif

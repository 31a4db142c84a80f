#ifndef PKI_ENROLL_SCHEDULE_H
#define PKI_ENROLL_SCHEDULE_H

/*
 * When to do what.  Pure functions: time, state and chance come in, a plan
 * comes out; nothing is read, kept or waited for.
 */

#include "pki-enroll/conf.h"
#include "pki-enroll/state.h"

#define SCHEDULE_MILLION INT64_C(1000000)
/* A clock set by a person, or by a battery, may be off by so much. */
#define SCHEDULE_CLOCK_SLACK (5 * PKI_MINUTE)
/* No clock that is right shows less: the package's date, or its version's. */
#define SCHEDULE_BUILT ((int64_t)PKI_BUILT)
/* How long a machine must be up before its clock is taken as it is. */
#define SCHEDULE_CLOCK_PATIENCE (1 * PKI_HOUR)

typedef struct schedule_rules {
	int64_t renew_ppm;              /* point of the life, of a million */
	int64_t grace_s;
	int64_t retry_min_s, retry_max_s;
	int64_t per_hour;               /* 1 to STATE_TRIES */
} schedule_rules;

/* A certificate, as far as it matters; not_after is inclusive. */
typedef struct schedule_life {
	int64_t    not_before, not_after;
	pki_digest digest;              /* of the certificate */
} schedule_life;
schedule_life schedule_life_of(const pki_cert *cert);

/*
 * The point at which a certificate is to be renewed: renew_ppm of its life,
 * moved by its own digest, up to a quarter of the life earlier (half of the
 * point, if that is less) and up to a sixth later (half of what is left).  So
 * a fleet that was enrolled in one hour spreads over five twelfths of the
 * life, and each device keeps its point whatever restarts.  renew_after (0:
 * none), the server's wish, makes it earlier, never later, and not before a
 * fiftieth of the life.
 */
int64_t schedule_renew_at(const schedule_rules *rules,
    const schedule_life *life, int64_t renew_after);

/*
 * The earliest time of the next try after state's failures, the last of them
 * at tries[0].  Steps double, the first of them a sixteenth of the time to
 * not_after, the longest an eighth of it or retry_max_s: with a month left
 * nobody knocks every minute, towards the end tries get denser, after it
 * thinner again.  Without a certificate (not_after 0) they go from
 * retry_min_s to an hour.  Each is moved by chance (0 to UINT32_MAX) over its
 * upper half, and never shorter than retry_min_s.  Not before Retry-After, of
 * which no more than retry_max_s is believed, and just then while the request
 * is accepted and waits for approval (PKI_PENDING); never the (per_hour + 1)-th
 * within an hour.  Tries that seem to lie in the future were made under a
 * wrong clock, and do not count.  0: at once.
 */
int64_t schedule_retry_at(const schedule_rules *rules,
    const enroll_state *state, int64_t not_after, int64_t now,
    uint32_t chance);

/*
 * Chance that comes out the same each time it is asked for after one failure,
 * and otherwise for each device: by its certificate (NULL: none) and by who it
 * is, its name.  A restart, or "status", moves no try.
 */
uint32_t schedule_chance(const enroll_state *state, const schedule_life *life,
    const char *who);

/* What there is to say about a clock. */
typedef struct schedule_clock {
	int64_t now;
	int64_t built;                  /* SCHEDULE_BUILT, or 0 */
	int64_t not_before;             /* of the newest certificate, or 0 */
	int64_t greatest;               /* enroll_state's, or 0 */
	int64_t up_s;                   /* since the machine started */
	bool    synchronised;           /* the kernel says so */
} schedule_clock;

/*
 * PKI_CLOCK while the time cannot be right: before the program was built or
 * the newest certificate was valid; or before a time already seen, unless the
 * kernel calls it synchronised or an hour of waiting brought nothing better:
 * the greatest time may itself have been the error.
 */
PKI_CHECKED pki_code schedule_check_clock(const schedule_clock *clock,
    pki_err *err);
/*
 * What to remember as greatest from now on, after a clock that passed: now,
 * if that is later, or if an earlier time passed; but never more than
 * not_after (0: no certificate), since a clock may jump once.
 */
int64_t schedule_greatest(const schedule_clock *clock, int64_t not_after);

enum schedule_do {
	SCHEDULE_ENROLL,        /* no certificate: with the token */
	SCHEDULE_RENEW,
	SCHEDULE_ENROLL_ANEW,   /* expired beyond the grace: with a token */
};

enum schedule_why {
	SCHEDULE_NO_CERT,
	SCHEDULE_FRESH,         /* nothing to do before `at` */
	SCHEDULE_ASKED,         /* the same, by the server's renew-after */
	SCHEDULE_DUE,
	SCHEDULE_FAILED,        /* due, and waiting after a failure */
	SCHEDULE_EXPIRED,       /* within the grace */
	SCHEDULE_LOST,          /* beyond it */
};
/* A sentence's end for people: "renewal is due".  Static. */
const char *schedule_why_text(enum schedule_why why);

typedef struct schedule_plan {
	enum schedule_do  what;
	int64_t           at;           /* not before; past or now: at once */
	enum schedule_why why;
} schedule_plan;

/* life: NULL when there is no usable certificate. */
schedule_plan schedule_next(const schedule_rules *rules,
    const enroll_state *state, const schedule_life *life, int64_t now,
    uint32_t chance);

/* What a configuration file says. */
schedule_rules schedule_rules_of(const enroll_conf *conf);

#endif

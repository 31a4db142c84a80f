#ifndef TESTS_SUPPORT_SUPPORT_H
#define TESTS_SUPPORT_SUPPORT_H

/*
 * What every suite needs: a clock that tests set, a folder that goes away, a
 * CA in one line, and assertions that say the error's sentence.
 *
 *   struct test_ca t;
 *   fresh_ca(&t);
 *   assert_ok(pki_ca_issue(t.ca, &request, &issued, &t.err), &t.err);
 *   drop_ca(&t);
 */

#include "pki.h"

#include <criterion/criterion.h>

/* 2026-01-01T00:00:00Z: when every test begins. */
#define TEST_BEGIN INT64_C(1767225600)

struct test_clock {
	pki_clock clock;        /* hand out &clock.clock */
	int64_t   now_ms;
};
void test_clock_init(struct test_clock *clock);
/* Set the time: "2026-03-01T00:00:00Z". */
void at(struct test_clock *clock, const char *when);

/* A new empty folder below $TMPDIR, and its removal with all contents. */
void temp_dir(char out[PKI_PATH_MAX]);
void remove_dir(const char *dir);

/*
 * What run returns (0 to 255), run in a process of its own: as uid 65534 when
 * we are root, who may write anywhere.  -1: it crashed.
 */
int run_as_nobody(int (*run)(void *arg), void *arg);

/* A CA in a folder of its own: root and issuing, P-256, keys unencrypted. */
struct test_ca {
	char              dir[PKI_PATH_MAX];    /* the folder */
	char              state[PKI_PATH_MAX];  /* folder/ca */
	struct test_clock clock;
	pki_ca           *ca;
	pki_err           err;
};
void fresh_ca(struct test_ca *t);
void drop_ca(struct test_ca *t);
/* Another handle on the same state directory. */
pki_ca *reopen_ca(struct test_ca *t);
/* Options and set-up that fresh_ca uses. */
pki_ca_options test_options(const struct test_ca *t);
pki_ca_setup test_setup(const struct test_ca *t);
/* The operator "tester". */
extern const pki_requester test_requester;

/*
 * A request for this profile and name with a new P-256 key, signed by it
 * (PKI_POP_SIGNATURE).  free with drop_request.
 */
struct test_request {
	pki_key          *key;
	pki_issue_request request;
};
void fresh_request(struct test_request *r, const char *profile,
    const char *name);
void drop_request(struct test_request *r);

/* Issue an auditor certificate; returns its parsed certificate. */
pki_cert *issue_meter(struct test_ca *t, const char *name);

void assert_ok_at(pki_code rc, const pki_err *err, const char *file, int line);
void assert_refused_at(pki_code rc, pki_code want, const pki_err *err,
    const char *rule, const char *file, int line);
#define assert_ok(rc, err) assert_ok_at(rc, err, __FILE__, __LINE__)
/* Refused with this code, and rule (NULL: any) in err->rule. */
#define assert_refused(rc, want, err, rule) \
	assert_refused_at(rc, want, err, rule, __FILE__, __LINE__)

/* All files below dir with their contents: for "nothing was changed". */
pki_digest dir_digest(const char *dir);

/* How many certificates of a profile the store has; NULL: of all. */
size_t certs_on_record(struct test_ca *t, const char *profile);

#endif

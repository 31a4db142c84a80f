#ifndef TESTS_LIB_STORE_STORE_SAMPLE_H
#define TESTS_LIB_STORE_STORE_SAMPLE_H

/*
 * A store of either kind with one row of each sort in it, and rows to put.
 */

#include "store/backend.h"

#include <criterion/criterion.h>

enum store_kind {
	STORE_MEMORY,
	STORE_SQLITE,
};

struct store_sample {
	char       dir[64];             /* empty for memory */
	char       url[80];
	pki_store *store;
	pki_buf   *hold;
	int64_t    ca_id, identity_id, pubkey_id, profile_id;
	pki_err    err;
};

/* A test that runs over both backends. */
#define STORE_TEST(suite, name)                                         \
	static void suite##_##name(enum store_kind kind);               \
	Test(suite, name##__in_memory)                                  \
	{                                                               \
		suite##_##name(STORE_MEMORY);                           \
	}                                                               \
	Test(suite, name##__in_sqlite)                                  \
	{                                                               \
		suite##_##name(STORE_SQLITE);                           \
	}                                                               \
	static void                                                     \
	suite##_##name(enum store_kind kind)

/* An empty store. */
void store_sample_empty(struct store_sample *t, enum store_kind kind);
/* One with CA "issuing", identity "meter-1", its key and a profile. */
void store_sample_open(struct store_sample *t, enum store_kind kind);
void store_sample_close(struct store_sample *t);

void store_begin(struct store_sample *t);
void store_commit(struct store_sample *t);

pki_digest sample_digest(int n);        /* n in every fourth octet */
pki_serial sample_serial(int n);        /* 20 octets, ascending with n */
pki_serial short_serial(int len, int last);
pki_ca_row sample_ca(const char *name);
pki_identity_row sample_identity(const char *name);
pki_pubkey_row sample_pubkey(int n, int64_t identity_id);
pki_profile_row sample_profile(int n);
/* Of the sample's CA, identity, key and profile; serial number n. */
pki_cert_row sample_cert(const struct store_sample *t, int n);
/* Put it in a transaction of its own; returns its id. */
int64_t add_cert(struct store_sample *t, pki_cert_row row);
int64_t add_identity(struct store_sample *t, const char *name);

/* For STORE_SQLITE.  The path of a file in the folder; one at a time. */
const char *file_of(const struct store_sample *t, const char *name);
/*
 * Close the handle, and do this to the database as somebody else would who
 * tampers: our triggers stand, and guard nothing.  Returns SQLite's code.
 */
int tamper(struct store_sample *t, const char *sql);
/* The same beside an open handle, with or without triggers. */
int run_careless(struct store_sample *t, const char *sql, int triggers);
/* Close the handle and open another. */
pki_code reopen(struct store_sample *t);

#define expect_code(call, code, t) do {                                 \
	pki_code got_ = (call);                                         \
	cr_expect_eq(got_, (code), "%s gave %s (%s), expected %s",      \
	    #call, pki_code_name(got_), got_ == PKI_OK ? ""             \
	    : (t)->err.msg, pki_code_name(code));                       \
} while (0)
#define must(call, t) do {                                              \
	pki_code got_ = (call);                                         \
	cr_assert_eq(got_, PKI_OK, "%s gave %s: %s", #call,             \
	    pki_code_name(got_), (t)->err.msg);                         \
} while (0)

#endif

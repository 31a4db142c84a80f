#ifndef TESTS_LIB_CA_CA_SAMPLE_H
#define TESTS_LIB_CA_CA_SAMPLE_H

/* What the suites of lib/ca share beyond tests/support. */

#include "tests/support/support.h"

/* A path below the state directory. */
void state_path(const struct test_ca *t, const char *name,
    char out[PKI_PATH_MAX]);
void put_file(const struct test_ca *t, const char *name, const char *text);
void drop_file(const struct test_ca *t, const char *name);
bool has_file(const struct test_ca *t, const char *name);
pki_buf *get_file(const struct test_ca *t, const char *name);

/* The template "auditor" under another name of seven letters, too. */
void copy_auditor(struct test_ca *t, const char *name);

/* The template "auditor" with more in its group for enrollment. */
void edit_auditor(struct test_ca *t, const char *more);

/* Close the handle, and open a new one. */
void restart_ca(struct test_ca *t);
/* Let time go by. */
void pass(struct test_ca *t, int64_t seconds);

/* Behind the library's back: raw statements on ca.db. */
void run_sql(const struct test_ca *t, const char *sql);
int64_t ask_sql(const struct test_ca *t, const char *sql);
/* Flip one bit in the middle of a BLOB. */
void flip_blob(const struct test_ca *t, const char *table, const char *column,
    int64_t id);

/* ca.db with its log, as it is, into and back out of folder/kept. */
void keep_database(struct test_ca *t);
void restore_database(struct test_ca *t);

pki_audit_head head_of(struct test_ca *t);
bool same_head(pki_audit_head a, pki_audit_head b);

/* A certificate with this request; NULL when it was refused. */
pki_cert *issue_with(struct test_ca *t, const pki_issue_request *request);

/* Certificates on record that id finds, and the last one's status. */
struct found {
	size_t  count;
	int     status, reason;
	int64_t revoked_at, invalid_since, partition, key_origin;
	char    profile[PKI_PROFILE_NAME_MAX + 1];
};
struct found find_cert(struct test_ca *t, const pki_cert *cert);

pki_revocation revocation_of(const pki_cert *cert, pki_reason reason);
/* Revoke, and say how many. */
size_t revoke_cert(struct test_ca *t, const pki_cert *cert, pki_reason reason);

void publish(struct test_ca *t, const char *name);
/* Whatever the record lacks stays listed. */
void publish_union(struct test_ca *t, const char *name);
/* A published file: "crl/issuing/full.crl". */
pki_crl *get_crl(const struct test_ca *t, const char *file);
/* The certificate of a CA here. */
pki_cert *get_ca_cert(const struct test_ca *t, const char *name);

/* A device of profile "auditor"; it and its token, good for an hour. */
void register_device(struct test_ca *t, const char *name);
pki_token_parts token_for(struct test_ca *t, const char *name);
/* One more token; lifetime in seconds. */
pki_token_parts new_token(struct test_ca *t, const char *name,
    int64_t lifetime);
pki_evidence evidence_of(const pki_token_parts *parts);

#endif

#ifndef TESTS_LIB_CA_RENEW_SAMPLE_H
#define TESTS_LIB_CA_RENEW_SAMPLE_H

/*
 * A node with a certificate that renews over the network, by requests of any
 * shape.  Its profile has attributes and alternative names to get wrong.
 */

#include <openssl/ec.h>

#include "ca/issue.h"
#include "tests/lib/ca/credential-sample.h"
#include "tests/support/csr-maker.h"

#define NODE_OID(arc) "06{5504" arc "}"
#define NODE_CN(text) "31{30{" NODE_OID("03") " 0c{'" text "'}}}"
#define NODE_O(text) "31{30{" NODE_OID("0a") " 0c{'" text "'}}}"
#define NODE_SUBJECT "30{" NODE_O("Example Ltd") NODE_CN("node-1") "}"
#define NODE_EXTENSIONS(list) "a0{" CSR_REQUEST(list) "}"
#define NODE_SAN(list) "30{06{551d11} 04{30{" list "}}}"
#define NODE_NAMES(list) NODE_EXTENSIONS(NODE_SAN(list))
#define NODE_HOST "82{'n1.example'}"
#define NODE_ADDRESS "87{0a000001}"

/* Template "node"; est: what stands in its group for enrollment. */
void put_node_template(struct test_ca *t, const char *est);

struct node {
	EVP_PKEY *key, *other;          /* its own, and a new one */
	pki_cert *cert;                 /* of key */
};
/* A CA with the template, and node-1. */
void fresh_node(struct test_ca *t, struct node *node, const char *est);
void drop_node(struct test_ca *t, struct node *node);

/* How it renews; all zero: by a good request with a new key. */
struct renewal {
	const char *subject, *attributes;       /* NULL: as they are */
	EVP_PKEY   *key;                /* NULL: the new one */
	EVP_PKEY   *signer;             /* NULL: key */
	const char *label;              /* profile; NULL: none */
	pki_binding binding;
};

/* The request's DER. */
pki_buf *make_renewal(const struct node *node, const struct renewal *how);

/*
 * Check the credential, then issue; *out may be NULL.  Any failure's code,
 * and t->err.
 */
pki_code renew(struct test_ca *t, const struct node *node,
    const struct renewal *how, pki_issued **out);
/* The second half; who has the credential holds the request as well. */
pki_code renew_by(struct test_ca *t, const pki_credential *credential,
    pki_bytes csr, const struct renewal *how, pki_issued **out);

/* How many certificates there are. */
int64_t count_certs(const struct test_ca *t);

#endif

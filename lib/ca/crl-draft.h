#ifndef PKI_CA_CRL_DRAFT_H
#define PKI_CA_CRL_DRAFT_H

/*
 * A CRL of one of our CAs on its way into its file, in fixed memory: begin,
 * add every entry, sign; then what lies on the disk is read back and
 * verified, and its PEM twin made of it (G14, G18).  free without commit
 * leaves nothing behind.
 *
 * A key whose algorithm takes its message as a whole (Ed25519, ML-DSA) has the
 * TBSCertList mapped for it: memory then grows with the list.
 */

#include "base/file.h"
#include "ca/handle.h"
#include "x509/crl-read.h"
#include "x509/crl-write.h"

typedef struct pki_crl_draft pki_crl_draft;

/* path and twin: where DER and PEM will be. */
typedef struct pki_crl_place {
	char path[PKI_PATH_MAX];
	char twin[PKI_PATH_MAX];
} pki_crl_place;

/*
 * likely: how many octets of entries there will be, as the last time.  A
 * wrong guess costs a move of what was written.
 */
pki_code pki_crl_draft_begin(const pki_crl_place *place,
    const pki_authority *authority, const pki_crl_fields *fields,
    uint64_t likely, pki_crl_draft **out, pki_err *err);
pki_code pki_crl_draft_add(pki_crl_draft *draft, const pki_crl_entry *entry,
    pki_err *err);
/* End the list, and sign it as it lies in the file. */
pki_code pki_crl_draft_sign(pki_crl_draft *draft, pki_err *err);
int64_t pki_crl_draft_entries(const pki_crl_draft *draft);
/* Read back: the signature holds; digest is of all octets. */
pki_code pki_crl_draft_verify(pki_crl_draft *draft, pki_digest *digest,
    pki_err *err);
/* Its entries, once it is verified; owned by file. */
pki_crl_reader *pki_crl_draft_reader(pki_crl_draft *draft);

/* Durable, but not there yet. */
pki_code pki_crl_draft_sync(pki_crl_draft *draft, pki_err *err);
/* The twin appears; then, by commit, the DER file. */
pki_code pki_crl_draft_commit_twin(pki_crl_draft *draft, pki_err *err);
pki_code pki_crl_draft_commit(pki_crl_draft *draft, pki_err *err);
void pki_crl_draft_free(pki_crl_draft *draft);
PKI_DEFINE_CLEANUP(pki_crl_draft)

#endif

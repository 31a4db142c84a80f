#ifndef PKI_CA_BATCH_H
#define PKI_CA_BATCH_H

/*
 * Issue many at once: signing threads, and one writer that commits whatever
 * is waiting as one transaction and answers after the commit (group commit).
 *
 * Each request has its own outcome: one that the store refuses is taken back
 * alone, and its signature is wiped; when a commit fails, the whole group was
 * not issued.  G1, G4.
 */

#include "ca/issue.h"

PKI_BEGIN_DECLS

typedef struct pki_batch pki_batch;

typedef struct pki_batch_options {
	pki_ca_options ca;
	unsigned       signers;         /* threads; 0: one for each core */
	size_t         waiting;         /* most requests inside; 0: 4096 */
} pki_batch_options;

/*
 * Open the state directory and start the threads.  Templates and the keys of
 * all CAs that have one here are opened now.  What pki_ca_open,
 * pki_ca_profiles and pki_signer_open_file return.
 */
PKI_CHECKED pki_code pki_batch_open(const pki_batch_options *options,
    pki_batch **out, pki_err *err);

/*
 * Called once for each request, in a thread of the batch, in no order.
 * issued is the callee's to free; NULL: not issued, and err says why.  Do
 * not call pki_batch_close() from it.
 */
typedef void pki_batch_done(void *arg, pki_issued *issued, const pki_err *err);

/*
 * Hand a request in.  It and all it points to must live until done was
 * called.  When csr holds octets (PEM or DER), a signing thread reads them
 * as pki_csr_parse() does, and fills in what pki_issue_request_from_csr()
 * would; else the request is complete.  PKI_BUSY: too many inside, or the
 * write-ahead log is over 1 GiB; done is not called then.  From any thread.
 */
PKI_CHECKED pki_code pki_batch_issue(pki_batch *batch,
    const pki_issue_request *request, pki_bytes csr, pki_batch_done *done,
    void *arg, pki_err *err);

/* Finish what is inside, answer it, stop the threads. */
void pki_batch_close(pki_batch *batch);
static inline void
pki_batch_free(pki_batch *batch)
{
	pki_batch_close(batch);
}
PKI_DEFINE_CLEANUP(pki_batch)

PKI_END_DECLS

#endif

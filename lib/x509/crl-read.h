#ifndef PKI_X509_CRL_READ_H
#define PKI_X509_CRL_READ_H

/*
 * A CRL in a file, DER, read in fixed memory: first what stands before and
 * behind the entries, then the entries, as often as needed.
 *
 * As strict as pki_crl_parse(), and stricter in one thing: entries ascend,
 * each serial once, as in every CRL that we write.
 */

#include "base/sink.h"
#include "x509/crl.h"

typedef struct pki_crl_reader pki_crl_reader;

/*
 * Read all but the entries.  fd is taken, on failure too.  PKI_BAD_INPUT,
 * rules "der", "crl", "name", "serial"; PKI_NO_MEMORY, PKI_SYSTEM.
 */
PKI_CHECKED pki_code pki_crl_reader_open(int fd, pki_crl_reader **out,
    pki_err *err);
void pki_crl_reader_free(pki_crl_reader *reader);
PKI_DEFINE_CLEANUP(pki_crl_reader)

int64_t pki_crl_reader_this_update(const pki_crl_reader *reader);
int64_t pki_crl_reader_next_update(const pki_crl_reader *reader);
int64_t pki_crl_reader_number(const pki_crl_reader *reader);

/* How many octets its entries have. */
uint64_t pki_crl_reader_entry_octets(const pki_crl_reader *reader);

/* All octets of the file go to tap, in order.  Its codes; PKI_SYSTEM. */
PKI_CHECKED pki_code pki_crl_reader_copy(pki_crl_reader *reader,
    const pki_sink *tap, pki_err *err);

/*
 * Issuer name, key id and signature, as pki_crl_check_issuer().  All octets
 * of the file go to tap too, in order; it may be NULL.  For an algorithm that
 * cannot take its message in pieces the TBSCertList is mapped as a whole.
 */
PKI_CHECKED pki_code pki_crl_reader_verify(pki_crl_reader *reader,
    const pki_cert *issuer, const pki_sink *tap, pki_err *err);

/* Go back to the first entry. */
void pki_crl_reader_rewind(pki_crl_reader *reader);
/* *more is false behind the last one.  PKI_BAD_INPUT, as above. */
PKI_CHECKED pki_code pki_crl_reader_next(pki_crl_reader *reader,
    pki_crl_entry *out, bool *more, pki_err *err);
/*
 * Go over entries that stand next in both and are the same, octet for octet.
 * A list and its successor have nearly all of them in common.
 */
PKI_CHECKED pki_code pki_crl_reader_skip_same(pki_crl_reader *a,
    pki_crl_reader *b, pki_err *err);

#endif

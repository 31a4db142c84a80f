#ifndef PKI_X509_CRL_WRITE_H
#define PKI_X509_CRL_WRITE_H

/*
 * TBSCertList, written entry by entry in fixed memory.
 *
 * DER states lengths before contents: what stands before the entries can be
 * said when all of them were added.
 * Extensions: authorityKeyIdentifier, cRLNumber, issuingDistributionPoint.
 * No revokedCertificates at all when there is no entry (RFC 5280, 5.1.2.6).
 */

#include "base/sink.h"
#include "x509/crl.h"

typedef struct pki_crl_fields {
	const pki_sigalg *algorithm;
	const pki_name   *issuer;
	pki_bytes         authority_key_id;
	int64_t           this_update, next_update;
	int64_t           number;
	const char       *idp_url;      /* critical IDP with this fullName */
} pki_crl_fields;

typedef struct pki_crl_writer pki_crl_writer;

/*
 * Entries go to the sink in blocks; what fields point to must live as long.
 * begin: PKI_BAD_INPUT for a time outside 1970 to 9999, a negative number,
 * nextUpdate before thisUpdate.  add: PKI_BAD_INPUT for such a time, a serial
 * not above the last, and removeFromCRL, which only delta CRLs have.  end
 * writes what is left.  PKI_NO_MEMORY, and what the sink returns.
 */
PKI_CHECKED pki_code pki_crl_begin(const pki_crl_fields *fields,
    const pki_sink *sink, pki_crl_writer **out, pki_err *err);
PKI_CHECKED pki_code pki_crl_add(pki_crl_writer *writer,
    const pki_crl_entry *entry, pki_err *err);
PKI_CHECKED pki_code pki_crl_end(pki_crl_writer *writer, pki_err *err);
void pki_crl_writer_free(pki_crl_writer *writer);
PKI_DEFINE_CLEANUP(pki_crl_writer)

int64_t pki_crl_entries(const pki_crl_writer *writer);
uint64_t pki_crl_entry_octets(const pki_crl_writer *writer);

/*
 * What stands before so many octets of entries, from the header of the whole
 * on, appended to out; and what stands behind them.
 */
PKI_CHECKED pki_code pki_crl_add_start(pki_crl_writer *writer,
    uint64_t entry_octets, pki_buf *out, pki_err *err);
pki_bytes pki_crl_tail(const pki_crl_writer *writer);

#endif

#ifndef PKI_X509_PEM_H
#define PKI_X509_PEM_H

/* PEM (RFC 7468): strict textual encoding of one or more DER objects. */

#include "base/sink.h"

PKI_BEGIN_DECLS

#define PKI_PEM_CERT "CERTIFICATE"
#define PKI_PEM_CSR "CERTIFICATE REQUEST"
#define PKI_PEM_CRL "X509 CRL"

/* Append one block, 64 characters a line. */
void pki_pem_add(pki_buf *out, const char *label, pki_bytes der);

/*
 * One block of DER that comes in pieces, written to a sink in blocks.  end
 * writes what is left and the last line.
 */
typedef struct pki_pem_writer pki_pem_writer;
PKI_CHECKED pki_code pki_pem_begin(const char *label, const pki_sink *sink,
    pki_pem_writer **out, pki_err *err);
PKI_CHECKED pki_code pki_pem_put(pki_pem_writer *writer, pki_bytes piece,
    pki_err *err);
PKI_CHECKED pki_code pki_pem_end(pki_pem_writer *writer, pki_err *err);
void pki_pem_writer_free(pki_pem_writer *writer);
PKI_DEFINE_CLEANUP(pki_pem_writer)

/*
 * DER from input that is either DER itself or exactly one PEM block with this
 * label.  Text before the first block is skipped when it holds no "-----"
 * (openssl req -text puts it there); after the block only white space may
 * follow.  "NEW CERTIFICATE REQUEST" counts as "CERTIFICATE REQUEST".
 * PKI_BAD_INPUT, rule "pem", or "size": more than max_bytes of DER;
 * PKI_NO_MEMORY.
 */
PKI_CHECKED pki_code pki_pem_or_der(pki_bytes in, const char *label,
    size_t max_bytes, pki_buf **out, pki_err *err);

/*
 * Call visit for each block of this label, at least one; another label is
 * refused.  Text without "-----" may stand around the blocks.  max_bytes is
 * for each.  What visit returns other than PKI_OK ends it; else as above.
 */
typedef pki_code pki_pem_visitor(pki_bytes der, void *arg, pki_err *err);
PKI_CHECKED pki_code pki_pem_each(pki_bytes text, const char *label,
    size_t max_bytes, pki_pem_visitor *visit, void *arg, pki_err *err);

PKI_END_DECLS

#endif

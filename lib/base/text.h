#ifndef PKI_BASE_TEXT_H
#define PKI_BASE_TEXT_H

/*
 * Text forms of bytes, and small questions about ASCII.  Independent of the
 * locale: only ASCII letters have a case here.
 */

#include "base/buf.h"

PKI_BEGIN_DECLS

/* Lower-case hex. */
void pki_hex_add(pki_buf *out, pki_bytes bytes);
/* Into an array of 2 * bytes.len + 1 characters.  Returns out. */
const char *pki_hex_format(pki_bytes bytes, char *out);
/* Either case, even length, no separators, at most max octets. */
PKI_CHECKED pki_code pki_hex_parse(const char *text, size_t max_bytes,
    pki_buf **out, pki_err *err);

/*
 * RFC 4648, section 4.  line is the width in characters after which a LF is
 * put (64 for PEM), 0 for one line without LF.
 */
void pki_base64_add(pki_buf *out, pki_bytes bytes, size_t line);
/*
 * Strict alphabet and padding, unused bits zero; LF, CR LF, space and tab
 * are skipped.  PKI_BAD_INPUT otherwise, or for more than max_bytes octets.
 */
PKI_CHECKED pki_code pki_base64_parse(pki_bytes text, size_t max_bytes,
    pki_buf **out, pki_err *err);

/*
 * Printable ASCII as it is, a backslash doubled, the rest as \xNN; cut with
 * "..." when room is short.  Always terminates.  Returns out.
 */
const char *pki_text_escape(pki_bytes in, char *out, size_t room);

bool pki_text_is_printable(pki_bytes in);       /* 0x20 to 0x7e only */
char pki_text_lower(char c);
bool pki_text_equal_nocase(const char *a, const char *b);
/* Lower-case copy into out (strlen + 1 characters).  Returns out. */
const char *pki_text_fold(const char *in, char *out, size_t room);

/* snprintf that says when it did not fit: PKI_BAD_INPUT. */
PKI_CHECKED pki_code pki_text_format(char *out, size_t room, pki_err *err,
    const char *fmt, ...) PKI_PRINTF(4, 5);

/* Whole-string decimal within [min, max].  PKI_BAD_INPUT otherwise. */
PKI_CHECKED pki_code pki_number_parse(const char *text, int64_t min,
    int64_t max, int64_t *out, pki_err *err);

/* A copy the caller frees with free(), or NULL when memory is out. */
char *pki_text_copy(const char *text);

PKI_END_DECLS

#endif

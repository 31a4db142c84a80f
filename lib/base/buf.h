#ifndef PKI_BASE_BUF_H
#define PKI_BASE_BUF_H

/*
 * Bytes: borrowed (pki_bytes) and owned (pki_buf, wiped when freed or moved).
 */

#include "base/auto.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

PKI_BEGIN_DECLS

/* Borrowed bytes.  Valid as long as their owner says; data may be NULL. */
typedef struct pki_bytes {
	const uint8_t *data;
	size_t         len;
} pki_bytes;

/* An owned, growing byte string.  data is always NUL-terminated at len. */
typedef struct pki_buf {
	uint8_t *data;
	size_t   len;
	size_t   room;
	bool     failed;        /* memory ran out: the contents are void */
} pki_buf;

/* A literal, or any array, as bytes; the terminating NUL is not counted. */
#define PKI_BYTES_TEXT(s) ((pki_bytes){ (const uint8_t *)(s), sizeof(s) - 1 })

pki_bytes pki_bytes_of(const void *data, size_t len);
pki_bytes pki_bytes_text(const char *text);     /* NULL gives no bytes */
bool pki_bytes_equal(pki_bytes a, pki_bytes b);
/*
 * The same for secrets: how long it takes tells their lengths and no more.
 * No bytes are equal to nothing, not even to no bytes.
 */
bool pki_bytes_equal_secret(pki_bytes a, pki_bytes b);
/* memcmp order; a prefix sorts before what it begins. */
int pki_bytes_compare(pki_bytes a, pki_bytes b);

/* NULL only when memory is out. */
pki_buf *pki_buf_new(void);
void pki_buf_free(pki_buf *buf);
PKI_DEFINE_CLEANUP(pki_buf)

/*
 * Appending never returns an error: it sets buf->failed, and every later
 * append does nothing.  Who hands the contents on asks pki_buf_check() once.
 */
void pki_buf_add(pki_buf *buf, pki_bytes bytes);
void pki_buf_add_byte(pki_buf *buf, uint8_t byte);
void pki_buf_add_text(pki_buf *buf, const char *text);
void pki_buf_add_format(pki_buf *buf, const char *fmt, ...) PKI_PRINTF(2, 3);

/* PKI_OK, or PKI_NO_MEMORY when buf is NULL or an append failed. */
PKI_CHECKED pki_code pki_buf_check(const pki_buf *buf, pki_err *err);

/* Make room for len more bytes and return where they go, or NULL. */
uint8_t *pki_buf_reserve(pki_buf *buf, size_t len);

/* Forget the contents beyond len, wiping them. */
void pki_buf_cut(pki_buf *buf, size_t len);

pki_bytes pki_buf_bytes(const pki_buf *buf);
const char *pki_buf_text(const pki_buf *buf);   /* borrowed, never NULL */

/* A new buffer with a copy, or NULL. */
pki_buf *pki_buf_copy(pki_bytes bytes);

/* Overwrite memory in a way the compiler must keep. */
void pki_wipe(void *data, size_t len);

PKI_END_DECLS

#endif

#ifndef PKI_BASE_ERR_H
#define PKI_BASE_ERR_H

/*
 * What went wrong: a code to branch on and a sentence to read.
 */

#include <stdarg.h>

#ifdef __cplusplus
# define PKI_BEGIN_DECLS extern "C" { _Pragma("GCC visibility push(default)")
# define PKI_END_DECLS _Pragma("GCC visibility pop") }
#else
# define PKI_BEGIN_DECLS _Pragma("GCC visibility push(default)")
# define PKI_END_DECLS _Pragma("GCC visibility pop")
#endif

/* The result must be looked at. */
#define PKI_CHECKED __attribute__((warn_unused_result))
#define PKI_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

PKI_BEGIN_DECLS

typedef enum pki_code {
	PKI_OK = 0,
	PKI_USAGE,      /* the call is wrong: unknown option and such */
	PKI_BAD_INPUT,  /* the caller's input is malformed */
	PKI_DENIED,     /* well formed, but policy says no */
	PKI_NOT_FOUND,
	PKI_EXISTS,
	PKI_PENDING,    /* accepted, waiting for approval */
	PKI_BUSY,       /* try again later */
	PKI_CLOCK,      /* the clock cannot be trusted: try again later */
	PKI_DAMAGED,    /* stored data does not match its own hash or rules */
	PKI_CRYPTO,     /* OpenSSL refused */
	PKI_STORE,      /* database refused */
	PKI_SYSTEM,     /* operating system refused */
	PKI_NO_MEMORY,
} pki_code;

/*
 * A report of one failure.  Lives on the caller's stack, never allocates.
 * msg reads from the outermost context inwards:
 *   "profile 'auditor': key-size: 'RSA 1024' refused, accepted: 2048, 3072"
 * rule, value and accepts are filled by pki_refuse() only, else empty.
 * All four hold printable ASCII; other octets appear as \xNN.
 */
typedef struct pki_err {
	pki_code code;
	char     msg[512];
	char     rule[40];      /* the rule's stable name: "key-size" */
	char     value[128];    /* the offending value, cut if long */
	char     accepts[192];  /* what would have been accepted */
} pki_err;

/* Record a failure and return code.  err may be NULL. */
pki_code pki_fail(pki_err *err, pki_code code, const char *fmt, ...)
    PKI_PRINTF(3, 4);

/*
 * Record a refusal: which rule, what would be accepted, and (printf-like)
 * which value.  The sentence is made from the three.  Returns code.
 */
pki_code pki_refuse(pki_err *err, pki_code code, const char *rule,
    const char *accepts, const char *value_fmt, ...) PKI_PRINTF(5, 6);

/* Put context in front of a recorded failure and return code. */
pki_code pki_wrap(pki_err *err, pki_code code, const char *fmt, ...)
    PKI_PRINTF(3, 4);

/* Record PKI_SYSTEM, or PKI_NO_MEMORY for ENOMEM, with errno's text last. */
pki_code pki_fail_errno(pki_err *err, const char *fmt, ...) PKI_PRINTF(2, 3);

/* Record and return PKI_NO_MEMORY. */
pki_code pki_fail_memory(pki_err *err);

/* The code's name as scripts see it: "denied", "not-found"...  Static. */
const char *pki_code_name(pki_code code);

PKI_END_DECLS

#endif

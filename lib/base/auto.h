#ifndef PKI_BASE_AUTO_H
#define PKI_BASE_AUTO_H

/*
 * Ownership bound to scope: PKI_AUTO(pki_buf) buf = NULL; frees itself at
 * every return.  A type takes part by PKI_DEFINE_CLEANUP(type) below its
 * type##_free, which must accept NULL.
 */

#define PKI_AUTO(type) __attribute__((cleanup(type##_cleanup))) type *

#define PKI_DEFINE_CLEANUP(type)                                        \
	static inline void type##_cleanup(type **p) { type##_free(*p); }

/* Hand ownership over: the value of ptr, which becomes NULL. */
#define PKI_TAKE(ptr)                                                   \
	({ __typeof__(ptr) taken_ = (ptr); (ptr) = NULL; taken_; })

#define PKI_COUNT(array) (sizeof(array) / sizeof((array)[0]))

#endif

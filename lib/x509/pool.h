#ifndef PKI_X509_POOL_H
#define PKI_X509_POOL_H

/*
 * Objects that cost more to make than to use, kept for the next one who needs
 * one: as many as there are threads that work at the same time.  Each belongs
 * to whoever took it until it is given back, so that threads share nothing.
 *
 * There is no lock that a fork could leave held, and nothing to clean up when
 * a thread ends: the pool's owner frees what is inside with itself.  One of
 * zero octets is an empty pool.
 */

#define PKI_POOL_SLOTS 16

typedef struct pki_pool {
	_Atomic(void *) slots[PKI_POOL_SLOTS];
} pki_pool;

/* NULL: there is none, make one. */
void *pki_pool_take(pki_pool *pool);
/* Returns what did not fit, which the caller frees, or NULL. */
void *pki_pool_give(pki_pool *pool, void *item);

#endif

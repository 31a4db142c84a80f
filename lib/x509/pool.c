#include "x509/pool.h"

#include <stdatomic.h>
#include <stddef.h>

#include "base/auto.h"

void *
pki_pool_take(pki_pool *pool)
{
	void *item;

	for (size_t i = 0; i < PKI_COUNT(pool->slots); i++) {
		/* A look costs less than an exchange that finds nothing. */
		if (atomic_load_explicit(&pool->slots[i],
		    memory_order_relaxed) == NULL)
			continue;
		item = atomic_exchange_explicit(&pool->slots[i], NULL,
		    memory_order_acquire);
		if (item != NULL)
			return item;
	}
	return NULL;
}

void *
pki_pool_give(pki_pool *pool, void *item)
{
	for (size_t i = 0; i < PKI_COUNT(pool->slots); i++) {
		void *empty = NULL;

		if (atomic_compare_exchange_strong_explicit(&pool->slots[i],
		    &empty, item, memory_order_release, memory_order_relaxed))
			return NULL;
	}
	return item;
}

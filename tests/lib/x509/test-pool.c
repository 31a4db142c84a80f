#include "x509/pool.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "base/auto.h"
#include "x509/key.h"

TestSuite(pool, .timeout = 30);
TestSuite(pool_contexts, .timeout = 60);

#define THREADS 8
#define ROUNDS 200

Test(pool, gives_back_what_was_put_in_and_nothing_twice)
{
	pki_pool pool = { { NULL } };
	int items[2];

	cr_expect_null(pki_pool_take(&pool));
	cr_expect_null(pki_pool_give(&pool, &items[0]));
	cr_expect_null(pki_pool_give(&pool, &items[1]));
	cr_expect(pki_pool_take(&pool) == &items[0]);
	cr_expect(pki_pool_take(&pool) == &items[1]);
	cr_expect_null(pki_pool_take(&pool));
}

Test(pool, returns_what_does_not_fit)
{
	int items[PKI_POOL_SLOTS + 1];
	pki_pool pool = { { NULL } };

	for (size_t i = 0; i < PKI_POOL_SLOTS; i++)
		cr_expect_null(pki_pool_give(&pool, &items[i]));
	cr_expect(pki_pool_give(&pool, &items[PKI_POOL_SLOTS]) ==
	    &items[PKI_POOL_SLOTS]);
}

/* An item that two threads hold at once is counted wrongly. */
static void *
count_in_items(void *arg)
{
	pki_pool *pool = arg;

	for (int i = 0; i < ROUNDS * 100; i++) {
		int *item = pki_pool_take(pool);

		if (item == NULL)
			item = calloc(1, sizeof(*item));
		++*item;
		free(pki_pool_give(pool, item));
	}
	return NULL;
}

static void
run_threads(void *(*run)(void *), void *arg)
{
	pthread_t threads[THREADS];

	for (size_t i = 0; i < THREADS; i++)
		cr_assert(pthread_create(&threads[i], NULL, run, arg) == 0);
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
}

Test(pool, lets_no_two_threads_have_one_item)
{
	pki_pool pool = { { NULL } };
	long total = 0;
	int *item;

	run_threads(count_in_items, &pool);
	while ((item = pki_pool_take(&pool)) != NULL) {
		total += *item;
		free(item);
	}
	cr_expect(total == (long)THREADS * ROUNDS * 100);
}

/* Keys that many threads use at once. */
struct keys {
	pki_key *signer, *other;
	_Atomic(int) failures;
};

static bool
sign_and_verify(const pki_key *key, const pki_key *other)
{
	const pki_bytes message = PKI_BYTES_TEXT("message");
	const pki_pubkey *public = pki_key_public(key);
	const pki_sigalg *algorithm = pki_sigalg_for(pki_pubkey_type(public));
	PKI_AUTO(pki_buf) signature = pki_buf_new();

	return pki_key_sign(key, message, signature, NULL) == PKI_OK &&
	    pki_pubkey_verify(public, algorithm, message,
	    pki_buf_bytes(signature), NULL) == PKI_OK &&
	    pki_pubkey_verify(pki_key_public(other), algorithm, message,
	    pki_buf_bytes(signature), NULL) == PKI_DENIED;
}

static void *
use_keys(void *arg)
{
	struct keys *keys = arg;

	for (int i = 0; i < ROUNDS; i++)
		if (!sign_and_verify(keys->signer, keys->other) ||
		    !sign_and_verify(keys->other, keys->signer))
			keys->failures++;
	return NULL;
}

static void
make_keys(struct keys *keys, pki_key_type type)
{
	memset(keys, 0, sizeof(*keys));
	cr_assert(pki_key_generate(type, &keys->signer, NULL) == PKI_OK);
	cr_assert(pki_key_generate(type, &keys->other, NULL) == PKI_OK);
}

static void
free_keys(struct keys *keys)
{
	pki_key_free(keys->signer);
	pki_key_free(keys->other);
}

Test(pool_contexts, serve_many_threads_with_two_keys_of_one_type)
{
	static const pki_key_type types[] = {
		PKI_KEY_P256, PKI_KEY_ED25519, PKI_KEY_RSA2048,
	};

	for (size_t i = 0; i < PKI_COUNT(types); i++) {
		struct keys keys;

		make_keys(&keys, types[i]);
		run_threads(use_keys, &keys);
		cr_expect(keys.failures == 0, "%s: %d of %d",
		    pki_key_type_name(types[i]), keys.failures,
		    2 * THREADS * ROUNDS);
		free_keys(&keys);
	}
}

Test(pool_contexts, work_in_a_child_process_and_after_it)
{
	struct keys keys;
	int status = -1;
	pid_t child;

	make_keys(&keys, PKI_KEY_P256);
	cr_assert(sign_and_verify(keys.signer, keys.other));
	child = fork();
	if (child == 0)
		_exit(sign_and_verify(keys.signer, keys.other) ? 0 : 1);
	cr_assert(waitpid(child, &status, 0) == child && status == 0);
	cr_expect(sign_and_verify(keys.signer, keys.other));
	free_keys(&keys);
}

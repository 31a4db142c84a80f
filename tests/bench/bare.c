#include "tests/bench/bare.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/ec.h>
#include <openssl/evp.h>

#include "tests/bench/bench.h"

#define HASH_LEN 32
#define SIGNATURE_MAX 80

/* A key, ready to verify what it has signed. */
struct signer {
	EVP_PKEY_CTX *sign, *verify;
	uint8_t       signature[SIGNATURE_MAX];
	size_t        len;
};

struct bench_bare {
	struct signer  issuer;
	struct signer *requesters;
	size_t         count;
	uint8_t        hash[HASH_LEN];
};

static void
expect(int result, const char *what)
{
	if (result != 1)
		bench_fail(what, NULL);
}

static void
make_signer(const bench_bare *bare, struct signer *signer)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");

	signer->sign = EVP_PKEY_CTX_new(key, NULL);
	signer->verify = EVP_PKEY_CTX_new(key, NULL);
	EVP_PKEY_free(key);
	signer->len = sizeof(signer->signature);
	expect(EVP_PKEY_sign_init(signer->sign), "EVP_PKEY_sign_init");
	expect(EVP_PKEY_verify_init(signer->verify), "EVP_PKEY_verify_init");
	expect(EVP_PKEY_sign(signer->sign, signer->signature, &signer->len,
	    bare->hash, HASH_LEN), "EVP_PKEY_sign");
}

static void
clear_signer(struct signer *signer)
{
	EVP_PKEY_CTX_free(signer->sign);
	EVP_PKEY_CTX_free(signer->verify);
}

static void
verify(const bench_bare *bare, const struct signer *signer)
{
	expect(EVP_PKEY_verify(signer->verify, signer->signature, signer->len,
	    bare->hash, HASH_LEN), "EVP_PKEY_verify");
}

bench_bare *
bench_bare_new(size_t requesters)
{
	bench_bare *bare = calloc(1, sizeof(*bare));

	if (bare == NULL)
		bench_fail("memory", NULL);
	bare->requesters = calloc(requesters, sizeof(*bare->requesters));
	if (bare->requesters == NULL)
		bench_fail("memory", NULL);
	bare->count = requesters;
	memset(bare->hash, 0x5a, sizeof(bare->hash));
	make_signer(bare, &bare->issuer);
	for (size_t i = 0; i < requesters; i++)
		make_signer(bare, &bare->requesters[i]);
	return bare;
}

void
bench_bare_free(bench_bare *bare)
{
	if (bare == NULL)
		return;
	clear_signer(&bare->issuer);
	for (size_t i = 0; i < bare->count; i++)
		clear_signer(&bare->requesters[i]);
	free(bare->requesters);
	free(bare);
}

void
bench_bare_verify(const bench_bare *bare, size_t i)
{
	verify(bare, &bare->requesters[i % bare->count]);
}

void
bench_bare_sign(const bench_bare *bare)
{
	uint8_t signature[SIGNATURE_MAX];
	size_t len = sizeof(signature);

	expect(EVP_PKEY_sign(bare->issuer.sign, signature, &len, bare->hash,
	    HASH_LEN), "EVP_PKEY_sign");
}

void
bench_bare_verify_issuer(const bench_bare *bare)
{
	verify(bare, &bare->issuer);
}

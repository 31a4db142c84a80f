#include "x509/key-quality.h"

#include <string.h>

#include "x509/openssl.h"

#define FERMAT_ROUNDS 100
#define ROCA_PRIME_MAX 167
#define ED25519_OCTETS 32

#define WEAK_RSA "a modulus of two random primes"

/* CA/B BR 6.1.6 and SP 800-89, 5.3.3: no factor smaller than 752. */
static const uint16_t odd_primes[] = {
	3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67,
	71, 73, 79, 83, 89, 97, 101, 103, 107, 109, 113, 127, 131, 137, 139,
	149, 151, 157, 163, 167, 173, 179, 181, 191, 193, 197, 199, 211, 223,
	227, 229, 233, 239, 241, 251, 257, 263, 269, 271, 277, 281, 283, 293,
	307, 311, 313, 317, 331, 337, 347, 349, 353, 359, 367, 373, 379, 383,
	389, 397, 401, 409, 419, 421, 431, 433, 439, 443, 449, 457, 461, 463,
	467, 479, 487, 491, 499, 503, 509, 521, 523, 541, 547, 557, 563, 569,
	571, 577, 587, 593, 599, 601, 607, 613, 617, 619, 631, 641, 643, 647,
	653, 659, 661, 673, 677, 683, 691, 701, 709, 719, 727, 733, 739, 743,
	751,
};

/* Is value a power of 65537 modulo prime? */
static bool
is_power_of_65537(unsigned value, unsigned prime)
{
	unsigned power = 1;

	do {
		if (power == value)
			return true;
		power = power * (65537U % prime) % prime;
	} while (power != 1);
	return false;
}

static bool
is_square_modulo(unsigned value, unsigned modulus)
{
	for (unsigned root = 0; root <= modulus / 2; root++) {
		if (root * root % modulus == value)
			return true;
	}
	return false;
}

/* The integer part of the square root, by Newton.  False: out of memory. */
static bool
take_root(BIGNUM *root, const BIGNUM *n, BN_CTX *ctx)
{
	BIGNUM *next;
	bool done = false;

	BN_CTX_start(ctx);
	next = BN_CTX_get(ctx);
	BN_zero(root);
	if (next == NULL || BN_set_bit(root, (BN_num_bits(n) + 1) / 2) != 1)
		goto out;
	while (!BN_is_zero(root)) {
		if (BN_div(next, NULL, n, root, ctx) != 1 ||
		    BN_add(next, next, root) != 1 ||
		    BN_rshift1(next, next) != 1)
			goto out;
		if (BN_cmp(next, root) >= 0)
			break;
		if (BN_copy(root, next) == NULL)
			goto out;
	}
	done = true;
out:
	BN_CTX_end(ctx);
	return done;
}

/* False: out of memory. */
static bool
find_square(const BIGNUM *n, bool *is_square, BN_CTX *ctx)
{
	/* Most numbers are no squares modulo these; a root is dear. */
	static const unsigned moduli[] = { 64, 63, 65, 11 };
	const unsigned product = 64 * 63 * 65 * 11;
	unsigned rest = (unsigned)BN_mod_word(n, product);
	BIGNUM *root;
	bool done;

	*is_square = false;
	for (size_t i = 0; i < PKI_COUNT(moduli); i++) {
		if (!is_square_modulo(rest % moduli[i], moduli[i]))
			return true;
	}
	BN_CTX_start(ctx);
	root = BN_CTX_get(ctx);
	done = root != NULL && take_root(root, n, ctx) &&
	    BN_sqr(root, root, ctx) == 1;
	if (done)
		*is_square = BN_cmp(root, n) == 0;
	BN_CTX_end(ctx);
	return done;
}

/*
 * Fermat: an odd n = p * q is a^2 - b^2 with a = (p + q) / 2, which lies just
 * above the root of n when p and q are near.  A square is the first round's
 * b = 0.  False: out of memory.
 */
static bool
find_near_factors(const BIGNUM *n, bool *found, BN_CTX *ctx)
{
	BIGNUM *a = BN_CTX_get(ctx);
	BIGNUM *b_squared = BN_CTX_get(ctx);
	BIGNUM *step = BN_CTX_get(ctx);

	*found = false;
	if (step == NULL || !take_root(a, n, ctx) ||
	    BN_sqr(b_squared, a, ctx) != 1)
		return false;
	if (BN_cmp(b_squared, n) < 0) {
		if (BN_add_word(a, 1) != 1 || BN_sqr(b_squared, a, ctx) != 1)
			return false;
	}
	if (BN_sub(b_squared, b_squared, n) != 1)
		return false;
	for (unsigned i = 0; i < FERMAT_ROUNDS; i++) {
		if (!find_square(b_squared, found, ctx))
			return false;
		if (*found)
			return true;
		/* (a + 1)^2 = a^2 + 2a + 1 */
		if (BN_lshift1(step, a) != 1 || BN_add_word(step, 1) != 1 ||
		    BN_add(b_squared, b_squared, step) != 1 ||
		    BN_add_word(a, 1) != 1)
			return false;
	}
	return true;
}

static pki_code
check_residues(const BIGNUM *n, pki_err *err)
{
	bool roca = true;

	if (!BN_is_odd(n))
		return pki_refuse(err, PKI_DENIED, "key-weak", WEAK_RSA,
		    "RSA modulus with the factor 2");
	for (size_t i = 0; i < PKI_COUNT(odd_primes); i++) {
		unsigned prime = odd_primes[i];
		unsigned rest = (unsigned)BN_mod_word(n, prime);

		if (rest == 0)
			return pki_refuse(err, PKI_DENIED, "key-weak",
			    WEAK_RSA, "RSA modulus with the factor %u", prime);
		if (prime <= ROCA_PRIME_MAX)
			roca = roca && is_power_of_65537(rest, prime);
	}
	/* A random modulus passes all 38 primes once in 2^150 or so. */
	if (roca)
		return pki_refuse(err, PKI_DENIED, "key-weak", WEAK_RSA,
		    "RSA modulus with the ROCA fingerprint");
	return PKI_OK;
}

pki_code
pki_rsa_modulus_check(pki_bytes modulus, pki_err *err)
{
	PKI_AUTO(BN_CTX) ctx = BN_CTX_new();
	PKI_AUTO(BIGNUM) n = BN_bin2bn(modulus.data, (int)modulus.len, NULL);
	bool near, done;
	pki_code rc;

	if (ctx == NULL || n == NULL)
		return pki_fail_memory(err);
	rc = check_residues(n, err);
	if (rc != PKI_OK)
		return rc;
	BN_CTX_start(ctx);
	done = find_near_factors(n, &near, ctx);
	BN_CTX_end(ctx);
	if (!done)
		return pki_fail_openssl(err, "factors of an RSA modulus");
	if (near)
		return pki_refuse(err, PKI_DENIED, "key-weak", WEAK_RSA,
		    "RSA modulus of two near primes");
	return PKI_OK;
}

/*
 * The y of the eight points whose order divides the cofactor, little-endian:
 * 1, p - 1, 0, and two of order 8.
 */
static bool
has_small_order(const uint8_t y[ED25519_OCTETS])
{
	static const uint8_t small[][ED25519_OCTETS + 1] = {
		"\x01",
		"\xec\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"
		"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"
		"\xff\x7f",
		"",
		"\x26\xe8\x95\x8f\xc2\xb2\x27\xb0\x45\xc3\xf4\x89\xf2\xef\x98"
		"\xf0\xd5\xdf\xac\x05\xd3\xc6\x33\x39\xb1\x38\x02\x88\x6d\x53"
		"\xfc\x05",
		"\xc7\x17\x6a\x70\x3d\x4d\xd8\x4f\xba\x3c\x0b\x76\x0d\x10\x67"
		"\x0f\x2a\x20\x53\xfa\x2c\x39\xcc\xc6\x4e\xc7\xfd\x77\x92\xac"
		"\x03\x7a",
	};

	for (size_t i = 0; i < PKI_COUNT(small); i++) {
		if (memcmp(small[i], y, ED25519_OCTETS) == 0)
			return true;
	}
	return false;
}

/*
 * On the curve: x^2 = (y^2 - 1) / (d * y^2 + 1) modulo p has a solution,
 * that is when numerator times denominator is a square.
 * False: out of memory.
 */
static bool
find_ed25519_point(const uint8_t y_octets[ED25519_OCTETS], bool *on_curve,
    BN_CTX *ctx)
{
	BIGNUM *y = BN_CTX_get(ctx);
	BIGNUM *over = BN_CTX_get(ctx);
	BIGNUM *under = BN_CTX_get(ctx);
	BIGNUM *p = BN_CTX_get(ctx);
	BIGNUM *d = BN_CTX_get(ctx);
	int symbol;

	if (d == NULL ||
	    BN_hex2bn(&p, "7fffffffffffffffffffffffffffffff"
	    "ffffffffffffffffffffffffffffffed") == 0 ||
	    BN_hex2bn(&d, "52036cee2b6ffe738cc740797779e898"
	    "00700a4d4141d8ab75eb4dca135978a3") == 0 ||
	    BN_lebin2bn(y_octets, ED25519_OCTETS, y) == NULL)
		return false;
	*on_curve = false;
	if (BN_cmp(y, p) >= 0)
		return true;
	if (BN_mod_sqr(over, y, p, ctx) != 1 ||
	    BN_mod_mul(under, d, over, p, ctx) != 1 ||
	    BN_add_word(under, 1) != 1 ||
	    BN_sub(over, over, BN_value_one()) != 1 ||
	    BN_mod_mul(over, over, under, p, ctx) != 1)
		return false;
	symbol = BN_kronecker(over, p, ctx);
	*on_curve = symbol == 0 || symbol == 1;
	return symbol >= -1;
}

pki_code
pki_ed25519_point_check(pki_bytes point, pki_err *err)
{
	PKI_AUTO(BN_CTX) ctx = BN_CTX_new();
	uint8_t y[ED25519_OCTETS];
	bool on_curve, done;

	if (point.len != sizeof(y))
		return pki_refuse(err, PKI_DENIED, "key-point", "32 octets",
		    "Ed25519 key of %zu octets", point.len);
	if (ctx == NULL)
		return pki_fail_memory(err);
	/* The highest bit is the sign of x. */
	memcpy(y, point.data, sizeof(y));
	y[sizeof(y) - 1] &= 0x7f;
	if (has_small_order(y))
		return pki_refuse(err, PKI_DENIED, "key-weak",
		    "a point of large order", "Ed25519 point of small order");
	BN_CTX_start(ctx);
	done = find_ed25519_point(y, &on_curve, ctx);
	BN_CTX_end(ctx);
	if (!done)
		return pki_fail_openssl(err, "Ed25519 point");
	if (!on_curve)
		return pki_refuse(err, PKI_DENIED, "key-point",
		    "a point on the curve", "Ed25519 point off the curve");
	return PKI_OK;
}

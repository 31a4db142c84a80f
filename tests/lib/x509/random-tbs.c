#include "random-tbs.h"

#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>
#include <openssl/core_names.h>

#include "base/clock.h"
#include "policy/alt-pattern.h"
#include "x509/openssl.h"
#include "x509/usage.h"

#define TYPES (PKI_KEY_ML_DSA_87 + 1)

/* xorshift64*: nothing here is a secret. */
uint64_t
random_below(random_source *source, uint64_t end)
{
	source->state ^= source->state >> 12;
	source->state ^= source->state << 25;
	source->state ^= source->state >> 27;
	return (source->state * UINT64_C(0x2545f4914f6cdd1d) >> 16) % end;
}

static bool
one_of(random_source *source, uint64_t count)
{
	return random_below(source, count) == 0;
}

static void
fill_octets(random_source *source, uint8_t *out, size_t len)
{
	for (size_t i = 0; i < len; i++)
		out[i] = (uint8_t)random_below(source, 256);
}

/* len letters and a NUL. */
static void
fill_letters(random_source *source, char *out, size_t len)
{
	for (size_t i = 0; i < len; i++)
		out[i] = (char)('a' + random_below(source, 26));
	out[len] = '\0';
}

static pki_pubkey *
parse_pkey(EVP_PKEY *pkey, pki_err *err)
{
	uint8_t *der = NULL;
	int len = i2d_PUBKEY(pkey, &der);
	pki_pubkey *key = NULL;
	pki_code rc;

	cr_assert(len > 0);
	rc = pki_pubkey_parse(pki_bytes_of(der, (size_t)len), &key, err);
	cr_assert(rc == PKI_OK || strcmp(err->rule, "key-weak") == 0, "%s",
	    err->msg);
	OPENSSL_free(der);
	return key;
}

/*
 * Nobody signs by these keys, so that the factors do not matter: what passes
 * for a modulus is found in no time.
 */
static pki_pubkey *
make_rsa(random_source *source, size_t bits)
{
	uint8_t modulus[4096 / 8], little[4096 / 8];
	unsigned exponent = 65537;
	size_t len = bits / 8;
	OSSL_PARAM params[] = {
		OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_N, little, len),
		OSSL_PARAM_uint(OSSL_PKEY_PARAM_RSA_E, &exponent),
		OSSL_PARAM_END,
	};
	pki_pubkey *key = NULL;
	pki_err err;

	while (key == NULL) {
		PKI_AUTO(EVP_PKEY_CTX) ctx =
		    EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
		PKI_AUTO(EVP_PKEY) pkey = NULL;
		PKI_AUTO(BIGNUM) n = NULL;

		fill_octets(source, modulus, len);
		modulus[0] |= 0x80;
		modulus[len - 1] |= 1;
		n = BN_bin2bn(modulus, (int)len, NULL);
		cr_assert(BN_bn2nativepad(n, little, (int)len) > 0);
		cr_assert(EVP_PKEY_fromdata_init(ctx) == 1 &&
		    EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params)
		    == 1);
		key = parse_pkey(pkey, &err);
	}
	return key;
}

static pki_pubkey *
make_key(random_source *source, pki_key_type type)
{
	static const struct {
		const char *name, *group;
		size_t      rsa_bits;
	} rows[TYPES] = {
		[PKI_KEY_P256] = { "EC", "P-256", 0 },
		[PKI_KEY_P384] = { "EC", "P-384", 0 },
		[PKI_KEY_P521] = { "EC", "P-521", 0 },
		[PKI_KEY_ED25519] = { "ED25519", NULL, 0 },
		[PKI_KEY_RSA2048] = { "RSA", NULL, 2048 },
		[PKI_KEY_RSA3072] = { "RSA", NULL, 3072 },
		[PKI_KEY_RSA4096] = { "RSA", NULL, 4096 },
		[PKI_KEY_ML_DSA_44] = { "ML-DSA-44", NULL, 0 },
		[PKI_KEY_ML_DSA_65] = { "ML-DSA-65", NULL, 0 },
		[PKI_KEY_ML_DSA_87] = { "ML-DSA-87", NULL, 0 },
	};
	PKI_AUTO(EVP_PKEY) pkey = NULL;
	pki_err err;

	if (rows[type].rsa_bits != 0)
		return make_rsa(source, rows[type].rsa_bits);
	pkey = rows[type].group != NULL ?
	    EVP_PKEY_Q_keygen(NULL, NULL, rows[type].name, rows[type].group) :
	    EVP_PKEY_Q_keygen(NULL, NULL, rows[type].name);
	cr_assert(pkey != NULL, "%s", rows[type].name);
	return parse_pkey(pkey, &err);
}

void
random_open(random_source *source, uint64_t seed)
{
	pki_err err = { 0 };

	memset(source, 0, sizeof(*source));
	source->state = seed;
	cr_assert(pki_profiles_load(TEMPLATES_DIR, &source->profiles, &err) ==
	    PKI_OK, "%s", err.msg);
	cr_assert(pki_name_build(NULL, 0, &source->nobody, &err) == PKI_OK);
	for (int type = 0; type < TYPES; type++)
		for (size_t i = 0; i < RANDOM_KEYS; i++)
			if (pki_key_type_available((pki_key_type)type))
				source->keys[type][i] = make_key(source,
				    (pki_key_type)type);
}

void
random_close(random_source *source)
{
	pki_profiles_free(source->profiles);
	pki_name_free(source->nobody);
	for (int type = 0; type < TYPES; type++)
		for (size_t i = 0; i < RANDOM_KEYS; i++)
			pki_pubkey_free(source->keys[type][i]);
}

/* Of one of the types in set. */
static const pki_pubkey *
choose_key(random_source *source, uint32_t set)
{
	const pki_pubkey *key;
	uint64_t type;

	for (;;) {
		type = random_below(source, TYPES);
		key = source->keys[type][random_below(source, RANDOM_KEYS)];
		if ((set >> type & 1) != 0 && key != NULL)
			return key;
	}
}

/* A pattern with each star replaced by letters. */
static void
fill_pattern(random_source *source, const char *pattern, char *out,
    size_t room)
{
	size_t used = 0;

	for (; *pattern != '\0' && used + 40 < room; pattern++) {
		if (*pattern != '*') {
			out[used++] = *pattern;
			continue;
		}
		fill_letters(source, out + used,
		    1 + random_below(source, 20));
		used += strlen(out + used);
	}
	out[used] = '\0';
}

static void
choose_identity(random_source *source, const pki_profile *profile,
    char out[PKI_IDENTITY_MAX + 1])
{
	const pki_text_list *reserve = &profile->identity_reserve;

	if (profile->kind != PKI_PROFILE_END_ENTITY)
		snprintf(out, PKI_IDENTITY_MAX + 1, "Z\xc3\xa4hler %llu CA",
		    (unsigned long long)random_below(source, UINT64_MAX));
	else if (reserve->count > 0)
		fill_pattern(source, reserve->items[random_below(source,
		    reserve->count)], out, PKI_IDENTITY_MAX + 1);
	else
		/* No reserved name begins with a digit. */
		fill_letters(source, stpcpy(out, "0"),
		    random_below(source, PKI_IDENTITY_MAX));
}

static void
choose_address(random_source *source, char *out, size_t room)
{
	if (one_of(source, 2))
		snprintf(out, room, "ip:10.%u.%u.0",
		    (unsigned)random_below(source, 256),
		    (unsigned)random_below(source, 256));
	else
		snprintf(out, room, "ip:2001:db8:%x::%x",
		    (unsigned)random_below(source, 65536),
		    (unsigned)random_below(source, 65536));
}

static void
add_name(pki_altnames *names, const char *text)
{
	pki_err err = { 0 };

	cr_assert(pki_altnames_add_text(names, text, &err) == PKI_OK, "%s",
	    err.msg);
}

/* Names that the profile allows, none to many. */
static pki_altnames *
choose_alt_names(random_source *source, const pki_profile *profile)
{
	const pki_text_list *allow = &profile->alt_allow;
	pki_altnames *names = pki_altnames_new();
	size_t count = random_below(source, one_of(source, 20) ? 40 : 4);
	char text[128];

	cr_assert(names != NULL);
	for (size_t i = 0; allow->count > 0 && i < count; i++) {
		const char *pattern = allow->items[random_below(source,
		    allow->count)];

		if (strcmp(pattern, "ip:*") == 0)
			choose_address(source, text, sizeof(text));
		else
			fill_pattern(source, pattern, text, sizeof(text));
		add_name(names, text);
	}
	return names;
}

/* No shipped profile allows these kinds; the writer knows them. */
static void
add_other_kinds(random_source *source, pki_altnames *names)
{
	char text[200];

	fill_letters(source, stpcpy(text, "uri:urn:x:"),
	    random_below(source, 150));
	if (one_of(source, 4))
		add_name(names, text);
	fill_letters(source, stpcpy(text, "email:a@"),
	    1 + random_below(source, 60));
	if (one_of(source, 4))
		add_name(names, text);
}

static void
choose_grant(random_source *source, random_tbs *out)
{
	PKI_AUTO(pki_altnames) asked = NULL;
	char identity[PKI_IDENTITY_MAX + 1];
	pki_policy_facts facts = { .profiles = source->profiles,
		.now = (int64_t)random_below(source, 4000 * PKI_YEAR),
		.issuer_not_after = PKI_TIME_MAX };
	pki_request request = { .identity = identity };
	pki_err err = { 0 };

	out->profile = pki_profiles_at(source->profiles,
	    random_below(source, pki_profiles_count(source->profiles)));
	choose_identity(source, out->profile, identity);
	asked = choose_alt_names(source, out->profile);
	request.alt_names = asked;
	request.key = choose_key(source, out->profile->key_types);
	cr_assert(pki_policy_check(out->profile, &request, &facts,
	    &out->grant, &err) == PKI_OK, "%s for '%s': %s",
	    out->profile->name, identity, err.msg);
	out->tbs = (pki_tbs){
		.not_before = out->grant->not_before,
		.not_after = out->grant->not_after,
		.subject = out->grant->subject,
		.key = request.key,
		.is_ca = out->grant->is_ca,
		.path_len = out->grant->path_len,
		.key_usage = out->grant->key_usage,
		.ext_usage = out->grant->ext_usage,
		.ocsp_no_check = out->grant->ocsp_no_check,
	};
	out->alt_names = NULL;
	cr_assert(pki_altnames_copy(out->grant->alt_names, &out->alt_names,
	    &err) == PKI_OK);
	add_other_kinds(source, out->alt_names);
	out->tbs.alt_names = out->alt_names;
}

/* The first and last of all kinds of encoding, and any between. */
static int64_t
choose_time(random_source *source, int64_t usual)
{
	static const int64_t edges[] = {
		0, INT64_C(946684799), INT64_C(946684800),
		INT64_C(2147483647), INT64_C(2524607999),
		INT64_C(2524608000), INT64_C(4107542400), PKI_TIME_MAX,
	};

	if (one_of(source, 4))
		return edges[random_below(source, PKI_COUNT(edges))];
	if (one_of(source, 4))
		return (int64_t)random_below(source, PKI_TIME_MAX + 1);
	return usual;
}

/* Minimal and positive, 1 to 20 octets; mostly 20. */
static void
choose_serial(random_source *source, pki_serial *out)
{
	size_t len = one_of(source, 3) ? 1 + random_below(source, 20) : 20;

	out->len = (uint8_t)len;
	fill_octets(source, out->octets, len);
	out->octets[0] &= 0x7f;
	if (out->octets[0] == 0 && len == 1)
		out->octets[0] = 1;
	else if (out->octets[0] == 0)
		out->octets[1] |= 0x80;
}

static const char *
choose_url(random_source *source, char out[RANDOM_URL_ROOM])
{
	if (one_of(source, 3))
		return NULL;
	fill_letters(source, stpcpy(out, "http://"),
	    1 + random_below(source, RANDOM_URL_ROOM - 8));
	return out;
}

static pki_name *
choose_issuer(random_source *source)
{
	char name[PKI_IDENTITY_MAX + 1], organization[60];
	pki_name_part parts[] = {
		{ PKI_NAME_COUNTRY, "DE" },
		{ PKI_NAME_ORGANIZATION, organization },
		{ PKI_NAME_COMMON_NAME, name },
	};
	size_t skip = random_below(source, PKI_COUNT(parts));
	pki_name *made = NULL;
	pki_err err = { 0 };

	fill_letters(source, name, 1 + random_below(source, 64));
	fill_letters(source, organization, 1 + random_below(source, 50));
	cr_assert(pki_name_build(parts + skip, PKI_COUNT(parts) - skip, &made,
	    &err) == PKI_OK, "%s", err.msg);
	return made;
}

void
random_tbs_make(random_source *source, random_tbs *out)
{
	const pki_pubkey *issuer_key = choose_key(source, UINT32_MAX);
	pki_tbs *tbs = &out->tbs;

	choose_grant(source, out);
	choose_serial(source, &tbs->serial);
	tbs->not_before = choose_time(source, tbs->not_before);
	tbs->not_after = choose_time(source, tbs->not_after);
	tbs->crl_url = choose_url(source, out->crl_url);
	tbs->ca_url = choose_url(source, out->ca_url);
	out->issuer = choose_issuer(source);
	if (out->profile->kind == PKI_PROFILE_ROOT_CA) {
		tbs->issuer = tbs->subject;
		tbs->algorithm = pki_sigalg_for(pki_pubkey_type(tbs->key));
		return;
	}
	/* Where only alternative names tell who it is, they are critical. */
	if (one_of(source, 30))
		tbs->subject = source->nobody;
	tbs->issuer = out->issuer;
	tbs->algorithm = pki_sigalg_for(pki_pubkey_type(issuer_key));
	tbs->authority_key_id = pki_pubkey_id(issuer_key);
}

void
random_tbs_clear(random_tbs *made)
{
	pki_grant_free(made->grant);
	pki_name_free(made->issuer);
	pki_altnames_free(made->alt_names);
	memset(made, 0, sizeof(*made));
}

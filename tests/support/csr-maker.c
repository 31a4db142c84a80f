#include "tests/support/csr-maker.h"

#include <string.h>

#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "x509/der.h"

/* What "$x" stands for, by x. */
struct pieces {
	pki_buf *of[128];
};

enum length { MINIMAL, LONGER, INDEFINITE };

static const char hex_digits[] = "0123456789abcdef";

static void
add_long_length(pki_buf *out, size_t len)
{
	int count = 1;

	/* One octet more than needed, and at least the form for more. */
	for (size_t rest = len >> 8; rest > 0; rest >>= 8)
		count++;
	if (len >= 0x80)
		count++;
	pki_buf_add_byte(out, (uint8_t)(0x80 | count));
	while (count-- > 0)
		pki_buf_add_byte(out, (uint8_t)(len >> 8 * count));
}

/* A string of indefinite length is made of strings: X.690, 8.21. */
static void
add_indefinite(pki_buf *out, uint8_t tag, pki_bytes content)
{
	bool primitive = (tag & 0x20) == 0;

	pki_buf_add_byte(out, tag | 0x20);
	pki_buf_add_byte(out, 0x80);
	if (primitive)
		pki_der_add(out, tag, content);
	else
		pki_buf_add(out, content);
	pki_buf_add(out, PKI_BYTES_TEXT("\0\0"));
}

static void
add_element(pki_buf *out, uint8_t tag, enum length length, pki_bytes content)
{
	if (length == MINIMAL) {
		pki_der_add(out, tag, content);
	} else if (length == INDEFINITE) {
		add_indefinite(out, tag, content);
	} else {
		pki_buf_add_byte(out, tag);
		add_long_length(out, content.len);
		pki_buf_add(out, content);
	}
}

static const char *write_pieces(const char *at, const struct pieces *pieces,
    pki_buf *out);

/* at is behind the brace; the tag is the last octet of out. */
static const char *
write_braces(const char *at, const struct pieces *pieces, enum length length,
    pki_buf *out)
{
	PKI_AUTO(pki_buf) content = pki_buf_new();
	uint8_t tag;

	if (out->len == 0)
		return NULL;
	tag = out->data[out->len - 1];
	pki_buf_cut(out, out->len - 1);
	at = write_pieces(at, pieces, content);
	if (at == NULL || *at != '}')
		return NULL;
	add_element(out, tag, length, pki_buf_bytes(content));
	return at + 1;
}

static const char *
write_hex(const char *at, pki_buf *out)
{
	const char *high = strchr(hex_digits, at[0]);
	const char *low = at[1] == '\0' ? NULL : strchr(hex_digits, at[1]);

	if (high == NULL || low == NULL)
		return NULL;
	pki_buf_add_byte(out, (uint8_t)((high - hex_digits) << 4 |
	    (low - hex_digits)));
	return at + 2;
}

static const char *
write_piece(const char *at, const struct pieces *pieces, pki_buf *out)
{
	const pki_buf *piece = at[0] > 0 ? pieces->of[(int)at[0]] : NULL;

	if (piece == NULL)
		return NULL;
	pki_buf_add(out, pki_buf_bytes(piece));
	return at + 1;
}

/* Stops at a closing brace or the end; NULL: not such text. */
static const char *
write_pieces(const char *at, const struct pieces *pieces, pki_buf *out)
{
	const char *end;

	while (at != NULL && *at != '\0' && *at != '}') {
		if (*at == ' ') {
			at++;
		} else if (*at == '\'') {
			end = strchr(++at, '\'');
			if (end == NULL)
				return NULL;
			pki_buf_add(out, pki_bytes_of(at, (size_t)(end - at)));
			at = end + 1;
		} else if (*at == '$') {
			at = write_piece(at + 1, pieces, out);
		} else if (*at == '{') {
			at = write_braces(at + 1, pieces, MINIMAL, out);
		} else if (*at == '!' && at[1] == '{') {
			at = write_braces(at + 2, pieces, LONGER, out);
		} else if (*at == '~' && at[1] == '{') {
			at = write_braces(at + 2, pieces, INDEFINITE, out);
		} else {
			at = write_hex(at, out);
		}
	}
	return at;
}

static bool
write_all(const char *text, const struct pieces *pieces, pki_buf *out)
{
	const char *end = write_pieces(text, pieces, out);

	return end != NULL && *end == '\0';
}

bool
csr_piece(const char *text, pki_buf *out)
{
	return write_all(text, &(struct pieces){ { NULL } }, out);
}

/* Make the piece called name from text, or from usual. */
static bool
set_piece(struct pieces *pieces, char name, const char *text,
    const char *usual)
{
	pki_buf *piece = pki_buf_new();

	if (!write_all(text != NULL ? text : usual, pieces, piece)) {
		pki_buf_free(piece);
		return false;
	}
	pki_buf_free(pieces->of[(int)name]);
	pieces->of[(int)name] = piece;
	return true;
}

/* $k and $p as libcrypto writes them. */
static bool
set_key(struct pieces *pieces, EVP_PKEY *key)
{
	pki_bytes octets;
	pki_der spki, outer;
	uint8_t *der = NULL;
	int len = i2d_PUBKEY(key, &der);
	bool done = false;

	if (len <= 0)
		return false;
	outer = pki_der_from(pki_bytes_of(der, (size_t)len), "key");
	if (pki_der_enter(&outer, PKI_DER_SEQUENCE, &spki, NULL) == PKI_OK &&
	    pki_der_read_any(&spki, NULL, NULL, NULL, NULL) == PKI_OK &&
	    pki_der_read_bits(&spki, &octets, NULL) == PKI_OK) {
		pieces->of['k'] = pki_buf_copy(pki_bytes_of(der, (size_t)len));
		pieces->of['p'] = pki_buf_copy(octets);
		done = true;
	}
	OPENSSL_free(der);
	return done;
}

static const char *
usual_algorithm(EVP_PKEY *signer)
{
	if (EVP_PKEY_is_a(signer, "EC"))
		return "30{06{2a8648ce3d040302}}";
	if (EVP_PKEY_is_a(signer, "RSA"))
		return "30{06{2a864886f70d01010b} 0500}";
	return "30{06{2b6570}}";
}

static bool
set_signature(struct pieces *pieces, const struct csr_recipe *recipe)
{
	bool built_in = EVP_PKEY_is_a(recipe->signer, "ED25519");
	const char *digest = recipe->digest != NULL ? recipe->digest :
	    built_in ? NULL : "SHA256";
	pki_bytes info = pki_buf_bytes(pieces->of['i']);
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	EVP_PKEY_CTX *key = NULL;
	uint8_t signature[1024];
	size_t len = sizeof(signature);
	bool done;

	done = EVP_DigestSignInit_ex(context, &key, digest, NULL, NULL,
	    recipe->signer, NULL) == 1;
	if (done && recipe->pss)
		done = EVP_PKEY_CTX_set_rsa_padding(key,
		    RSA_PKCS1_PSS_PADDING) == 1 &&
		    EVP_PKEY_CTX_set_rsa_pss_saltlen(key,
		    RSA_PSS_SALTLEN_DIGEST) == 1;
	if (done)
		done = EVP_DigestSign(context, signature, &len, info.data,
		    info.len) == 1;
	EVP_MD_CTX_free(context);
	if (done)
		pieces->of['b'] = pki_buf_copy(pki_bytes_of(signature, len));
	return done;
}

bool
csr_make(const struct csr_recipe *recipe, pki_buf *out)
{
	struct pieces pieces = { { NULL } };
	bool done;

	done = set_key(&pieces, recipe->key != NULL ? recipe->key :
	    recipe->signer) &&
	    set_piece(&pieces, 'v', recipe->version, "020100") &&
	    set_piece(&pieces, 's', recipe->subject, CSR_SUBJECT) &&
	    set_piece(&pieces, 'k', recipe->spki, "$k") &&
	    set_piece(&pieces, 'a', recipe->attributes,
	    "a0{" CSR_REQUEST(CSR_SAN) "}") &&
	    set_piece(&pieces, 'i', recipe->info, "30{$v $s $k $a}") &&
	    set_piece(&pieces, 'g', recipe->algorithm,
	    usual_algorithm(recipe->signer)) &&
	    set_signature(&pieces, recipe) &&
	    write_all(recipe->outside != NULL ? recipe->outside :
	    "30{$i $g 03{00 $b}}", &pieces, out);
	for (size_t i = 0; i < PKI_COUNT(pieces.of); i++)
		pki_buf_free(pieces.of[i]);
	return done && pki_buf_check(out, NULL) == PKI_OK;
}

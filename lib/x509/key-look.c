/* Telling a private key from other files, without reading it. */
#include "x509/key.h"

#include <string.h>

#include "x509/der.h"

/*
 * Every private key in DER begins with a version, but the encrypted one,
 * which is an algorithm and an OCTET STRING (RFC 5958, section 3).
 */
static bool
is_key_der(pki_bytes file)
{
	pki_der der = pki_der_from(file, "key"), outer, inner;
	int64_t version;
	pki_bytes text;

	if (pki_der_enter(&der, PKI_DER_SEQUENCE, &outer, NULL) != PKI_OK)
		return false;
	if (pki_der_next_is(&outer, PKI_DER_INTEGER))
		return pki_der_read_small(&outer, &version, NULL) == PKI_OK &&
		    version <= 3;
	return pki_der_enter(&outer, PKI_DER_SEQUENCE, &inner, NULL) ==
	    PKI_OK && pki_der_next_is(&inner, PKI_DER_OID) &&
	    pki_der_read(&outer, PKI_DER_OCTET_STRING, &text, NULL) == PKI_OK;
}

bool
pki_key_is_in(pki_bytes file)
{
	static const char label[] = "PRIVATE KEY-----";

	return is_key_der(file) || (file.len != 0 &&
	    memmem(file.data, file.len, label, sizeof(label) - 1) != NULL);
}

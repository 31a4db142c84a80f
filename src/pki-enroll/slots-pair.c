#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "pki-enroll/slots-private.h"

#define BEGIN_CERT "-----BEGIN " PKI_PEM_CERT "-----"

/*
 * A pair is on the disk twice: key.pem with cert.pem, and both.pem.  Each
 * copy is judged by itself, so that one that has rotted, or was never
 * finished, is written anew from the other.
 */
struct copy {
	enum slot_state state;
	pki_err         why;
	pki_buf        *key_pem, *certs_pem;
	pki_key        *key;
	pki_cert       *cert;
	pki_cert       *chain[SLOTS_CHAIN_MAX];
	size_t          chain_count;
	bool            anchored;       /* an anchor signed the last one */
};

static void
copy_clear(struct copy *copy)
{
	pki_buf_free(copy->key_pem);
	pki_buf_free(copy->certs_pem);
	pki_key_free(copy->key);
	pki_cert_free(copy->cert);
	for (size_t i = 0; i < copy->chain_count; i++)
		pki_cert_free(copy->chain[i]);
	*copy = (struct copy){ .state = SLOT_EMPTY };
}

void
slot_clear(enroll_slot *slot)
{
	pki_key_free(slot->key);
	pki_cert_free(slot->cert);
	for (size_t i = 0; i < slot->chain_count; i++)
		pki_cert_free(slot->chain[i]);
	slot->key = NULL;
	slot->cert = NULL;
	slot->chain_count = 0;
	slot->state = SLOT_EMPTY;
	memset(&slot->why, 0, sizeof(slot->why));
}

void
slots_add_pem(pki_buf *out, const pki_cert *cert, pki_cert *const *chain,
    size_t count)
{
	pki_pem_add(out, PKI_PEM_CERT, pki_cert_der(cert));
	for (size_t i = 0; i < count; i++)
		pki_pem_add(out, PKI_PEM_CERT, pki_cert_der(chain[i]));
}

pki_code
slots_check_key(const pki_key *key, pki_err *err)
{
	const pki_pubkey *public = pki_key_public(key);
	const pki_bytes message = PKI_BYTES_TEXT("pki-enroll: a key's halves");
	PKI_AUTO(pki_buf) signature = pki_buf_new();
	pki_code rc = pki_key_sign(key, message, signature, err);

	if (rc == PKI_OK)
		rc = pki_pubkey_verify(public,
		    pki_sigalg_for(pki_pubkey_type(public)), message,
		    pki_buf_bytes(signature), err);
	return rc == PKI_OK ? PKI_OK : pki_wrap(err, PKI_DAMAGED,
	    "the private key does not fit its public half");
}

static enum slot_state
state_of(pki_code rc)
{
	switch (rc) {
	case PKI_OK:
		return SLOT_WHOLE;
	case PKI_NOT_FOUND:
		return SLOT_HALF;
	case PKI_DENIED:
		return SLOT_FOREIGN;
	default:
		return SLOT_DAMAGED;
	}
}

static pki_code
add_cert(pki_bytes der, void *arg, pki_err *err)
{
	struct copy *copy = arg;

	if (copy->cert == NULL)
		return pki_cert_parse(der, &copy->cert, err);
	if (copy->chain_count == SLOTS_CHAIN_MAX)
		return pki_fail(err, PKI_BAD_INPUT,
		    "more than %d certificates", SLOTS_CHAIN_MAX + 1);
	return pki_cert_parse(der, &copy->chain[copy->chain_count++], err);
}

/*
 * Every certificate but the last names the next as its signer.  Anchors may
 * have changed since it was written: one that signed the last one is no more
 * than a good sign.
 */
static pki_code
check_signatures(const enroll_slots *slots, struct copy *copy, pki_err *err)
{
	const pki_cert *cert = copy->cert;
	pki_code rc = PKI_OK;

	for (size_t i = 0; rc == PKI_OK && i < copy->chain_count; i++) {
		rc = pki_cert_check_issuer(cert, copy->chain[i], err);
		cert = copy->chain[i];
	}
	for (size_t i = 0; rc == PKI_OK && i < slots->anchor_count; i++)
		if (pki_cert_check_issuer(cert, slots->anchors[i], NULL) ==
		    PKI_OK)
			copy->anchored = true;
	return rc;
}

static pki_code
parse_copy(const enroll_slots *slots, struct copy *copy, pki_err *err)
{
	pki_code rc;

	rc = pki_pem_each(pki_buf_bytes(copy->certs_pem), PKI_PEM_CERT,
	    PKI_CERT_MAX, add_cert, copy, err);
	if (rc == PKI_OK)
		rc = check_signatures(slots, copy, err);
	if (rc != PKI_OK)
		return pki_wrap(err, PKI_DAMAGED, "certificate");
	if (copy->key_pem == NULL)
		return PKI_OK;
	rc = pki_key_parse(pki_buf_bytes(copy->key_pem),
	    pki_bytes_of(NULL, 0), &copy->key, err);
	if (rc != PKI_OK)
		return pki_wrap(err, PKI_DAMAGED, "key");
	rc = slots_check_key(copy->key, err);
	if (rc == PKI_OK && !pki_digest_equal(
	    pki_pubkey_digest(pki_key_public(copy->key)),
	    pki_pubkey_digest(pki_cert_key(copy->cert))))
		rc = pki_fail(err, PKI_DAMAGED,
		    "the key is not the certificate's");
	return rc;
}

static pki_code
read_file(const enroll_slots *slots, const enroll_slot *slot, const char *name,
    mode_t *exposed, pki_buf **out, pki_err *err)
{
	char path[PKI_PATH_MAX];
	pki_code rc = pki_path_join(path, slot->dir, name, err);

	return rc != PKI_OK ? rc :
	    slots_read(slots, path, SLOT_FILE_MAX, exposed, out, err);
}

/* key.pem and cert.pem. */
static pki_code
read_apart(const enroll_slots *slots, const enroll_slot *slot,
    struct copy *copy, mode_t *exposed, pki_err *err)
{
	pki_code rc = read_file(slots, slot, SLOT_CERT, NULL,
	    &copy->certs_pem, err);

	if (rc == PKI_OK && copy->certs_pem == NULL)
		rc = pki_fail(err, PKI_SYSTEM, "%s/%s may not be read",
		    slot->dir, SLOT_CERT);
	if (rc == PKI_OK)
		rc = read_file(slots, slot, SLOT_KEY, exposed,
		    &copy->key_pem, err);
	return rc == PKI_OK ? parse_copy(slots, copy, err) : rc;
}

/* both.pem; nothing of it is there for one who may not read keys. */
static pki_code
read_together(const enroll_slots *slots, const enroll_slot *slot,
    struct copy *copy, mode_t *exposed, pki_err *err)
{
	PKI_AUTO(pki_buf) both = NULL;
	const uint8_t *begin;
	size_t len;
	pki_code rc = read_file(slots, slot, SLOT_BOTH, exposed, &both, err);

	if (rc != PKI_OK || both == NULL)
		return rc;
	begin = both->len == 0 ? NULL : memmem(both->data, both->len,
	    BEGIN_CERT, strlen(BEGIN_CERT));
	if (begin == NULL)
		return pki_fail(err, PKI_DAMAGED, "%s/%s has no certificate",
		    slot->dir, SLOT_BOTH);
	len = (size_t)(begin - both->data);
	copy->key_pem = pki_buf_copy(pki_bytes_of(both->data, len));
	copy->certs_pem = pki_buf_copy(pki_bytes_of(begin, both->len - len));
	if (copy->key_pem == NULL || copy->certs_pem == NULL)
		return pki_fail_memory(err);
	return parse_copy(slots, copy, err);
}

static bool
buf_equal(const pki_buf *a, const pki_buf *b)
{
	return a == NULL || b == NULL ? a == b :
	    pki_bytes_equal(pki_buf_bytes(a), pki_buf_bytes(b));
}

/* Move what a copy holds into the slot. */
static void
use_copy(enroll_slot *slot, struct copy *copy)
{
	slot->state = copy->state;
	slot->key = PKI_TAKE(copy->key);
	slot->cert = PKI_TAKE(copy->cert);
	memcpy(slot->chain, copy->chain, sizeof(slot->chain));
	slot->chain_count = copy->chain_count;
	copy->chain_count = 0;
}

static const char *const names[] = { SLOT_CERT, SLOT_BOTH, SLOT_KEY };

/* None of the files is there. */
static bool
is_bare(const enroll_slot *slot)
{
	char path[PKI_PATH_MAX];

	for (size_t i = 0; i < PKI_COUNT(names); i++)
		if (pki_path_join(path, slot->dir, names[i], NULL) != PKI_OK ||
		    pki_file_exists(path))
			return false;
	return true;
}

/* Of two copies, the one that stands for the slot. */
static void
judge(enroll_slots *slots, int i, struct copy *apart, struct copy *together)
{
	enroll_slot *slot = &slots->slot[i];
	bool same;

	/* Who may not read keys has nothing to compare. */
	same = together->state == SLOT_WHOLE && together->key_pem == NULL;
	same = same || (buf_equal(apart->key_pem, together->key_pem) &&
	    buf_equal(apart->certs_pem, together->certs_pem));
	if (apart->state == SLOT_WHOLE && (apart->anchored ||
	    !together->anchored || together->state != SLOT_WHOLE)) {
		slots->torn[i] = !same || together->state != SLOT_WHOLE;
		slot->why = together->why;
		use_copy(slot, apart);
	} else if (together->state == SLOT_WHOLE && together->cert != NULL) {
		slots->torn[i] = true;
		slot->why = apart->why;
		use_copy(slot, together);
	} else if (is_bare(slot)) {
		slot->state = SLOT_EMPTY;
	} else {
		slot->state = apart->state == SLOT_HALF ? together->state :
		    apart->state;
		slot->why = apart->state == SLOT_HALF ? together->why :
		    apart->why;
	}
}

static void
expose(enroll_slot *slot, mode_t bits)
{
	if (slot->state != SLOT_WHOLE || bits == 0)
		return;
	slot->state = SLOT_EXPOSED;
	pki_refuse(&slot->why, PKI_DENIED, "file-mode",
	    "no more readers than configured: chmod, and renew with a new key",
	    "%s/" SLOT_KEY " readable by %s", slot->dir,
	    (bits & S_IROTH) != 0 ? "others" : "a foreign group");
}

static pki_code
is_dir_ours(const enroll_slots *slots, const enroll_slot *slot, pki_err *err)
{
	struct stat st;

	if (lstat(slot->dir, &st) != 0)
		return errno == ENOENT ? pki_fail(err, PKI_NOT_FOUND,
		    "%s does not exist", slot->dir) :
		    pki_fail_errno(err, "look at %s", slot->dir);
	if (!S_ISDIR(st.st_mode))
		return pki_refuse(err, PKI_DENIED, "file-link",
		    "a directory", "%s", slot->dir);
	if (st.st_uid != slots->home && st.st_uid != 0)
		return pki_refuse(err, PKI_DENIED, "file-owner",
		    "a directory of the same owner as the one above",
		    "%s of user %u", slot->dir, (unsigned)st.st_uid);
	if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return pki_refuse(err, PKI_DENIED, "file-mode",
		    "not writable by group and others: chmod go-w",
		    "%s mode %04o", slot->dir,
		    (unsigned)(st.st_mode & 07777));
	return PKI_OK;
}

pki_code
slots_read_pair(enroll_slots *slots, int i, pki_err *err)
{
	enroll_slot *slot = &slots->slot[i];
	struct copy apart = { .state = SLOT_EMPTY }, together = apart;
	mode_t exposed = 0, exposed_too = 0;
	pki_code rc;

	slot_clear(slot);
	slots->torn[i] = false;
	rc = is_dir_ours(slots, slot, &slot->why);
	if (rc == PKI_NO_MEMORY)
		return pki_fail_memory(err);
	if (rc != PKI_OK) {
		slot->state = rc == PKI_NOT_FOUND ? SLOT_EMPTY : state_of(rc);
		return PKI_OK;
	}
	rc = read_apart(slots, slot, &apart, &exposed, &apart.why);
	apart.state = state_of(rc);
	if (rc != PKI_NO_MEMORY)
		rc = read_together(slots, slot, &together, &exposed_too,
		    &together.why);
	together.state = state_of(rc);
	if (rc != PKI_NO_MEMORY) {
		judge(slots, i, &apart, &together);
		expose(slot, exposed | exposed_too);
	}
	copy_clear(&apart);
	copy_clear(&together);
	return rc == PKI_NO_MEMORY ? pki_fail_memory(err) : PKI_OK;
}

/* Remove one file of a slot, durably. */
static pki_code
take_away(const enroll_slot *slot, const char *name, pki_err *err)
{
	char path[PKI_PATH_MAX];
	pki_code rc = pki_path_join(path, slot->dir, name, err);

	if (rc == PKI_OK)
		rc = slots_remove(path, err);
	return rc == PKI_OK ? pki_dir_sync(slot->dir, err) : rc;
}

/*
 * both.pem changes at once, then the two others.  Cut off anywhere, one of the
 * copies is the old pair or the new one, and a mixture of them is damaged.
 */
static pki_code
write_files(const enroll_slots *slots, const enroll_slot *slot,
    pki_bytes key_pem, pki_bytes certs_pem, pki_err *err)
{
	PKI_AUTO(pki_buf) both = pki_buf_new();
	char path[PKI_PATH_MAX];
	pki_code rc;

	pki_buf_add(both, key_pem);
	pki_buf_add(both, certs_pem);
	rc = pki_buf_check(both, err);
	if (rc == PKI_OK)
		rc = pki_path_join(path, slot->dir, SLOT_BOTH, err);
	if (rc == PKI_OK)
		rc = slots_write_secret(slots, path, pki_buf_bytes(both), err);
	if (rc == PKI_OK)
		rc = pki_path_join(path, slot->dir, SLOT_KEY, err);
	if (rc == PKI_OK)
		rc = slots_write_secret(slots, path, key_pem, err);
	if (rc == PKI_OK)
		rc = pki_path_join(path, slot->dir, SLOT_CERT, err);
	return rc == PKI_OK ?
	    slots_write_public(slots, path, certs_pem, err) : rc;
}

pki_code
slots_write_pair(const enroll_slots *slots, int i, pki_bytes key_pem,
    pki_bytes certs_pem, pki_err *err)
{
	const enroll_slot *slot = &slots->slot[i];
	pki_code rc = slots_make_dir(slots, slot->dir, err);

	return rc == PKI_OK ?
	    write_files(slots, slot, key_pem, certs_pem, err) : rc;
}

pki_code
slots_empty_pair(const enroll_slots *slots, int i, pki_err *err)
{
	pki_code rc = PKI_OK;

	for (size_t n = 0; rc == PKI_OK && n < PKI_COUNT(names); n++)
		rc = take_away(&slots->slot[i], names[n], err);
	return rc;
}

/* The copy that is not whole is written from the one that is. */
static pki_code
mend(enroll_slots *slots, int i, pki_err *err)
{
	const enroll_slot *slot = &slots->slot[i];
	PKI_AUTO(pki_buf) key = pki_buf_new();
	PKI_AUTO(pki_buf) certs = pki_buf_new();
	pki_code rc;

	if (key == NULL || certs == NULL)
		return pki_fail_memory(err);
	rc = pki_key_encode(slot->key, pki_bytes_of(NULL, 0), key, err);
	slots_add_pem(certs, slot->cert, slot->chain, slot->chain_count);
	if (rc == PKI_OK)
		rc = pki_buf_check(certs, err);
	if (rc == PKI_OK)
		rc = write_files(slots, slot, pki_buf_bytes(key),
		    pki_buf_bytes(certs), err);
	if (rc == PKI_OK)
		slots->torn[i] = false;
	return rc;
}

pki_code
slots_settle_pair(enroll_slots *slots, int i, pki_err *err)
{
	static const char *const secrets[] = { SLOT_KEY, SLOT_BOTH };
	const enroll_slot *slot = &slots->slot[i];
	char path[PKI_PATH_MAX];
	pki_code rc = slots_make_dir(slots, slot->dir, err);

	if (rc == PKI_OK && slots->torn[i])
		rc = mend(slots, i, err);
	for (size_t n = 0; rc == PKI_OK && n < PKI_COUNT(secrets); n++) {
		rc = pki_path_join(path, slot->dir, secrets[n], err);
		if (rc == PKI_OK)
			rc = slots_settle_file(slots, path, err);
	}
	return rc;
}

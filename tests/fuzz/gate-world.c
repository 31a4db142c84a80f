#include "tests/fuzz/gate-world.h"

#include <stdlib.h>
#include <string.h>

#include "ca/record.h"
#include "ca/rowhash.h"
#include "tests/fuzz/gate-cert.h"
#include "x509/der.h"
#include "x509/tbs.h"

#define RECORD 8

static int64_t
time_of(uint8_t steps)
{
	return WORLD_BEGIN + (int64_t)steps * WORLD_STEP;
}

/* Lengths of 1 to 4 octets, so that order is not that of the first octet. */
static pki_serial
serial_of(uint8_t octet)
{
	return (pki_serial){
		.len = (uint8_t)(1 + octet / 64),
		.octets = { (uint8_t)(1 + octet % 64) },
	};
}

static pki_reason
reason_of(unsigned octet)
{
	static const pki_reason reasons[] = {
		PKI_REASON_UNSPECIFIED, PKI_REASON_KEY_COMPROMISE,
		PKI_REASON_CERTIFICATE_HOLD, PKI_REASON_SUPERSEDED,
	};

	return reasons[octet % PKI_COUNT(reasons)];
}

static world_cert
read_cert(const uint8_t *in)
{
	bool lies = (in[7] & 4) != 0;

	return (world_cert){
		.flags = in[0], .status = in[0] >> 6 > 2 ? 0 : in[0] >> 6,
		.kind = in[7] & 3, .octet = in[1],
		.before = { serial_of(in[1]), time_of(in[2]),
		    reason_of(in[6]), 0 },
		.after = { serial_of(in[1]), time_of(in[3]),
		    reason_of(in[6] / 4), 0 },
		.not_after = time_of(in[4]),
		.row_not_after = time_of(lies ? 255 - in[4] : in[4]),
		.released_at = time_of(in[5]),
	};
}

static int
compare_certs(const void *a, const void *b)
{
	return pki_serial_compare(&((const world_cert *)a)->before.serial,
	    &((const world_cert *)b)->before.serial);
}

static bool
has_serial(const world *w, const pki_serial *serial)
{
	for (size_t i = 0; i < w->count; i++)
		if (pki_serial_equal(&w->certs[i].before.serial, serial))
			return true;
	return false;
}

static void
read_header(const uint8_t *at, world *out)
{
	out->before = (world_list){ at[0], time_of(at[1]), time_of(255) };
	out->after = (world_list){ at[2], time_of(at[3]), time_of(at[4]) };
	out->now = time_of(at[5]);
	out->first = (at[6] & 1) != 0;
	out->sorted = (at[6] & 2) == 0;
	out->damage = (at[6] & 4) != 0 ? PKI_DAMAGE_STAYS : PKI_DAMAGE_FAILS;
	out->ahead = (at[7] & 1) != 0 ? PKI_AHEAD_ACCEPTED :
	    PKI_AHEAD_REFUSED;
	out->before.number += (at[7] & 2) != 0 ? WORLD_NUMBER_HIGH : 0;
	out->after.number += (at[7] & 4) != 0 ? WORLD_NUMBER_HIGH : 0;
	out->count = 0;
}

bool
world_read(pki_bytes in, world *out)
{
	const uint8_t *at = in.data;

	if (in.len < RECORD)
		return false;
	read_header(at, out);
	for (at += RECORD; at + RECORD <= in.data + in.len &&
	    out->count < WORLD_CERTS_MAX; at += RECORD) {
		world_cert cert = read_cert(at);

		/* Of two that are one, only lists can tell. */
		if (has_serial(out, &cert.before.serial)) {
			if (out->sorted)
				continue;
			cert.flags &= WORLD_BEFORE | WORLD_AFTER;
		}
		out->certs[out->count++] = cert;
	}
	if (out->sorted && out->count > 0)
		qsort(out->certs, out->count, sizeof(out->certs[0]),
		    compare_certs);
	return true;
}

static pki_ca base;
static pki_authority base_authority = { .name = "issuing" };
static int64_t base_profile, base_identity, base_pubkey;

static void
make_base(void)
{
	const pki_bytes some = PKI_BYTES_TEXT("\x30\x00");
	pki_ca_row ca = {
		.name = "issuing", .parent = "issuing",
		.der = world_ca_der(), .key_ref = "offline",
		.partition_size = 1, .base_url = "http://pki.example",
	};
	pki_profile_row profile = { .name = "auditor", .text = some };
	pki_identity_row identity = { .name = "meter-0042" };
	pki_pubkey_row key = { .blocked_at = 0 };
	pki_err err;

	fuzz_assert(pki_store_create("memory:", &base.store, &err) == PKI_OK);
	fuzz_assert(pki_store_begin(base.store, &err) == PKI_OK);
	fuzz_assert(pki_store_put_ca(base.store, &ca, &err) == PKI_OK);
	fuzz_assert(pki_store_put_profile(base.store, &profile, &err) ==
	    PKI_OK);
	fuzz_assert(pki_store_claim_identity(base.store, &identity, &err) ==
	    PKI_OK);
	key.identity_id = identity.id;
	fuzz_assert(pki_store_claim_pubkey(base.store, &key, &err) == PKI_OK);
	fuzz_assert(pki_store_commit(base.store, &err) == PKI_OK);
	base_authority.id = ca.id;
	base_authority.cert = world_ca_cert();
	base_profile = profile.id;
	base_identity = identity.id;
	base_pubkey = key.id;
}

static void
put_cert(const world_cert *cert)
{
	pki_cert_row row = {
		.ca_id = base_authority.id, .identity_id = base_identity,
		.pubkey_id = base_pubkey, .profile_id = base_profile,
		.serial = cert->before.serial, .not_before = WORLD_BEGIN,
		.not_after = cert->row_not_after, .issued_at = WORLD_BEGIN,
		.status = cert->status, .der = world_cert_der(cert),
		.ca = "issuing", .identity = "meter-0042",
		.profile = "auditor",
	};
	pki_err err = { 0 };

	fuzz_assert(pki_row_seal_cert(&row, &err) == PKI_OK);
	if ((cert->flags & WORLD_DAMAGED) != 0)
		row.row_hash.octets[0] ^= 1;
	fuzz_assert(pki_store_put_cert(base.store, &row, &err) == PKI_OK);
}

static int
compare_releases(const void *a, const void *b)
{
	const world_cert *left = *(const world_cert *const *)a;
	const world_cert *right = *(const world_cert *const *)b;

	return left->released_at < right->released_at ? -1 :
	    left->released_at > right->released_at;
}

static void
put_release(const world_cert *cert, pki_audit_tree *tree)
{
	PKI_AUTO(pki_buf) line = pki_buf_new();
	char serial[PKI_SERIAL_TEXT];
	pki_audit_row row = { .seq = tree->size, .at = cert->released_at };
	pki_err err;

	pki_buf_add_format(line, "{\"action\":\"%s\",\"ca\":\"issuing\","
	    "\"serial\":\"%s\"}", PKI_AUDIT_RELEASE,
	    pki_serial_format(&cert->before.serial, serial));
	row.line = pki_buf_text(line);
	fuzz_assert(pki_audit_leaf(pki_buf_bytes(line), &row.leaf, &err) ==
	    PKI_OK);
	fuzz_assert(pki_audit_tree_add(tree, &row.leaf, &err) == PKI_OK);
	fuzz_assert(pki_store_put_audit(base.store, &row, tree, &err) ==
	    PKI_OK);
}

/* In the order of their times, as a log is written. */
static void
put_releases(const world *w)
{
	const world_cert *released[WORLD_CERTS_MAX];
	pki_audit_tree tree = { .size = 0 };
	size_t count = 0;

	for (size_t i = 0; i < w->count; i++)
		if ((w->certs[i].flags & WORLD_RELEASED) != 0)
			released[count++] = &w->certs[i];
	if (count > 0)
		qsort(released, count, sizeof(released[0]), compare_releases);
	for (size_t i = 0; i < count; i++)
		put_release(released[i], &tree);
}

pki_ca *
world_open(const world *w, const pki_authority **authority)
{
	if (base.store == NULL)
		make_base();
	fuzz_assert(pki_store_begin(base.store, NULL) == PKI_OK);
	for (size_t i = 0; i < w->count; i++)
		if ((w->certs[i].flags & WORLD_STORED) != 0)
			put_cert(&w->certs[i]);
	put_releases(w);
	*authority = &base_authority;
	return &base;
}

void
world_close(pki_ca *ca)
{
	pki_store_rollback(ca->store);
}

static void
write_entry(const pki_crl_entry *entry, pki_buf *out)
{
	static const pki_bytes before = PKI_BYTES_TEXT("\x30\x0c\x30\x0a"
	    "\x06\x03\x55\x1d\x15\x04\x03\x0a\x01");
	PKI_AUTO(pki_buf) fields = pki_buf_new();

	pki_der_add(fields, PKI_DER_INTEGER,
	    pki_serial_bytes(&entry->serial));
	pki_der_add_time(fields, entry->revoked_at);
	if (entry->reason != PKI_REASON_UNSPECIFIED) {
		pki_buf_add(fields, before);
		pki_buf_add_byte(fields, (uint8_t)entry->reason);
	}
	pki_der_add(out, PKI_DER_SEQUENCE, pki_buf_bytes(fields));
}

static void
write_number(int64_t number, pki_buf *out)
{
	PKI_AUTO(pki_buf) value = pki_buf_new();
	PKI_AUTO(pki_buf) fields = pki_buf_new();
	PKI_AUTO(pki_buf) list = pki_buf_new();
	PKI_AUTO(pki_buf) all = pki_buf_new();

	pki_der_add_integer(value, number);
	pki_der_add(fields, PKI_DER_OID, PKI_BYTES_TEXT("\x55\x1d\x14"));
	pki_der_add(fields, PKI_DER_OCTET_STRING, pki_buf_bytes(value));
	pki_der_add(list, PKI_DER_SEQUENCE, pki_buf_bytes(fields));
	pki_der_add(all, PKI_DER_SEQUENCE, pki_buf_bytes(list));
	pki_der_add(out, PKI_DER_CONTEXT(0), pki_buf_bytes(all));
}

void
world_write(const world *w, const world_list *list, pki_buf *out)
{
	static const pki_bytes issuer = PKI_BYTES_TEXT("\x30\x0d\x31\x0b\x30"
	    "\x09\x06\x03\x55\x04\x03\x0c\x02" "CA");
	const pki_sigalg *algorithm = pki_sigalg_for(PKI_KEY_P256);
	bool before = list == &w->before;
	PKI_AUTO(pki_buf) entries = pki_buf_new();
	PKI_AUTO(pki_buf) fields = pki_buf_new();
	PKI_AUTO(pki_buf) tbs = pki_buf_new();

	for (size_t i = 0; i < w->count; i++)
		if ((w->certs[i].flags & (before ? WORLD_BEFORE :
		    WORLD_AFTER)) != 0)
			write_entry(before ? &w->certs[i].before :
			    &w->certs[i].after, entries);
	pki_der_add_integer(fields, 1);
	pki_buf_add(fields, algorithm->identifier);
	pki_buf_add(fields, issuer);
	pki_der_add_time(fields, list->this_update);
	pki_der_add_time(fields, list->next_update);
	if (entries->len > 0)
		pki_der_add(fields, PKI_DER_SEQUENCE, pki_buf_bytes(entries));
	write_number(list->number, fields);
	pki_der_add(tbs, PKI_DER_SEQUENCE, pki_buf_bytes(fields));
	pki_signed_add(out, pki_buf_bytes(tbs), algorithm,
	    fuzz_signature());
}

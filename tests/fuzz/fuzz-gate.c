#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "ca/gate.h"
#include "tests/fuzz/gate-world.h"

/*
 * The publish gate against a model of it, which looks at every pair: what
 * passes the gate lost no entry that must stay (G17), changed none, and goes
 * forward (G16).
 * Lists in order are judged alike, lists out of order at least never pass
 * with a loss.
 */

struct verdict {
	bool   order;           /* numbers and times are as they must be */
	bool   future;          /* a revocation in the future, listed anew */
	bool   old_future;      /* one that stood there before */
	bool   damaged;         /* a row that was asked for is */
	size_t missing;         /* or there, but as it may not be */
};

static bool
was_listed(const world *w, const pki_crl_entry *entry)
{
	for (size_t i = 0; i < w->count; i++) {
		const world_cert *cert = &w->certs[i];

		if ((cert->flags & WORLD_BEFORE) != 0 &&
		    pki_serial_equal(&cert->before.serial, &entry->serial) &&
		    cert->before.revoked_at == entry->revoked_at &&
		    cert->before.reason == entry->reason)
			return true;
	}
	return false;
}

/* Is it listed again, as what it was or as what that may become? */
static bool
stays(const world *w, const pki_crl_entry *before)
{
	for (size_t i = 0; i < w->count; i++) {
		const pki_crl_entry *after = &w->certs[i].after;
		bool hold = before->reason == PKI_REASON_CERTIFICATE_HOLD;
		bool moved = after->revoked_at != before->revoked_at &&
		    before->revoked_at <= w->now;
		bool changed = after->reason != before->reason &&
		    after->reason != PKI_REASON_KEY_COMPROMISE;

		if ((w->certs[i].flags & WORLD_AFTER) != 0 &&
		    pki_serial_equal(&after->serial, &before->serial) &&
		    (hold || (!moved && !changed)))
			return true;
	}
	return false;
}

/* What is known of a serial; the first of several has it. */
static const world_cert *
known(const world *w, const pki_serial *serial)
{
	size_t i = 0;

	while (!pki_serial_equal(&w->certs[i].before.serial, serial))
		i++;
	return &w->certs[i];
}

static bool
may_leave(const world *w, const pki_crl_entry *entry, bool *damaged)
{
	const world_cert *cert = known(w, &entry->serial);
	bool lost = (cert->flags & WORLD_LOST) != 0;

	if ((cert->flags & WORLD_STORED) == 0)
		return lost;
	if ((cert->flags & WORLD_DAMAGED) != 0 ||
	    cert->kind != WORLD_CERT_OWN) {
		*damaged = w->damage == PKI_DAMAGE_FAILS;
		return lost;
	}
	if (cert->not_after < w->before.this_update || lost)
		return true;
	return cert->status == PKI_CERT_GOOD &&
	    entry->reason == PKI_REASON_CERTIFICATE_HOLD &&
	    (cert->flags & WORLD_RELEASED) != 0 &&
	    cert->released_at >= entry->revoked_at &&
	    cert->released_at >= w->before.this_update - PKI_FLOOR_SLACK;
}

static bool
in_order(const world *w)
{
	const world_list *before = &w->before, *after = &w->after;

	if (after->next_update <= after->this_update ||
	    after->next_update <= w->now ||
	    after->this_update > w->now + PKI_CRL_AHEAD_MAX ||
	    after->number > PKI_CRL_NUMBER_MAX)
		return false;
	return w->first || (after->number > before->number &&
	    (after->this_update > before->this_update ||
	    (w->ahead == PKI_AHEAD_ACCEPTED && before->this_update > w->now)));
}

static struct verdict
judge(const world *w)
{
	struct verdict v = { .order = in_order(w) };

	for (size_t i = 0; i < w->count; i++) {
		const world_cert *cert = &w->certs[i];
		bool damaged = false;

		if ((cert->flags & WORLD_AFTER) != 0 &&
		    cert->after.revoked_at > w->now) {
			if (!w->first && was_listed(w, &cert->after))
				v.old_future = true;
			else
				v.future = true;
		}
		if (w->first || (cert->flags & WORLD_BEFORE) == 0 ||
		    stays(w, &cert->before))
			continue;
		v.missing += !may_leave(w, &cert->before, &damaged);
		v.damaged |= damaged;
	}
	return v;
}

/* One list as the streaming reader and the parser have it; NULL: refused. */
struct source {
	pki_crl_reader *reader;
	pki_crl        *crl;
};

static void
free_source(struct source *source)
{
	pki_crl_reader_free(source->reader);
	pki_crl_free(source->crl);
}

/* Lists that end before they begin are refused; twice the same serial too. */
static struct source
open_source(const world *w, const world_list *list)
{
	PKI_AUTO(pki_buf) der = pki_buf_new();
	struct source source = { NULL, NULL };
	bool forward = list->next_update >= list->this_update;
	pki_code rc;
	int fd;

	world_write(w, list, der);
	fd = fuzz_file_of(list == &w->before, pki_buf_bytes(der));
	rc = pki_crl_reader_open(fd, &source.reader, NULL);
	fuzz_assert((rc == PKI_OK) == forward);
	rc = pki_crl_parse(pki_buf_bytes(der), 1 << 20, &source.crl, NULL);
	fuzz_assert((rc == PKI_OK) == forward || !w->sorted);
	return source;
}

static bool
list_of(const struct source *source, bool stream, pki_crl_list *out)
{
	if (stream && source->reader != NULL)
		pki_crl_list_of_reader(out, source->reader);
	else if (!stream && source->crl != NULL)
		pki_crl_list_of_crl(out, source->crl);
	else
		return false;
	return true;
}

static void
count_missing(void *arg, const pki_crl_entry *entry)
{
	size_t *count = arg;

	(void)entry;
	++*count;
}

static void
compare_sorted(const struct verdict *v, pki_code rc, size_t missing)
{
	bool good = v->order && !v->future && !v->damaged && v->missing == 0;

	if (rc == PKI_OK)
		fuzz_assert(good);
	else if (good)
		fuzz_assert(v->old_future && rc == PKI_DENIED);
	if (rc == PKI_DAMAGED)
		fuzz_assert(v->damaged);
	else if (rc != PKI_OK)
		fuzz_assert(rc == PKI_DENIED);
	fuzz_assert(missing <= v->missing);
	if (v->order && !v->future && !v->old_future && !v->damaged)
		fuzz_assert(missing == v->missing);
}

static void
compare(const world *w, const struct verdict *v, pki_code rc,
    size_t missing)
{
	if (w->sorted)
		compare_sorted(v, rc, missing);
	else if (rc == PKI_OK)
		fuzz_assert(v->order && !v->future && v->missing == 0 &&
		    missing == 0);
}

/* How each list is read. */
struct way {
	const struct source *before, *after;
	bool                 stream_before, stream_after;
};

static void
pass(const world *w, const struct verdict *v, const struct way *way,
    pki_leaving *leaving)
{
	pki_crl_list previous, next;
	size_t missing = 0;
	pki_gate_terms terms = {
		.previous = w->first ? NULL : &previous, .next = &next,
		.now = w->now, .ahead = w->ahead,
		.may_leave = pki_leaving_ask, .arg = leaving,
		.missing = count_missing, .missing_arg = &missing,
	};
	pki_err err = { 0 };
	pki_code rc;

	if (!list_of(way->before, way->stream_before, &previous) ||
	    !list_of(way->after, way->stream_after, &next))
		return;
	rc = pki_gate_merge(&terms, &err);
	if (rc != PKI_OK)
		fuzz_check_refusal(rc, &err);
	compare(w, v, rc, missing);
}

static void
pass_all(const world *w, const struct verdict *v, pki_leaving *leaving)
{
	struct source before = open_source(w, &w->before);
	struct source after = open_source(w, &w->after);

	for (unsigned how = 0; how < 4; how++)
		pass(w, v, &(struct way){ &before, &after, (how & 1) != 0,
		    (how & 2) != 0 }, leaving);
	free_source(&before);
	free_source(&after);
}

static size_t
collect_lost(const world *w, pki_serial out[WORLD_CERTS_MAX])
{
	size_t count = 0;

	for (size_t i = 0; i < w->count; i++)
		if ((w->certs[i].flags & WORLD_LOST) != 0)
			out[count++] = w->certs[i].before.serial;
	return count;
}

static void
run(const world *w)
{
	struct verdict v = judge(w);
	pki_serial serials[WORLD_CERTS_MAX];
	bool gone[WORLD_CERTS_MAX] = { false };
	pki_lost lost = { .serials = serials, .missing = gone };
	pki_leaving leaving = {
		.at = w->before.this_update, .damage = w->damage,
		.lost = &lost,
	};

	leaving.ca = world_open(w, &leaving.authority);
	/* They ascend only as the certificates do. */
	lost.count = w->sorted ? collect_lost(w, serials) : 0;
	pass_all(w, &v, &leaving);
	pki_leaving_clear(&leaving);
	world_close(leaving.ca);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static world w;

	if (world_read(pki_bytes_of(data, size), &w))
		run(&w);
	return 0;
}

/*
 * pki-estd: what enrolling costs all its processes, against plain requests at
 * the same daemon, bare cryptography and another CA behind HTTP.
 */
#include "tests/bench/bench-est.h"

#include <stdio.h>
#include <stdlib.h>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs7.h>
#include <openssl/x509.h>

#include "tests/bench/bare.h"
#include "tests/bench/turns.h"

#define THREADS 2
/* Connections at once when each request has its own. */
#define FRESH EST_CLIENTS

void
est_report(const bench_claim *claim, est_pair *pair, size_t rounds)
{
	bench_claim told = *claim;
	double ratios[EST_ROUNDS];
	char note[160];
	size_t i;

	for (i = 0; i < rounds; i++)
		ratios[i] = pair->ours[i] / pair->yardstick[i];
	bench_median(ratios, rounds);
	snprintf(note, sizeof(note), "ratios %.2f .. %.2f%s%s", ratios[0],
	    ratios[rounds - 1], claim->note == NULL ? "" : "; ",
	    claim->note == NULL ? "" : claim->note);
	told.note = note;
	told.ours = bench_median(pair->ours, rounds);
	told.yardstick = bench_median(pair->yardstick, rounds);
	bench_report(&told);
}

double
est_cpu_us(const bench_estd *estd, bench_load *load, bench_request *requests,
    size_t count)
{
	double begin = bench_estd_cpu(estd);

	(void)bench_load_run(load, requests, count);
	return (bench_estd_cpu(estd) - begin) * 1e6 / (double)count;
}

/* ---- bare cryptography, by as many threads as there are cores ---- */

static void
issue_bare(void *arg, size_t i)
{
	bench_bare_verify(arg, i);
	bench_bare_sign(arg);
	bench_bare_verify_issuer(arg);
}

static void
renew_bare(void *arg, size_t i)
{
	bench_bare_verify(arg, i);
	issue_bare(arg, i);
}

enum { ISSUE, RENEW, BARE };

struct bare_times {
	void       *workers[THREADS];
	bench_times us[BARE];
};

static void
run_bare(struct bare_times *bare)
{
	static bench_turn *const turns[] = {
		[ISSUE] = issue_bare, [RENEW] = renew_bare,
	};
	const bench_turns plan = {
		turns, BARE, bare->workers, THREADS, 1, 4,
	};

	bench_run_turns(&plan, bare->us);
}

/* ---- renewing: the certificate that came, and its key ---- */

static X509 *
read_answer(const pki_buf *answer)
{
	BIO *text = BIO_new_mem_buf(answer->data, (int)answer->len);
	BIO *octets = BIO_push(BIO_new(BIO_f_base64()), text);
	PKCS7 *bag = d2i_PKCS7_bio(octets, NULL);
	X509 *cert;

	if (bag == NULL || !PKCS7_type_is_signed(bag) ||
	    sk_X509_num(bag->d.sign->cert) != 1)
		bench_fail("no certificate came", NULL);
	cert = sk_X509_shift(bag->d.sign->cert);
	PKCS7_free(bag);
	BIO_free_all(octets);
	return cert;
}

static EVP_PKEY *
read_key(const pki_key *key)
{
	PKI_AUTO(pki_buf) pem = pki_buf_new();
	EVP_PKEY *out;
	pki_err err;
	BIO *text;

	BENCH_OK(pki_key_encode(key, pki_bytes_of(NULL, 0), pem, &err), &err);
	text = BIO_new_mem_buf(pem->data, (int)pem->len);
	out = PEM_read_bio_PrivateKey(text, NULL, NULL, NULL);
	if (out == NULL)
		bench_fail("PEM_read_bio_PrivateKey", NULL);
	BIO_free(text);
	return out;
}

/* The same devices once more; each shows the certificate that it got. */
struct renewals {
	bench_request *gets, *posts;
	size_t         count;
};

static void
make_renewals(const bench_fleet *fleet, const bench_request *enrolled,
    size_t count, struct renewals *out)
{
	const bench_device *devices =
	    fleet->devices + (enrolled - fleet->requests);

	*out = (struct renewals){
		bench_gets_new(count), bench_gets_new(count), count,
	};
	for (size_t i = 0; i < count; i++) {
		bench_request *post = &out->posts[i];

		post->cert = read_answer(enrolled[i].answer);
		post->key = read_key(devices[i].key);
		out->gets[i].cert = post->cert;
		out->gets[i].key = post->key;
		pki_buf_cut(post->text, 0);
		bench_fleet_write(&devices[i], "simplereenroll", "",
		    post->text);
	}
}

static void
clear_renewals(struct renewals *renewals)
{
	for (size_t i = 0; i < renewals->count; i++) {
		X509_free(renewals->posts[i].cert);
		EVP_PKEY_free(renewals->posts[i].key);
	}
	bench_requests_free(renewals->gets, renewals->count);
	bench_requests_free(renewals->posts, renewals->count);
}

/* ---- rounds ---- */

enum { TO_GET, TO_RENEW, TO_BARE, TO_CFSSL, PAIRS };

struct scene {
	bench_estd    *estd;
	bench_fleet   *fleet;
	bench_request *gets;
	bench_load    *fresh, *kept;
	est_cfssl     *cfssl;
	size_t         rounds, fresh_count, kept_count;
	struct bare_times bare;
	est_pair       pairs[PAIRS];
	double         rate[EST_ROUNDS];
};

/* Everything once by a connection of its own. */
static void
run_fresh(struct scene *s, size_t round)
{
	size_t count = s->fresh_count;
	bench_request *posts = bench_fleet_take(s->fleet, count);
	est_pair *renew = &s->pairs[TO_RENEW];
	struct renewals renewals;
	double get;

	for (size_t i = 0; i < count; i++)
		posts[i].answer = pki_buf_new();
	s->pairs[TO_GET].yardstick[round] = est_cpu_us(s->estd, s->fresh,
	    s->gets, count);
	s->pairs[TO_GET].ours[round] = est_cpu_us(s->estd, s->fresh, posts,
	    count);
	make_renewals(s->fleet, posts, count, &renewals);
	get = est_cpu_us(s->estd, s->fresh, renewals.gets, count);
	renew->ours[round] = est_cpu_us(s->estd, s->fresh, renewals.posts,
	    count) - get;
	renew->yardstick[round] = s->bare.us[RENEW].us[0];
	clear_renewals(&renewals);
}

static void
run_kept(struct scene *s, size_t round)
{
	bench_request *posts = bench_fleet_take(s->fleet, s->kept_count);
	double cpu = bench_estd_cpu(s->estd);
	double us, wall;

	wall = bench_load_run(s->kept, posts, s->kept_count);
	us = (bench_estd_cpu(s->estd) - cpu) * 1e6 / (double)s->kept_count;
	s->rate[round] = (double)s->kept_count / wall;
	s->pairs[TO_BARE].ours[round] = us;
	s->pairs[TO_BARE].yardstick[round] = s->bare.us[ISSUE].us[0];
	s->pairs[TO_CFSSL].ours[round] = us;
	s->pairs[TO_CFSSL].yardstick[round] = s->cfssl == NULL ? 0 :
	    est_cfssl_us(s->cfssl);
}

static void
make_scene(const bench_options *options, struct scene *s)
{
	char state[PKI_PATH_MAX];
	bench_load_options load = { .wire = BENCH_TLS };

	s->rounds = options->quick ? 3 : EST_ROUNDS;
	s->fresh_count = options->quick ? 400 : 1000;
	s->kept_count = options->quick ? 1000 : 4000;
	bench_make_checking_ca(options, "est", state);
	s->fleet = bench_fleet_new(state, "meter", (s->rounds + 1) *
	    (s->fresh_count + s->kept_count));
	s->gets = bench_gets_new(s->fresh_count);
	s->estd = bench_estd_start(options, state, NULL);
	load.port = bench_estd_port(s->estd);
	load.keeping = BENCH_FRESH;
	load.connections = FRESH;
	s->fresh = bench_load_new(&load);
	load.keeping = BENCH_KEPT;
	load.connections = EST_CLIENTS;
	s->kept = bench_load_new(&load);
	s->cfssl = est_cfssl_start(options, s->fleet->devices, s->kept_count);
	for (size_t i = 0; i < THREADS; i++)
		s->bare.workers[i] = bench_bare_new(BENCH_BLOCK);
}

static void
clear_scene(struct scene *s)
{
	bench_load_free(s->fresh);
	bench_load_free(s->kept);
	bench_estd_stop(s->estd);
	est_cfssl_stop(s->cfssl);
	bench_requests_free(s->gets, s->fresh_count);
	bench_fleet_free(s->fleet);
	for (size_t i = 0; i < THREADS; i++)
		bench_bare_free(s->bare.workers[i]);
}

static const struct row {
	const char *name, *note;
	double      target;
} rows[PAIRS] = {
	[TO_GET] = { "enroll, new connection, against static GET",
	    "TLS 1.3 in full, token", 2.1 },
	[TO_RENEW] = { "re-enroll, above a GET, against bare v+v+s+v",
	    "mutual TLS", 2.5 },
	[TO_BARE] = { "enroll, kept connections, against bare v+s+v",
	    NULL, 2.2 },
	[TO_CFSSL] = { "the same against cfssl serve", NULL, 0.9 },
};

static void
report(struct scene *s)
{
	char rate[64];

	snprintf(rate, sizeof(rate), "%d in flight, %.0f/s wall", EST_CLIENTS,
	    bench_median(s->rate, s->rounds));
	for (int i = 0; i < PAIRS; i++) {
		const struct row *row = &rows[i];

		if (i == TO_CFSSL && s->cfssl == NULL) {
			bench_report_missing(row->name,
			    "needs the Debian package golang-cfssl");
			continue;
		}
		est_report(&(bench_claim){
			.name = row->name, .unit = "us",
			.better = BENCH_AT_MOST, .target = row->target,
			.note = row->note != NULL ? row->note : rate,
		}, &s->pairs[i], s->rounds);
	}
}

void
est_claim_cpu(const bench_options *options)
{
	struct scene s = { .estd = NULL };

	make_scene(options, &s);
	/* Once without looking: caches, contexts, page faults. */
	for (size_t i = 0; i < s.rounds + 1; i++) {
		size_t round = i == 0 ? 0 : i - 1;

		run_bare(&s.bare);
		run_fresh(&s, round);
		run_kept(&s, round);
	}
	report(&s);
	clear_scene(&s);
}

void
bench_est(const bench_options *options)
{
	if (options->pki_estd == NULL || options->slow_sync == NULL)
		bench_fail("needs --pki-estd and --slow-sync", NULL);
	est_claim_cpu(options);
	est_claim_slow_fsync(options);
	est_claim_latency(options);
	est_claim_idle(options);
}

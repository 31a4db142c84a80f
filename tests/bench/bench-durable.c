/*
 * Issuing that is on the disk before it is answered: group commit, audit row,
 * constraints, two cores.
 */
#include "tests/bench/bench.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/ec.h>
#include <openssl/x509.h>

#include "ca/sign.h"
#include "tests/support/tbs-reference.h"

#define ROUNDS 5
#define IN_FLIGHT 1024

/*
 * The bare work of one issuance: one verification and one signature, with
 * contexts that are ready and hashes that are known.
 */
struct bare {
	EVP_PKEY *key;
	uint8_t   hash[32], signature[80];
	size_t    signature_len, count;
};

static void *
run_bare(void *arg)
{
	const struct bare *bare = arg;
	EVP_PKEY_CTX *sign = EVP_PKEY_CTX_new(bare->key, NULL);
	EVP_PKEY_CTX *verify = EVP_PKEY_CTX_new(bare->key, NULL);
	uint8_t out[80];
	size_t i;

	if (EVP_PKEY_sign_init(sign) != 1 ||
	    EVP_PKEY_verify_init(verify) != 1)
		bench_fail("EVP_PKEY_CTX", NULL);
	for (i = 0; i < bare->count; i++) {
		size_t len = sizeof(out);

		if (EVP_PKEY_verify(verify, bare->signature,
		    bare->signature_len, bare->hash, sizeof(bare->hash)) != 1 ||
		    EVP_PKEY_sign(sign, out, &len, bare->hash,
		    sizeof(bare->hash)) != 1)
			bench_fail("EVP_PKEY_sign", NULL);
	}
	EVP_PKEY_CTX_free(sign);
	EVP_PKEY_CTX_free(verify);
	return NULL;
}

/* Verify and sign by two threads at once: the limit of two cores. */
static double
bare_rate(size_t count)
{
	struct bare bare = {
		.key = EVP_EC_gen("P-256"), .count = count / 2,
		.signature_len = sizeof(bare.signature),
	};
	EVP_PKEY_CTX *sign = EVP_PKEY_CTX_new(bare.key, NULL);
	pthread_t threads[2];
	double begin;
	int i;

	if (EVP_PKEY_sign_init(sign) != 1 || EVP_PKEY_sign(sign,
	    bare.signature, &bare.signature_len, bare.hash,
	    sizeof(bare.hash)) != 1)
		bench_fail("EVP_PKEY_sign", NULL);
	begin = bench_wall();
	for (i = 0; i < 2; i++)
		if (pthread_create(&threads[i], NULL, run_bare, &bare) != 0)
			bench_fail("thread", NULL);
	for (i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	begin = bench_wall() - begin;
	EVP_PKEY_CTX_free(sign);
	EVP_PKEY_free(bare.key);
	return (double)count / begin;
}

static double
durable_rate(const bench_options *options, const char *name, size_t count,
    pki_batch_sign *sign)
{
	char state[PKI_PATH_MAX];
	bench_device *devices = bench_devices(count, name);
	double seconds;

	bench_make_ca(options, name, state);
	if (sign != pki_job_sign)
		bench_devices_decode(devices, count);
	seconds = bench_issue_signing(state, devices, count, IN_FLIGHT, NULL,
	    sign);
	bench_devices_free(devices, count);
	return (double)count / seconds;
}

static void
claim_durable(const bench_options *options, size_t count)
{
	double ours[ROUNDS], bare[ROUNDS], ratio[ROUNDS];
	char note[64], name[16];
	size_t i;

	for (i = 0; i < ROUNDS; i++) {
		snprintf(name, sizeof(name), "durable%zu", i);
		bare[i] = bare_rate(count);
		ours[i] = durable_rate(options, name, count, pki_job_sign);
		ratio[i] = ours[i] / bare[i];
	}
	bench_median(ratio, ROUNDS);
	snprintf(note, sizeof(note), "ratios %.2f .. %.2f", ratio[0],
	    ratio[ROUNDS - 1]);
	bench_report(&(bench_claim){
		"durable issue, two cores, against bare two-thread limit",
		"1/s", bench_median(ours, ROUNDS), bench_median(bare, ROUNDS),
		BENCH_AT_LEAST, 0.55, note,
	});
}

/* Decode and verify the request as libcrypto's API does. */
static void
verify_by_api(const bench_device *device)
{
	const unsigned char *at = device->csr->data;
	X509_REQ *request = d2i_X509_REQ(NULL, &at, (long)device->csr->len);

	if (request == NULL ||
	    X509_REQ_verify(request, X509_REQ_get0_pubkey(request)) != 1)
		bench_fail("X509_REQ_verify", NULL);
	X509_REQ_free(request);
}

/*
 * As one would write it by libcrypto's API: the request decoded and verified
 * by X509_REQ, every extension made by its own call, the certificate decoded
 * again.  Store, audit and constraints behind it are the same.
 */
static pki_code
sign_by_api(const pki_ca *ca, pki_job *job, pki_signer *signer, pki_err *err)
{
	PKI_AUTO(pki_buf) body = pki_buf_new();
	PKI_AUTO(pki_buf) signature = pki_buf_new();
	PKI_AUTO(pki_buf) der = pki_buf_new();
	pki_tbs tbs = {
		.algorithm = pki_signer_algorithm(signer),
		.issuer = pki_cert_subject(job->authority->cert),
		.authority_key_id =
		    pki_cert_subject_key_id(job->authority->cert),
		.not_before = job->grant->not_before,
		.not_after = job->grant->not_after,
		.subject = job->grant->subject, .key = job->key,
		.path_len = -1, .key_usage = job->grant->key_usage,
		.ext_usage = job->grant->ext_usage,
		.alt_names = job->grant->alt_names,
		.crl_url = job->crl_url, .ca_url = job->ca_url,
	};
	pki_code rc;

	/* The name is the first member of its device. */
	verify_by_api((const bench_device *)(const void *)job->identity);
	rc = pki_serial_new(job->epoch, pki_clock_now_ms(ca->clock),
	    &tbs.serial, err);
	if (rc == PKI_OK)
		rc = tbs_reference_encode(&tbs, body, err);
	if (rc == PKI_OK)
		rc = pki_signer_sign(signer, pki_buf_bytes(body), signature,
		    err);
	if (rc != PKI_OK)
		return rc;
	pki_signed_add(der, pki_buf_bytes(body), tbs.algorithm,
	    pki_buf_bytes(signature));
	return pki_cert_parse(pki_buf_bytes(der), &job->cert, err);
}

static void
claim_against_api(const bench_options *options, size_t count)
{
	double ours[ROUNDS], api[ROUNDS];
	char name[16];
	size_t i;

	for (i = 0; i < ROUNDS; i++) {
		snprintf(name, sizeof(name), "ours%zu", i);
		ours[i] = durable_rate(options, name, count, pki_job_sign);
		snprintf(name, sizeof(name), "api%zu", i);
		api[i] = durable_rate(options, name, count / 4, sign_by_api);
	}
	bench_report(&(bench_claim){
		"durable issue, against libcrypto's API, same store", "1/s",
		bench_median(ours, ROUNDS), bench_median(api, ROUNDS),
		BENCH_AT_LEAST, 5, NULL,
	});
}

/*
 * The rate of a child of its own, with or without the library that delays
 * every fsync: a preload counts from the start of a process only.
 */
static double
child_rate(const bench_options *options, const char *preload, size_t count)
{
	char text[32], slow[PKI_PATH_MAX + 16], self[PKI_PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *argv[] = {
		self, (char[]){ "--child" }, text, NULL, NULL,
	};
	char *env[] = { slow, NULL };
	int out[2], status;
	pid_t child;
	FILE *reply;
	double rate = 0;

	argv[3] = strdup(options->templates_dir);
	if (len < 0 || argv[3] == NULL || pipe(out) != 0)
		bench_fail("child", NULL);
	self[len] = '\0';
	snprintf(text, sizeof(text), "%zu", count);
	snprintf(slow, sizeof(slow), "LD_PRELOAD=%s",
	    preload == NULL ? "" : preload);
	child = fork();
	if (child == 0) {
		dup2(out[1], STDOUT_FILENO);
		close(out[0]);
		execve(self, argv, env);
		_exit(127);
	}
	close(out[1]);
	reply = fdopen(out[0], "r");
	if (child < 0 || reply == NULL || fscanf(reply, "%lf", &rate) != 1 ||
	    waitpid(child, &status, 0) != child || status != 0)
		bench_fail("the child with delayed fsync", NULL);
	fclose(reply);
	free(argv[3]);
	return rate;
}

int
bench_child(const char *count, const char *templates_dir)
{
	char dir[] = "/tmp/pki-bench-child.XXXXXX", remove[64];
	const bench_options options = {
		.templates_dir = templates_dir, .work_dir = dir,
	};

	if (mkdtemp(dir) == NULL)
		bench_fail("mkdtemp", NULL);
	printf("%f\n", durable_rate(&options, "child",
	    strtoul(count, NULL, 10), pki_job_sign));
	snprintf(remove, sizeof(remove), "rm -rf '%s'", dir);
	return system(remove);
}

static void
claim_slow_fsync(const bench_options *options, size_t count)
{
	double slow[ROUNDS], fast[ROUNDS];
	size_t i;

	if (options->slow_sync == NULL)
		bench_fail("needs --slow-sync", NULL);
	for (i = 0; i < ROUNDS; i++) {
		fast[i] = child_rate(options, NULL, count);
		slow[i] = child_rate(options, options->slow_sync, count);
	}
	bench_report(&(bench_claim){
		"durable issue, fsync + 5 ms, 1 024 in flight", "1/s",
		bench_median(slow, ROUNDS), bench_median(fast, ROUNDS),
		BENCH_AT_LEAST, 0.80, "against no delay",
	});
}

void
bench_durable(const bench_options *options)
{
	size_t count = options->quick ? 4096 : 16384;

	claim_durable(options, count);
	claim_against_api(options, count);
	claim_slow_fsync(options, count);
}

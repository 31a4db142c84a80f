#include "tests/bench/bench.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>


static const pki_requester bench_requester = { PKI_BY_OPERATOR, "bench" };

void
bench_make_checking_ca(const bench_options *options, const char *name,
    char out[PKI_PATH_MAX])
{
	pki_ca_setup setup = {
		.options = { .state_dir = out },
		.templates_dir = options->templates_dir,
		.display_name = "Bench", .root_key = PKI_KEY_P256,
		.issuing_key = PKI_KEY_P256, .crl_form = -1,
		.who = bench_requester,
	};
	pki_err err;

	BENCH_OK(pki_path_join(out, options->work_dir, name, &err), &err);
	BENCH_OK(pki_ca_init(&setup, &err), &err);
}

void
bench_make_ca(const bench_options *options, const char *name,
    char out[PKI_PATH_MAX])
{
	PKI_AUTO(pki_buf) conf = NULL;
	char path[PKI_PATH_MAX];
	pki_err err;

	bench_make_checking_ca(options, name, out);
	/* The yardsticks do not verify what they signed either. */
	BENCH_OK(pki_path_join(path, out, "pki.conf", &err), &err);
	BENCH_OK(pki_file_read(path, 65536, PKI_FILE_ANY, &conf, &err), &err);
	pki_buf_add_text(conf, "\nself-check = false;\n");
	BENCH_OK(pki_file_replace(path, pki_buf_bytes(conf), 0644, &err),
	    &err);
}

static void
make_csr(bench_device *device)
{
	const pki_name_part part = { PKI_NAME_COMMON_NAME, device->name };
	PKI_AUTO(pki_name) name = NULL;
	pki_err err;

	device->csr = pki_buf_new();
	BENCH_OK(pki_name_build(&part, 1, &name, &err), &err);
	BENCH_OK(pki_csr_build(device->key, name, NULL, device->csr, &err),
	    &err);
}

bench_device *
bench_devices(size_t count, const char *prefix)
{
	bench_device *devices = calloc(count, sizeof(*devices));
	pki_err err;
	size_t i;

	if (devices == NULL)
		bench_fail("memory", NULL);
	for (i = 0; i < count; i++) {
		bench_device *device = &devices[i];

		snprintf(device->name, sizeof(device->name), "%s-%07zu",
		    prefix, i);
		BENCH_OK(pki_key_generate(PKI_KEY_P256, &device->key, &err),
		    &err);
		make_csr(device);
		device->request = (pki_issue_request){
			.profile = "auditor", .identity = device->name,
			.who = bench_requester,
		};
	}
	return devices;
}

void
bench_devices_decode(bench_device *devices, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		devices[i].request.key = pki_key_public(devices[i].key);
		devices[i].request.possession = PKI_POP_SIGNATURE;
	}
}

void
bench_devices_free(bench_device *devices, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		pki_key_free(devices[i].key);
		pki_buf_free(devices[i].csr);
	}
	free(devices);
}

/* Requests inside, and whoever waits for room. */
struct gate {
	pthread_mutex_t mutex;
	pthread_cond_t  room;
	size_t          inside;
};

struct flight {
	struct gate *gate;
	double       begin, *latency;
};

static void
landed(void *arg, pki_issued *issued, const pki_err *err)
{
	struct flight *flight = arg;

	if (issued == NULL)
		bench_fail("issue", err);
	pki_issued_free(issued);
	if (flight->latency != NULL)
		*flight->latency = (bench_wall() - flight->begin) * 1000;
	pthread_mutex_lock(&flight->gate->mutex);
	flight->gate->inside--;
	pthread_cond_signal(&flight->gate->room);
	pthread_mutex_unlock(&flight->gate->mutex);
}

double
bench_issue_all(const char *state, bench_device *devices, size_t count,
    size_t in_flight, double *latencies)
{
	return bench_issue_signing(state, devices, count, in_flight, latencies,
	    pki_job_sign);
}

double
bench_issue_signing(const char *state, bench_device *devices, size_t count,
    size_t in_flight, double *latencies, pki_batch_sign *sign)
{
	const pki_batch_options options = { .ca = { .state_dir = state } };
	struct gate gate = {
		.mutex = PTHREAD_MUTEX_INITIALIZER,
		.room = PTHREAD_COND_INITIALIZER,
	};
	struct flight *flights = calloc(count, sizeof(*flights));
	pki_batch *batch;
	pki_bytes csr;
	double begin;
	pki_err err;
	size_t i;

	BENCH_OK(pki_batch_open_signing(&options, sign, &batch, &err), &err);
	begin = bench_wall();
	for (i = 0; i < count; i++) {
		pthread_mutex_lock(&gate.mutex);
		while (gate.inside >= in_flight)
			pthread_cond_wait(&gate.room, &gate.mutex);
		gate.inside++;
		pthread_mutex_unlock(&gate.mutex);
		flights[i] = (struct flight){
			&gate, bench_wall(),
			latencies == NULL ? NULL : &latencies[i],
		};
		csr = devices[i].request.key != NULL ? pki_bytes_of(NULL, 0) :
		    pki_buf_bytes(devices[i].csr);
		BENCH_OK(pki_batch_issue(batch, &devices[i].request, csr,
		    landed, &flights[i], &err), &err);
	}
	pki_batch_close(batch);
	begin = bench_wall() - begin;
	free(flights);
	return begin;
}

/* Devices that have tokens, and what they will ask of the daemon. */

#include <stdio.h>
#include <stdlib.h>

#include "tests/bench/estd.h"

#define LINE_WIDTH 64
#define LIFETIME 86400
/* Most in one call: each is one transaction. */
#define AT_ONCE 1024

static const pki_requester bench_operator = { PKI_BY_OPERATOR, "bench" };

void
bench_fleet_write(const bench_device *device, const char *operation,
    const char *extra, pki_buf *out)
{
	PKI_AUTO(pki_buf) body = pki_buf_new();
	char path[64], head[256];
	pki_err err;

	BENCH_OK(pki_est_body_encode(pki_buf_bytes(device->csr), LINE_WIDTH,
	    body, &err), &err);
	snprintf(path, sizeof(path), BENCH_EST "%s", operation);
	snprintf(head, sizeof(head),
	    "Content-Type: application/pkcs10\r\n%s", extra);
	bench_request_write(out, "POST", path, head, pki_buf_bytes(body));
}

static void
write_request(bench_request *request, const bench_device *device,
    const char *token)
{
	PKI_AUTO(pki_buf) basic = pki_buf_new();
	char user[PKI_TOKEN_TEXT + 1], line[128];
	pki_err err;

	snprintf(user, sizeof(user), ":%s", token);
	BENCH_OK(pki_est_body_encode(pki_bytes_text(user), 0, basic, &err),
	    &err);
	snprintf(line, sizeof(line), "Authorization: Basic %.*s\r\n",
	    (int)basic->len, (const char *)basic->data);
	request->text = pki_buf_new();
	bench_fleet_write(device, "simpleenroll", line, request->text);
}

static void
admit(pki_ca *ca, const bench_device *devices, bench_request *requests,
    size_t count)
{
	const pki_token_order order = {
		.lifetime = LIFETIME, .who = bench_operator,
	};
	pki_device_adding adding = { .who = bench_operator };
	PKI_AUTO(pki_token_drafts) drafts = NULL;
	const char *names[AT_ONCE];
	pki_device added[AT_ONCE];
	pki_err err;

	for (size_t i = 0; i < count; i++) {
		names[i] = devices[i].name;
		added[i] = (pki_device){
			.name = devices[i].name, .profile = "auditor",
		};
	}
	BENCH_OK(pki_ca_add_devices(ca, added, count, &adding, &err), &err);
	BENCH_OK(pki_ca_draft_tokens(ca, names, count, &order, &drafts, &err),
	    &err);
	BENCH_OK(pki_ca_create_tokens(ca, drafts, &bench_operator, &err),
	    &err);
	for (size_t i = 0; i < count; i++)
		write_request(&requests[i], &devices[i],
		    drafts->items[i].text);
}

bench_fleet *
bench_fleet_new(const char *state, const char *prefix, size_t count)
{
	const pki_ca_options options = { .state_dir = state };
	bench_fleet *fleet = calloc(1, sizeof(*fleet));
	PKI_AUTO(pki_ca) ca = NULL;
	pki_err err;

	if (fleet == NULL)
		bench_fail("memory", NULL);
	fleet->count = count;
	fleet->devices = bench_devices(count, prefix);
	fleet->requests = calloc(count, sizeof(*fleet->requests));
	if (fleet->requests == NULL)
		bench_fail("memory", NULL);
	BENCH_OK(pki_ca_open(&options, &ca, &err), &err);
	for (size_t i = 0; i < count; i += AT_ONCE)
		admit(ca, fleet->devices + i, fleet->requests + i,
		    count - i < AT_ONCE ? count - i : AT_ONCE);
	return fleet;
}

void
bench_requests_free(bench_request *requests, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		pki_buf_free(requests[i].text);
		pki_buf_free(requests[i].answer);
	}
	free(requests);
}

void
bench_fleet_free(bench_fleet *fleet)
{
	bench_requests_free(fleet->requests, fleet->count);
	bench_devices_free(fleet->devices, fleet->count);
	free(fleet);
}

bench_request *
bench_fleet_take(bench_fleet *fleet, size_t count)
{
	if (fleet->count - fleet->used < count)
		bench_fail("too few devices", NULL);
	fleet->used += count;
	return fleet->requests + fleet->used - count;
}

bench_request *
bench_gets_new(size_t count)
{
	bench_request *requests = calloc(count, sizeof(*requests));

	if (requests == NULL)
		bench_fail("memory", NULL);
	for (size_t i = 0; i < count; i++) {
		requests[i].text = pki_buf_new();
		bench_request_write(requests[i].text, "GET",
		    BENCH_EST "cacerts", "", pki_bytes_of(NULL, 0));
	}
	return requests;
}

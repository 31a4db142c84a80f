#include "tests/lib/issuer/serve-sample.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static void
copy_text(const pki_message *message, pki_tag tag, char *out, size_t size)
{
	pki_message_text(message, tag, out, size);
}

static void
take_tls(struct told *told, const pki_message *message)
{
	static const pki_bytes none;
	PKI_AUTO(pki_key) key = NULL;
	pki_err err = { 0 };

	pki_cert_free(told->server);
	told->server = NULL;
	told->chain = message->n_list;
	told->key_fits = pki_cert_parse(message->list[0], &told->server,
	    &err) == PKI_OK && pki_key_parse(message->field[PKI_TAG_KEY],
	    none, &key, &err) == PKI_OK && pki_digest_equal(
	    pki_pubkey_digest(pki_key_public(key)),
	    pki_pubkey_digest(pki_cert_key(told->server)));
	told->cacerts = told->csrattrs = 0;
}

static void
keep_octets(pki_buf *kept[], size_t *count, pki_bytes octets)
{
	if (*count < SERVED_LABELS) {
		pki_buf_free(kept[*count]);
		kept[*count] = pki_buf_copy(octets);
	}
	++*count;
}

static void
take_set(struct told *told, const pki_message *message)
{
	size_t i;

	told->sets++;
	told->generation = message->number[PKI_TAG_GENERATION];
	told->labels = message->n_list;
	for (i = 0; i < message->n_list && i < SERVED_LABELS; i++)
		snprintf(told->label[i], sizeof(told->label[i]), "%.*s",
		    (int)message->list[i].len,
		    (const char *)message->list[i].data);
}

static void
take_notice(struct told *told, const pki_message *message)
{
	switch (message->type) {
	case PKI_MESSAGE_HELLO:
		told->hellos++;
		break;
	case PKI_MESSAGE_TLS:
		take_tls(told, message);
		break;
	case PKI_MESSAGE_CLIENT_CAS:
		told->hints = message->n_list;
		break;
	case PKI_MESSAGE_CACERTS:
		keep_octets(told->cms, &told->cacerts,
		    message->field[PKI_TAG_CMS]);
		break;
	case PKI_MESSAGE_CSRATTRS:
		keep_octets(told->attrs, &told->csrattrs,
		    message->field[PKI_TAG_ATTRS]);
		break;
	case PKI_MESSAGE_LABELS:
		take_set(told, message);
		break;
	case PKI_MESSAGE_STATE:
		told->states++;
		told->ready = message->number[PKI_TAG_READY] != 0;
		told->clock = message->number[PKI_TAG_CLOCK] != 0;
		copy_text(message, PKI_TAG_REASON, told->reason,
		    sizeof(told->reason));
		break;
	case PKI_MESSAGE_RELOADED:
		told->reloads++;
		told->reload_ok = message->number[PKI_TAG_READY] != 0;
		break;
	default:
		break;
	}
}

static void
hear(void *arg, const pki_message *message)
{
	struct served *s = arg;

	pthread_mutex_lock(&s->mutex);
	take_notice(&s->told, message);
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->mutex);
}

static void
take_answer(pki_issuer_call *call, const pki_message *reply, pki_code why)
{
	struct asked *a = (struct asked *)call;
	struct served *s = a->served;

	(void)why;
	pthread_mutex_lock(&s->mutex);
	a->ended = true;
	if (reply != NULL) {
		a->type = reply->type;
		a->http = (unsigned)reply->number[PKI_TAG_HTTP];
		a->retry_after = reply->number[PKI_TAG_RETRY_AFTER];
		a->again = reply->number[PKI_TAG_REPLAY] != 0;
		a->bound = reply->number[PKI_TAG_POP] != 0;
		copy_text(reply, PKI_TAG_RULE, a->rule, sizeof(a->rule));
		copy_text(reply, PKI_TAG_DEVICE, a->device,
		    sizeof(a->device));
		copy_text(reply, PKI_TAG_PENDING_ID, a->pending,
		    sizeof(a->pending));
	}
	if (a->type == PKI_MESSAGE_ISSUED && pki_cert_parse(
	    reply->field[PKI_TAG_CERT], &a->cert, NULL) != PKI_OK)
		a->cert = NULL;
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->mutex);
}

static void
note(void *arg, const char *event, const pki_err *err)
{
	struct served *s = arg;

	pthread_mutex_lock(&s->mutex);
	snprintf(s->noted, sizeof(s->noted), "%s", event);
	if (getenv("SERVE_TALK") != NULL)
		fprintf(stderr, "%s: %s\n", event,
		    err == NULL ? "" : err->msg);
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->mutex);
}

static void *
run_issuer(void *arg)
{
	struct served *s = arg;

	s->rc = pki_serve(&s->options, &s->err);
	close(s->theirs[0]);
	close(s->theirs[1]);
	return NULL;
}

/* A new link, whose other end is in options. */
static void
connect_ends(struct served *s)
{
	const pki_issuer_options options = {
		.done = take_answer, .told = hear, .arg = s,
		.most_waiting = 16384,
	};
	int control[2];

	if (s->issuer == NULL && !s->alone)
		assert_ok(pki_issuer_open(&options, &s->issuer, &s->t.err),
		    &s->t.err);
	assert_ok(pki_link_pair(s->link, NULL, &s->t.err), &s->t.err);
	cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0,
	    control), 0);
	s->control = control[0];
	s->theirs[0] = s->link[1];
	s->theirs[1] = control[1];
	s->options.link_fd = s->link[1];
	s->options.control_fd = control[1];
	pthread_mutex_lock(&s->mutex);
	s->told.sets = s->told.states = s->told.reloads = 0;
	s->told.ready = false;
	pthread_mutex_unlock(&s->mutex);
}

void
serve_start(struct served *s)
{
	connect_ends(s);
	assert_ok(pki_issuer_link(s->issuer, s->link[0], &s->t.err),
	    &s->t.err);
	cr_assert_eq(pthread_create(&s->thread, NULL, run_issuer, s), 0);
}

pid_t
serve_fork_alone(struct served *s)
{
	pid_t child;

	pki_ca_free(s->t.ca);
	s->t.ca = NULL;
	connect_ends(s);
	cr_assert((child = fork()) >= 0);
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		signal(SIGXFSZ, SIG_IGN);
		close(s->link[0]);
		close(s->control);
		s->options.note = NULL;
		_exit(pki_serve(&s->options, &s->err) == PKI_OK ? 0 : 1);
	}
	close(s->theirs[0]);
	close(s->theirs[1]);
	return child;
}

pid_t
serve_fork(struct served *s)
{
	pid_t child = serve_fork_alone(s);

	assert_ok(pki_issuer_link(s->issuer, s->link[0], &s->t.err),
	    &s->t.err);
	return child;
}

void
serve_kill(struct served *s, pid_t child)
{
	cr_assert_eq(kill(child, SIGKILL), 0);
	cr_assert_eq(waitpid(child, NULL, 0), child);
	close(s->control);
}

void
serve_begin(struct served *s)
{
	static const char *const hosts[] = { "dns:est.example",
	    "ip:192.0.2.1" };

	memset(s, 0, sizeof(*s));
	pthread_mutex_init(&s->mutex, NULL);
	pthread_cond_init(&s->changed, NULL);
	fresh_ca(&s->t);
	s->options = (pki_serve_options){
		.ca = test_options(&s->t), .threads = 2, .build = "test",
		.settings = {
			.identity = "est-server", .hosts = hosts,
			.host_count = 2,
		},
		.note = note, .arg = s,
	};
	serve_start(s);
	await_ready(s, true);
}

pki_code
serve_stop(struct served *s)
{
	assert_ok(pki_control_send(s->control, PKI_CONTROL_STOP, -1,
	    &s->t.err), &s->t.err);
	pthread_join(s->thread, NULL);
	close(s->control);
	return s->rc;
}

void
serve_end(struct served *s)
{
	size_t i;

	pki_issuer_free(s->issuer);
	for (i = 0; i < SERVED_LABELS; i++) {
		pki_buf_free(s->told.cms[i]);
		pki_buf_free(s->told.attrs[i]);
	}
	pki_cert_free(s->told.server);
	drop_ca(&s->t);
	pthread_cond_destroy(&s->changed);
	pthread_mutex_destroy(&s->mutex);
}

#define AWAIT(s, condition) do {                                        \
	pthread_mutex_lock(&(s)->mutex);                                \
	while (!(condition))                                            \
		pthread_cond_wait(&(s)->changed, &(s)->mutex);          \
	pthread_mutex_unlock(&(s)->mutex);                              \
} while (0)

void
await_sets(struct served *s, unsigned sets)
{
	AWAIT(s, s->told.sets >= sets);
}

void
await_ready(struct served *s, bool ready)
{
	AWAIT(s, s->told.states > 0 && s->told.ready == ready);
}

void
await_reloads(struct served *s, unsigned reloads)
{
	AWAIT(s, s->told.reloads >= reloads);
}

static pki_token_drafts *
give(struct served *s, const pki_device *devices, const char *const *names,
    size_t count)
{
	const pki_token_order order = {
		.lifetime = PKI_DAY, .who = test_requester,
	};
	pki_device_adding adding = { .who = test_requester };
	pki_token_drafts *drafts = NULL;

	assert_ok(pki_ca_add_devices(s->t.ca, devices, count, &adding,
	    &s->t.err), &s->t.err);
	assert_ok(pki_ca_draft_tokens(s->t.ca, names, count, &order, &drafts,
	    &s->t.err), &s->t.err);
	assert_ok(pki_ca_create_tokens(s->t.ca, drafts, &test_requester,
	    &s->t.err), &s->t.err);
	return drafts;
}

pki_token_draft
give_token(struct served *s, const char *name)
{
	const pki_device device = { .name = name, .profile = "auditor" };
	PKI_AUTO(pki_token_drafts) drafts = give(s, &device, &name, 1);

	return drafts->items[0];
}

pki_token_drafts *
give_tokens(struct served *s, size_t count)
{
	pki_device *devices = calloc(count, sizeof(*devices));
	const char **names = calloc(count, sizeof(*names));
	char (*room)[32] = calloc(count, sizeof(*room));
	pki_token_drafts *drafts;
	size_t i;

	for (i = 0; i < count; i++) {
		snprintf(room[i], sizeof(room[i]), "meter-%zu", i);
		names[i] = devices[i].name = room[i];
		devices[i].profile = "auditor";
	}
	drafts = give(s, devices, names, count);
	free(room);
	free(names);
	free(devices);
	return drafts;
}

bool
serve_reload(struct served *s)
{
	unsigned before = s->told.reloads;

	assert_ok(pki_control_send(s->control, PKI_CONTROL_RELOAD, -1,
	    &s->t.err), &s->t.err);
	await_reloads(s, before + 1);
	return s->told.reload_ok;
}

static void
template_path(struct served *s, const char *name, char out[PKI_PATH_MAX])
{
	char file[64];

	snprintf(file, sizeof(file), "templates/%s.conf", name);
	assert_ok(pki_path_join(out, s->t.state, file, &s->t.err), &s->t.err);
}

void
put_template(struct served *s, const char *name, const char *text)
{
	char path[PKI_PATH_MAX];

	template_path(s, name, path);
	assert_ok(pki_file_replace(path, pki_bytes_text(text), 0644,
	    &s->t.err), &s->t.err);
}

static void
add_changed(pki_buf *out, const char *text, const char *from, const char *to)
{
	const char *at = strstr(text, from);

	cr_assert_not_null(at, "no '%s'", from);
	pki_buf_add(out, pki_bytes_of(text, (size_t)(at - text)));
	pki_buf_add_text(out, to);
	pki_buf_add_text(out, at + strlen(from));
}

void
change_auditor(struct served *s, const char *name, const char *from,
    const char *to)
{
	PKI_AUTO(pki_buf) renamed = pki_buf_new();
	PKI_AUTO(pki_buf) changed = pki_buf_new();
	PKI_AUTO(pki_buf) text = NULL;
	char path[PKI_PATH_MAX], line[64];

	template_path(s, "auditor", path);
	assert_ok(pki_file_read(path, 65536, PKI_FILE_ANY, &text, &s->t.err),
	    &s->t.err);
	snprintf(line, sizeof(line), "name = \"%s\"", name);
	add_changed(renamed, pki_buf_text(text), "name = \"auditor\"", line);
	add_changed(changed, pki_buf_text(renamed), from, to);
	put_template(s, name, pki_buf_text(changed));
}

void
drop_asked(struct asked *a)
{
	pki_cert_free(a->cert);
	a->cert = NULL;
}

pki_message
message_of(const struct question *q)
{
	static const uint8_t octets[16] = { 192, 0, 2, 7 };
	pki_message message = pki_message_of(q->type);

	if (q->label != NULL)
		pki_message_put_text(&message, PKI_TAG_LABEL, q->label);
	pki_message_put(&message, PKI_TAG_REQUEST_ID,
	    pki_bytes_of(octets, 16));
	pki_message_put(&message, PKI_TAG_ADDRESS, pki_bytes_of(octets, 4));
	if (q->token != NULL) {
		pki_message_put_text(&message, PKI_TAG_TOKEN_USER,
		    q->user == NULL ? "" : q->user);
		pki_message_put_text(&message, PKI_TAG_TOKEN, q->token);
	}
	if (q->cert != NULL)
		pki_message_put(&message, PKI_TAG_CLIENT_CERT,
		    pki_cert_der(q->cert));
	if (q->type == PKI_MESSAGE_CHECK)
		return message;
	pki_message_put(&message, PKI_TAG_CSR, q->csr);
	pki_message_put_number(&message, PKI_TAG_TLS_VERSION, 0x0304);
	if (q->unique.len != 0)
		pki_message_put(&message, PKI_TAG_TLS_UNIQUE, q->unique);
	if (q->exporter.len != 0)
		pki_message_put(&message, PKI_TAG_TLS_EXPORTER, q->exporter);
	return message;
}

bool
ask(struct served *s, const struct question *q, struct asked *out)
{
	pki_message message = q->type == PKI_MESSAGE_PING ?
	    pki_message_of(PKI_MESSAGE_PING) : message_of(q);
	pki_err err = { 0 };
	pki_code rc;

	memset(out, 0, sizeof(*out));
	out->served = s;
	rc = pki_issuer_ask(s->issuer, &out->call, &message, NULL, &err);
	cr_expect(rc == PKI_OK || rc == PKI_BUSY, "%s", err.msg);
	return rc == PKI_OK;
}

void
await(struct asked *a)
{
	AWAIT(a->served, a->ended);
}

struct asked
answer_to(struct served *s, const struct question *q)
{
	struct asked a;

	cr_assert(ask(s, q, &a));
	await(&a);
	return a;
}

pki_buf *
csr_for(const pki_key *key, const char *name)
{
	const pki_name_part part = { PKI_NAME_COMMON_NAME, name };
	PKI_AUTO(pki_name) subject = NULL;
	pki_buf *csr = pki_buf_new();
	pki_err err;

	assert_ok(pki_name_build(&part, 1, &subject, &err), &err);
	assert_ok(pki_csr_build(key, subject, NULL, csr, &err), &err);
	return csr;
}

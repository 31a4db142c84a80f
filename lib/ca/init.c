#include "ca/ca.h"

#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "ca/init-state.h"
#include "ca/job.h"
#include "ca/public-files.h"
#include "ca/publish.h"
#include "ca/record.h"
#include "ca/rowhash.h"
#include "ca/token-key.h"
#include "x509/key.h"

#define ROOT "root"
#define ISSUING "issuing"
#define TITLE_MAX 128

/* An init under way.  root and main are one handle unless root is offline. */
struct init {
	const pki_ca_setup *setup;
	pki_ca             *root, *main;
};

/* What kind of CA, by which profile, with which key. */
struct member {
	const char           *name, *profile, *title;
	pki_profile_kind      kind;
	pki_key_type          key_type;
	const pki_passphrase *passphrase;
};

static struct member
root_member(const pki_ca_setup *setup)
{
	return (struct member){
		.name = ROOT, .profile = "root-ca", .title = "Root CA",
		.kind = PKI_PROFILE_ROOT_CA, .key_type = setup->root_key,
		.passphrase = setup->root_passphrase,
	};
}

static struct member
issuing_member(const pki_ca_setup *setup)
{
	return (struct member){
		.name = ISSUING, .profile = "issuing-ca",
		.title = "Issuing CA", .kind = PKI_PROFILE_ISSUING_CA,
		.key_type = setup->issuing_key,
		.passphrase = setup->issuing_passphrase,
	};
}

static pki_code
find_profile(const pki_profiles *profiles, const struct member *member,
    const pki_profile **out, pki_err *err)
{
	PKI_AUTO(pki_buf) types = pki_buf_new();
	pki_code rc = pki_profiles_find(profiles, member->profile, out, err);

	if (rc == PKI_OK && ((*out)->kind != (int)member->kind ||
	    strcmp((*out)->ca, ROOT) != 0))
		rc = pki_refuse(err, PKI_DENIED, "profile-kind",
		    "kind and ca as shipped", "%s", member->profile);
	if (rc == PKI_OK && ((*out)->key_types & 1U << member->key_type) == 0) {
		pki_usage_print(pki_key_type_names, (*out)->key_types, types);
		rc = pki_refuse(err, PKI_DENIED, "key-type",
		    pki_buf_text(types), "%s in %s",
		    pki_key_type_name(member->key_type), member->profile);
	}
	if (rc == PKI_OK && !pki_key_type_available(member->key_type))
		rc = pki_refuse(err, PKI_DENIED, "key-type",
		    "a key type that the linked OpenSSL knows", "%s",
		    pki_key_type_name(member->key_type));
	return rc;
}

/* "Example" becomes "Example Root CA". */
static pki_code
make_title(const pki_ca_setup *setup, const struct member *member,
    char *out, size_t room, pki_err *err)
{
	pki_name_part part = { PKI_NAME_COMMON_NAME, out };
	PKI_AUTO(pki_name) name = NULL;
	pki_code rc;

	rc = pki_text_format(out, room, err, "%s %s", setup->display_name,
	    member->title);
	return rc == PKI_OK ? pki_name_build(&part, 1, &name, err) : rc;
}

static pki_code
check_places(const pki_ca_setup *setup, pki_err *err)
{
	const char *dir = setup->options.state_dir;
	pki_code rc = pki_state_check(dir, err);

	if (rc == PKI_OK && setup->offline_root != NULL &&
	    pki_state_same(setup->offline_root, dir))
		rc = pki_fail(err, PKI_BAD_INPUT, "the offline root needs a "
		    "directory of its own, not '%s'", setup->offline_root);
	if (rc == PKI_OK && setup->offline_root != NULL)
		rc = pki_state_check(setup->offline_root, err);
	return rc;
}

static const char *
conf_dir(const pki_ca_setup *setup)
{
	return setup->options.conf_dir != NULL ? setup->options.conf_dir :
	    setup->options.state_dir;
}

pki_code
pki_ca_init_check(const pki_ca_setup *setup, pki_err *err)
{
	const struct member members[] = {
		root_member(setup), issuing_member(setup),
	};
	PKI_AUTO(pki_profiles) profiles = NULL;
	PKI_AUTO(pki_config) config = NULL;
	const pki_profile *profile;
	char title[TITLE_MAX], path[PKI_PATH_MAX];
	pki_code rc = check_places(setup, err);
	size_t i;

	if (rc == PKI_OK && setup->base_url != NULL)
		rc = pki_base_url_check(setup->base_url, err);
	if (rc == PKI_OK)
		rc = pki_path_join(path, conf_dir(setup), "pki.conf", err);
	if (rc == PKI_OK && pki_file_exists(path))
		rc = pki_config_load(path, &config, err);
	if (rc == PKI_OK)
		rc = pki_state_profiles(conf_dir(setup), setup->templates_dir,
		    &profiles, err);
	for (i = 0; i < PKI_COUNT(members) && rc == PKI_OK; i++) {
		rc = make_title(setup, &members[i], title, sizeof(title), err);
		if (rc == PKI_OK)
			rc = find_profile(profiles, &members[i], &profile, err);
	}
	return rc;
}

/* A new key, on disk before anything is signed with it. */
static pki_code
make_key(const pki_ca *ca, const struct member *member, pki_key **out,
    pki_err *err)
{
	PKI_AUTO(pki_key) key = NULL;
	PKI_AUTO(pki_buf) passphrase = NULL;
	PKI_AUTO(pki_buf) pem = pki_buf_new();
	PKI_AUTO(pki_file_new) file = NULL;
	char path[PKI_PATH_MAX];
	pki_code rc = PKI_OK;

	if (member->passphrase != NULL)
		rc = member->passphrase->get(member->passphrase->arg,
		    member->name, &passphrase, err);
	if (rc == PKI_OK)
		rc = pki_key_generate(member->key_type, &key, err);
	if (rc == PKI_OK)
		rc = pki_key_encode(key, pki_buf_bytes(passphrase), pem, err);
	if (rc == PKI_OK)
		rc = pki_ca_path(ca, path, err, "keys/%s.key", member->name);
	if (rc == PKI_OK)
		rc = pki_file_begin(path, 0600, PKI_FILE_KEEP, &file, err);
	if (rc == PKI_OK)
		rc = pki_file_write(file, pki_buf_bytes(pem), err);
	if (rc == PKI_OK)
		rc = pki_file_commit(file, err);
	if (rc != PKI_OK)
		return rc;
	*out = PKI_TAKE(key);
	return PKI_OK;
}

/* A CA's row, without certificate and hash. */
static pki_ca_row
make_row(const struct init *init, const struct member *member)
{
	const pki_ca_setup *setup = init->setup;
	const pki_config *config = init->main->config;

	return (pki_ca_row){
		.name = member->name, .parent = ROOT,
		.key_ref = strcmp(member->name, ROOT) == 0 ?
		    "file:keys/root.key" : "file:keys/issuing.key",
		/* A root signs few certificates: always one full CRL. */
		.crl_form = strcmp(member->name, ROOT) == 0 ? PKI_CRL_FULL :
		    setup->crl_form >= 0 ? setup->crl_form : config->crl_form,
		.partition_size = config->crl_partition_size,
		.base_url = setup->base_url != NULL ? setup->base_url :
		    config->base_url,
		.created_at = pki_clock_now(setup->options.clock),
	};
}

/* What the profile grants this CA. */
static pki_code
grant(const struct init *init, const struct member *member,
    const pki_key *key, pki_job *job, pki_err *err)
{
	char title[TITLE_MAX];
	pki_policy_facts facts = {
		.now = pki_clock_now(init->setup->options.clock),
		.issuer_not_after = PKI_TIME_MAX,
	};
	pki_request asked = {
		.identity = title, .key = pki_key_public(key),
		.key_origin = PKI_ORIGIN_CA, .requester = PKI_BY_OPERATOR,
	};
	pki_code rc;

	rc = make_title(init->setup, member, title, sizeof(title), err);
	if (rc == PKI_OK)
		rc = pki_ca_profiles(init->root, &facts.profiles, err);
	if (rc == PKI_OK)
		rc = find_profile(facts.profiles, member, &job->profile, err);
	if (rc != PKI_OK)
		return rc;
	if (job->authority != NULL) {
		facts.issuer_not_before =
		    pki_cert_not_before(job->authority->cert);
		facts.issuer_not_after =
		    pki_cert_not_after(job->authority->cert);
	}
	job->identity = member->name;
	job->key = pki_key_public(key);
	job->key_origin = PKI_ORIGIN_CA;
	job->who = &init->setup->who;
	return pki_policy_check(job->profile, &asked, &facts, &job->grant, err);
}

/* Self-signed; its authority then holds the opened key. */
static pki_code
make_root(const struct init *init, pki_authority **out, pki_err *err)
{
	const struct member member = root_member(init->setup);
	PKI_AUTO(pki_key) key = NULL;
	pki_ca_row row = make_row(init, &member);
	pki_job job = { .epoch = 1, .new_ca = &row };
	PKI_AUTO(pki_signer) signer = NULL;
	char path[PKI_PATH_MAX];
	pki_code rc;

	rc = make_key(init->root, &member, &key, err);
	if (rc == PKI_OK)
		rc = grant(init, &member, key, &job, err);
	if (rc == PKI_OK)
		rc = pki_ca_path(init->root, path, err, "keys/root.key");
	if (rc == PKI_OK)
		rc = pki_signer_open_file(path, member.passphrase, &signer,
		    err);
	if (rc == PKI_OK)
		rc = pki_job_sign(init->root, &job, signer, err);
	if (rc == PKI_OK)
		rc = pki_job_record(init->root, &job, err);
	pki_job_clear(&job);
	if (rc == PKI_OK)
		rc = pki_authority_get(init->root, ROOT, out, err);
	if (rc == PKI_OK)
		(*out)->signer = PKI_TAKE(signer);
	return rc;
}

/* The state of an offline root's issuing CA knows both by certificate. */
static pki_code
adopt(pki_ca *ca, pki_ca_row *row, const pki_cert *cert, pki_err *err)
{
	pki_identity_row identity = {
		.name = row->name, .created_at = row->created_at,
	};
	pki_pubkey_row key = {
		.digest = *pki_pubkey_digest(pki_cert_key(cert)),
	};
	pki_code rc;

	row->der = pki_cert_der(cert);
	rc = pki_row_seal_ca(row, err);
	if (rc == PKI_OK)
		rc = pki_store_put_ca(ca->store, row, err);
	if (rc == PKI_OK)
		rc = pki_row_seal_identity(&identity, err);
	if (rc == PKI_OK)
		rc = pki_store_claim_identity(ca->store, &identity, err);
	key.identity_id = identity.id;
	if (rc == PKI_OK)
		rc = pki_row_seal_pubkey(&key, err);
	if (rc == PKI_OK)
		rc = pki_store_claim_pubkey(ca->store, &key, err);
	return rc;
}

static pki_code
adopt_both(const struct init *init, const pki_cert *root,
    const pki_cert *issuing, pki_err *err)
{
	const struct member members[] = {
		root_member(init->setup), issuing_member(init->setup),
	};
	pki_ca_row root_row = make_row(init, &members[0]);
	pki_ca_row issuing_row = make_row(init, &members[1]);
	pki_code rc = pki_store_begin(init->main->store, err);

	root_row.key_ref = PKI_KEY_OFFLINE;
	if (rc == PKI_OK)
		rc = adopt(init->main, &root_row, root, err);
	if (rc == PKI_OK)
		rc = adopt(init->main, &issuing_row, issuing, err);
	if (rc == PKI_OK)
		rc = pki_store_commit(init->main->store, err);
	if (rc != PKI_OK)
		pki_store_rollback(init->main->store);
	return rc;
}

static pki_code
make_issuing(const struct init *init, pki_authority *root, pki_err *err)
{
	const struct member member = issuing_member(init->setup);
	PKI_AUTO(pki_key) key = NULL;
	pki_ca_row row = make_row(init, &member);
	pki_job job = {
		.authority = root, .epoch = 1,
		.new_ca = init->main == init->root ? &row : NULL,
	};
	pki_code rc;

	rc = pki_crl_url(root, PKI_SCOPE_COMPLETE, job.crl_url, err);
	if (rc == PKI_OK)
		rc = pki_text_format(job.ca_url, sizeof(job.ca_url), err,
		    "%s/ca/%s.cer", root->base_url, root->name);
	if (rc == PKI_OK)
		rc = make_key(init->main, &member, &key, err);
	if (rc == PKI_OK)
		rc = grant(init, &member, key, &job, err);
	if (rc == PKI_OK)
		rc = pki_job_sign(init->root, &job, root->signer, err);
	if (rc == PKI_OK)
		rc = pki_job_record(init->root, &job, err);
	if (rc == PKI_OK && init->main != init->root)
		rc = adopt_both(init, root->cert, job.cert, err);
	pki_job_clear(&job);
	return rc;
}

static pki_code
make_public(pki_ca *ca, const char *name, pki_err *err)
{
	pki_authority *authority;
	pki_code rc = pki_authority_get(ca, name, &authority, err);

	return rc == PKI_OK ? pki_public_make(ca, authority, err) : rc;
}

/* Carry the root's first CRL from its own directory into this one. */
static pki_code
carry_root_crl(const struct init *init, pki_err *err)
{
	PKI_AUTO(pki_buf) crl = NULL;
	char path[PKI_PATH_MAX];
	pki_published published;
	pki_code rc;

	rc = pki_ca_path(init->root, path, err, "public/crl/root/full.crl");
	if (rc == PKI_OK)
		rc = pki_file_read(path, PKI_PUBLISHED_MAX, PKI_FILE_OURS, &crl,
		    err);
	if (rc == PKI_OK)
		rc = pki_ca_import_crl(init->main, pki_buf_bytes(crl),
		    &init->setup->who, &published, err);
	return rc;
}

static pki_code
publish_first(const struct init *init, pki_err *err)
{
	const pki_requester *who = &init->setup->who;
	pki_code rc;

	rc = make_public(init->root, ROOT, err);
	if (rc == PKI_OK && init->main != init->root)
		rc = make_public(init->main, ROOT, err);
	if (rc == PKI_OK)
		rc = make_public(init->main, ISSUING, err);
	if (rc == PKI_OK)
		rc = pki_ca_publish(init->root, ROOT, who, NULL, NULL, err);
	if (rc == PKI_OK && init->main != init->root)
		rc = carry_root_crl(init, err);
	if (init->setup->issuing_passphrase != NULL)
		init->main->passphrase = *init->setup->issuing_passphrase;
	if (rc == PKI_OK)
		rc = pki_ca_publish(init->main, ISSUING, who, NULL, NULL, err);
	return rc;
}

static pki_code
audit_start(pki_ca *ca, const pki_requester *who, pki_err *err)
{
	const pki_audit_event event = { .action = PKI_AUDIT_INIT, .who = who };
	pki_code rc = pki_store_begin(ca->store, err);

	if (rc == PKI_OK)
		rc = pki_audit_append(ca, &event, err);
	if (rc == PKI_OK)
		rc = pki_store_commit(ca->store, err);
	if (rc != PKI_OK)
		pki_store_rollback(ca->store);
	return rc;
}

static pki_code
make_states(struct init *init, pki_err *err)
{
	const pki_ca_setup *setup = init->setup;
	pki_state state = {
		.dir = setup->options.state_dir,
		.conf_dir = setup->options.conf_dir,
		.templates_dir = setup->templates_dir,
		.base_url = setup->base_url, .crl_form = setup->crl_form,
		.clock = setup->options.clock,
	};
	pki_code rc;

	rc = pki_state_make(&state, &init->main, err);
	if (rc == PKI_OK)
		rc = audit_start(init->main, &setup->who, err);
	init->root = init->main;
	if (rc != PKI_OK || setup->offline_root == NULL)
		return rc;
	state.dir = setup->offline_root;
	state.conf_dir = NULL;
	init->root = NULL;
	rc = pki_state_make(&state, &init->root, err);
	if (rc == PKI_OK)
		rc = audit_start(init->root, &setup->who, err);
	return rc;
}

static pki_code
run(struct init *init, pki_err *err)
{
	pki_authority *root;
	pki_code rc;

	rc = make_states(init, err);
	if (rc == PKI_OK)
		rc = make_root(init, &root, err);
	if (rc == PKI_OK)
		rc = make_issuing(init, root, err);
	if (rc == PKI_OK)
		rc = publish_first(init, err);
	if (rc == PKI_OK)
		rc = pki_token_key_load(init->main, err);
	if (rc == PKI_OK && init->root != init->main)
		rc = pki_state_finish(init->root, err);
	if (rc == PKI_OK)
		rc = pki_state_finish(init->main, err);
	return rc;
}

/* What failed leaves nothing that looks like a CA. */
static void
close_state(pki_ca *ca, pki_code rc)
{
	if (ca != NULL && rc != PKI_OK)
		pki_state_abandon(ca);
	pki_ca_free(ca);
}

pki_code
pki_ca_init(const pki_ca_setup *setup, pki_err *err)
{
	struct init init = { .setup = setup };
	pki_code rc;

	rc = pki_ca_init_check(setup, err);
	if (rc != PKI_OK)
		return rc;
	rc = run(&init, err);
	if (init.root != init.main)
		close_state(init.root, rc);
	close_state(init.main, rc);
	return rc;
}

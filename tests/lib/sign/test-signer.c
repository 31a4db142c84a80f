#include "sign/signer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "base/file.h"
#include "sign/backend.h"
#include "x509/key.h"

static char dir[] = "/tmp/test-signer-XXXXXX";
static char path[PKI_PATH_MAX], link_path[PKI_PATH_MAX];

static void
make_dir(void)
{
	pki_err err;

	cr_assert_not_null(mkdtemp(dir));
	cr_assert(pki_path_join(path, dir, "key.pem", &err) == PKI_OK);
	cr_assert(pki_path_join(link_path, dir, "link.pem", &err) == PKI_OK);
}

static void
remove_dir(void)
{
	unlink(path);
	unlink(link_path);
	rmdir(dir);
}

TestSuite(signer_begin, .timeout = 60);
TestSuite(signer_open_file, .timeout = 30, .init = make_dir,
    .fini = remove_dir);
TestSuite(signer_sign, .timeout = 30, .init = make_dir, .fini = remove_dir);
TestSuite(signer_new, .timeout = 30);

/* Write a new key to path; returns it. */
static pki_key *
save_key(const char *passphrase)
{
	PKI_AUTO(pki_buf) text = pki_buf_new();
	pki_key *key = NULL;
	pki_err err = { 0 };

	cr_assert(pki_key_generate(PKI_KEY_P256, &key, &err) == PKI_OK);
	cr_assert(pki_key_encode(key, pki_bytes_text(passphrase), text, &err)
	    == PKI_OK, "%s", err.msg);
	cr_assert(pki_file_replace(path, pki_buf_bytes(text), 0600, &err) ==
	    PKI_OK, "%s", err.msg);
	return key;
}

/* Gives the text that arg points to, and counts how often. */
struct answer {
	const char *text;
	int         asked;
};

static pki_code
get_answer(void *arg, const char *what, pki_buf **out, pki_err *err)
{
	struct answer *answer = arg;

	answer->asked++;
	cr_expect_str_eq(what, path);
	if (answer->text == NULL)
		return pki_refuse(err, PKI_DENIED, "passphrase", "one",
		    "no terminal");
	*out = pki_buf_copy(pki_bytes_text(answer->text));
	return PKI_OK;
}

static void
expect_opened(const pki_key *key, const pki_passphrase *passphrase)
{
	PKI_AUTO(pki_signer) signer = NULL;
	pki_err err = { 0 };

	cr_assert(pki_signer_open_file(path, passphrase, &signer, &err) ==
	    PKI_OK, "%s", err.msg);
	cr_expect(pki_digest_equal(pki_pubkey_digest(pki_key_public(key)),
	    pki_pubkey_digest(pki_signer_key(signer))));
	cr_expect_str_eq(pki_signer_algorithm(signer)->name,
	    "ecdsa-with-sha256");
}

static void
expect_refused(const char *file, const pki_passphrase *passphrase,
    pki_code code, const char *rule)
{
	PKI_AUTO(pki_signer) signer = NULL;
	pki_err err = { 0 };

	cr_expect_eq(pki_signer_open_file(file, passphrase, &signer, &err),
	    code, "%s", err.msg);
	cr_expect_str_eq(err.rule, rule, "%s", err.msg);
	cr_expect(strstr(err.msg, file) != NULL, "%s", err.msg);
	cr_expect_null(signer);
}

Test(signer_open_file, asks_for_no_passphrase_without_need)
{
	PKI_AUTO(pki_key) key = save_key(NULL);
	struct answer answer = { "secret", 0 };

	expect_opened(key, NULL);
	expect_opened(key, &(pki_passphrase){ get_answer, &answer });
	cr_expect_eq(answer.asked, 0);
}

Test(signer_open_file, asks_once_for_an_encrypted_key)
{
	PKI_AUTO(pki_key) key = save_key("secret");
	struct answer answer = { "secret", 0 };

	expect_opened(key, &(pki_passphrase){ get_answer, &answer });
	cr_expect_eq(answer.asked, 1);
}

Test(signer_open_file, refuses_a_missing_or_wrong_passphrase)
{
	PKI_AUTO(pki_signer) signer = NULL;
	struct answer wrong = { "Secret", 0 }, none = { NULL, 0 };
	pki_err err = { 0 };

	pki_key_free(save_key("secret"));
	expect_refused(path, NULL, PKI_DENIED, "passphrase");
	expect_refused(path, &(pki_passphrase){ get_answer, &wrong },
	    PKI_DENIED, "passphrase");
	cr_expect_eq(pki_signer_open_file(path,
	    &(pki_passphrase){ get_answer, &none }, &signer, &err),
	    PKI_DENIED);
	cr_expect_str_eq(err.value, "no terminal");
}

Test(signer_open_file, refuses_a_key_that_others_may_touch)
{
	static const mode_t modes[] = { 0644, 0640, 0604, 0620, 0610, 0601 };
	PKI_AUTO(pki_key) key = save_key(NULL);

	for (size_t i = 0; i < PKI_COUNT(modes); i++) {
		cr_assert_eq(chmod(path, modes[i]), 0);
		expect_refused(path, NULL, PKI_DENIED, "key-file");
	}
	cr_assert_eq(chmod(path, 0400), 0);
	expect_opened(key, NULL);
}

Test(signer_open_file, refuses_a_symbolic_link)
{
	pki_key_free(save_key(NULL));
	cr_assert_eq(symlink(path, link_path), 0);
	expect_refused(link_path, NULL, PKI_DENIED, "key-file");
}

Test(signer_open_file, refuses_a_key_of_another_user)
{
	PKI_AUTO(pki_key) key = NULL;

	if (geteuid() != 0)
		cr_skip_test("only root can give a file away");
	key = save_key(NULL);
	cr_assert_eq(chown(path, 65534, (gid_t)-1), 0);
	expect_refused(path, NULL, PKI_DENIED, "key-file");
}

Test(signer_open_file, refuses_what_is_no_key)
{
	pki_err err;

	expect_refused(path, NULL, PKI_NOT_FOUND, "");
	cr_assert(pki_file_replace(path, pki_bytes_text("hello\n"), 0600,
	    &err) == PKI_OK);
	expect_refused(path, NULL, PKI_BAD_INPUT, "pem");
}

Test(signer_sign, appends_what_the_public_key_accepts)
{
	PKI_AUTO(pki_signer) signer = NULL;
	PKI_AUTO(pki_buf) out = pki_buf_new();
	pki_bytes message = pki_bytes_text("message"), all;
	pki_err err = { 0 };

	pki_key_free(save_key(NULL));
	pki_buf_add_text(out, "front");
	cr_assert(pki_signer_open_file(path, NULL, &signer, &err) == PKI_OK);
	cr_assert(pki_signer_sign(signer, message, out, &err) == PKI_OK);
	all = pki_buf_bytes(out);
	cr_expect(pki_pubkey_verify(pki_signer_key(signer),
	    pki_signer_algorithm(signer), message,
	    pki_bytes_of(all.data + 5, all.len - 5), &err) == PKI_OK, "%s",
	    err.msg);
}

/* A token that has been pulled out. */
struct token {
	pki_key *key;
	int      freed;
};

static pki_code
sign_nothing(void *holder, pki_bytes message, pki_buf *out, pki_err *err)
{
	(void)holder;
	(void)message;
	(void)out;
	return pki_fail(err, PKI_CRYPTO, "the token is gone");
}

static void
count_free(void *holder)
{
	struct token *token = holder;

	token->freed++;
	pki_key_free(token->key);
}

Test(signer_new, hands_everything_to_its_holder)
{
	static const struct pki_signer_backend backend = {
		.sign = sign_nothing, .free = count_free,
	};
	PKI_AUTO(pki_buf) out = pki_buf_new();
	struct token token = { NULL, 0 };
	pki_signer *signer = NULL;
	pki_err err;

	cr_assert(pki_key_generate(PKI_KEY_ED25519, &token.key, &err) ==
	    PKI_OK);
	cr_assert(pki_signer_new(&backend, &token, pki_key_public(token.key),
	    &signer, &err) == PKI_OK);
	cr_expect_eq(pki_signer_key(signer), pki_key_public(token.key));
	cr_expect_str_eq(pki_signer_algorithm(signer)->name, "ed25519");
	cr_expect(pki_signer_sign(signer, pki_bytes_text("x"), out, &err) ==
	    PKI_CRYPTO);
	cr_expect_str_eq(err.msg, "the token is gone");
	pki_signer_free(signer);
	cr_expect_eq(token.freed, 1);
	pki_signer_free(NULL);
}

static const struct {
	pki_key_type type;
	bool         streams;
} kinds[] = {
	{ PKI_KEY_P256, true }, { PKI_KEY_P384, true },
	{ PKI_KEY_P521, true }, { PKI_KEY_RSA2048, true },
	{ PKI_KEY_ED25519, false },
};

Test(signer_begin, signs_pieces_as_it_signs_the_whole)
{
	for (size_t i = 0; i < PKI_COUNT(kinds); i++) {
		PKI_AUTO(pki_key) key = NULL;
		PKI_AUTO(pki_signing) signing = NULL;
		PKI_AUTO(pki_buf) out = pki_buf_new();
		const pki_sigalg *algorithm = pki_sigalg_for(kinds[i].type);
		pki_err err = { 0 };

		cr_assert(pki_key_generate(kinds[i].type, &key, &err) ==
		    PKI_OK);
		cr_expect_eq(pki_sigalg_streams(algorithm), kinds[i].streams);
		if (!kinds[i].streams) {
			cr_expect_eq(pki_key_sign_begin(key, &signing, &err),
			    PKI_USAGE);
			continue;
		}
		cr_assert(pki_key_sign_begin(key, &signing, &err) == PKI_OK);
		cr_assert(pki_signing_add(signing, pki_bytes_text("one "),
		    &err) == PKI_OK);
		cr_assert(pki_signing_add(signing, pki_bytes_text("two"),
		    &err) == PKI_OK);
		cr_assert(pki_signing_end(signing, out, &err) == PKI_OK);
		cr_expect_eq(pki_pubkey_verify(pki_key_public(key), algorithm,
		    pki_bytes_text("one two"), pki_buf_bytes(out), &err),
		    PKI_OK, "%s", err.msg);
		cr_expect_leq(out->len,
		    pki_pubkey_signature_max(pki_key_public(key)));
	}
}

/* A token that has no way to sign in pieces is asked for the whole. */
Test(signer_begin, is_refused_by_a_holder_that_cannot)
{
	static const struct pki_signer_backend backend = {
		.sign = sign_nothing, .free = count_free,
	};
	struct token token = { NULL, 0 };
	pki_signer *signer = NULL;
	pki_signing *signing = NULL;
	pki_err err;

	cr_assert(pki_key_generate(PKI_KEY_P256, &token.key, &err) == PKI_OK);
	cr_assert(pki_signer_new(&backend, &token, pki_key_public(token.key),
	    &signer, &err) == PKI_OK);
	cr_expect_not(pki_signer_streams(signer));
	cr_expect_eq(pki_signer_begin(signer, &signing, &err), PKI_USAGE);
	pki_signer_free(signer);
}

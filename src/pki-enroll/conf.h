#ifndef PKI_ENROLL_CONF_H
#define PKI_ENROLL_CONF_H

/*
 * One certificate of this host: /etc/pki-enroll.d/NAME.conf, one typed table.
 *
 *   server = "https://est.example";
 *   device = "meter-0042";
 *   token-file = "/etc/pki-enroll.d/token";
 *   files: { owner = "mosquitto"; mode = "0640"; };
 *   probe = [ "/usr/bin/mosquitto_pub", "-t", "hello", ... ];
 */

#include "pki.h"

#include <sys/types.h>

#define ENROLL_CONF_DIR "/etc/pki-enroll.d"
#define ENROLL_STATE_DIR "/var/lib/pki-enroll"
#define ENROLL_NAME_MAX 64
#define ENROLL_ARGS_MAX 32      /* of a command, with its program */

typedef struct enroll_conf {
	char           name[ENROLL_NAME_MAX + 1];       /* NAME */

	char          *server;          /* "https://host:port" */
	char          *label;           /* EST's label; "": none */
	char          *dir;             /* absolute */

	/* What an empty directory begins with: PEM, or a CA's fingerprint. */
	char          *anchors;         /* absolute; "": none */
	char          *fingerprint;     /* as given; "": none */
	pki_digest     pin;             /* the same, SHA-256 of the DER */

	/* device, or subject, is given. */
	char          *device;          /* the one CN; "" */
	pki_text_list  subject;         /* "O=Example", "CN=meter-0042" */
	pki_text_list  names;           /* "dns:broker.example", "ip:..." */
	int            key_type;        /* pki_key_type */
	int            rekey;           /* enum enroll_rekey */

	char          *token_file;      /* absolute; "": none */
	char          *user;            /* sent with the token; "": none */

	/* Parts of a million of the life after which it is renewed. */
	char          *renew_at;        /* as given: "2/3", "75%" */
	int64_t        renew_ppm;
	int64_t        grace_s;         /* expired, and still renewed */
	int64_t        retry_min_s, retry_max_s;
	int64_t        retry_per_hour;
	int64_t        timeout_s;       /* of one exchange with the server */

	/* Arguments; none: no such command. */
	pki_text_list  probe, on_renewed, on_failed;
	int64_t        command_timeout_s;

	/* Of the files that hold a key; the rest is 0644. */
	char          *owner_name, *group_name;         /* "": ours */
	uid_t          owner;
	gid_t          group;
	int            mode;
} enroll_conf;

/* The key of a renewed certificate. */
enum enroll_rekey {
	ENROLL_REKEY_ALWAYS,    /* a new one each time */
	ENROLL_REKEY_NEVER,     /* the one there is */
};

extern const pki_setting enroll_conf_settings[];
extern const size_t enroll_conf_setting_count;

/*
 * Read a file; its name without ".conf" is the certificate's.  What
 * pki_settings_load returns; PKI_BAD_INPUT, with file and line, for what a
 * table cannot say: a server without https, no identity or two, a relative
 * path, a user that this host does not have; rule "conf-name" for a name that
 * is not PKI_IDENTITY_RULE.
 */
PKI_CHECKED pki_code enroll_conf_load(const char *path, enroll_conf **out,
    pki_err *err);
/* The same of text. */
PKI_CHECKED pki_code enroll_conf_parse(const char *name, pki_bytes text,
    const char *where, enroll_conf **out, pki_err *err);
void enroll_conf_free(enroll_conf *conf);
PKI_DEFINE_CLEANUP(enroll_conf)

/*
 * The names of dir/ *.conf, sorted; clear with pki_text_list_clear.  A dir
 * that does not exist has none.  PKI_DENIED (pki_dir_check), PKI_SYSTEM.
 */
PKI_CHECKED pki_code enroll_conf_names(const char *dir, pki_text_list *out,
    pki_err *err);

/* The subject and alternative names to ask for.  *out_names: NULL for none. */
PKI_CHECKED pki_code enroll_conf_subject(const enroll_conf *conf,
    pki_name **out, pki_altnames **out_names, pki_err *err);

#endif

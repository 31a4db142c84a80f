#ifndef PKI_PKI_H
#define PKI_PKI_H

/*
 * libpki's front door: every public header, in reading order.
 * Programs include this one and no other of ours.
 */

/* Bytes, errors, time, files, settings. */
#include "base/err.h"
#include "base/auto.h"
#include "base/buf.h"
#include "base/text.h"
#include "base/base32.h"
#include "base/ids.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/lock.h"
#include "base/settings.h"
#include "base/sandbox.h"

/* Objects: keys, names, requests, certificates, CRLs. */
#include "x509/crypto.h"
#include "x509/digest.h"
#include "x509/hkdf.h"
#include "x509/pem.h"
#include "x509/usage.h"
#include "x509/name.h"
#include "x509/altname.h"
#include "x509/pubkey.h"
#include "x509/key.h"
#include "x509/csr.h"
#include "x509/linking.h"
#include "x509/cert.h"
#include "x509/tbs.h"
#include "x509/crl.h"

/* Messages of EST. */
#include "est/body.h"
#include "est/certs-only.h"
#include "est/csrattrs.h"

/* What is allowed, who signs, what was issued. */
#include "policy/profile.h"
#include "policy/check.h"
#include "sign/signer.h"
#include "store/store.h"

/* The verbs. */
#include "ca/config.h"
#include "ca/ca.h"
#include "ca/credential.h"
#include "ca/issue.h"
#include "ca/batch.h"
#include "ca/find.h"
#include "ca/revoke.h"
#include "ca/hold.h"
#include "ca/device.h"
#include "ca/token.h"
#include "ca/approval.h"
#include "ca/health.h"
#include "ca/refusal.h"
#include "ca/publish.h"
#include "ca/due.h"
#include "ca/audit.h"
#include "ca/status.h"

/* The verbs over a socket: pki-estd's processes. */
#include "issuer/messages.h"
#include "issuer/wire.h"
#include "issuer/client.h"
#include "issuer/serve.h"
#include "issuer/spawn.h"

#endif

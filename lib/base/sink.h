#ifndef PKI_BASE_SINK_H
#define PKI_BASE_SINK_H

/*
 * Where octets go that come in pieces: a file, a hash, a signature.  What put
 * returns other than PKI_OK ends the stream.
 */

#include "base/buf.h"

typedef struct pki_sink {
	pki_code (*put)(void *arg, pki_bytes bytes, pki_err *err);
	void      *arg;
} pki_sink;

#endif

# libpki-core: what small programs need.  libpki-ca: the rest.  libpki: the
# whole, shared.  Tests link the first two and so reach hidden functions.
noinst_LTLIBRARIES += libpki-core.la libpki-ca.la
libpki_core_la_SOURCES =
libpki_core_la_LIBADD = $(CRYPTO_LIBS) $(CONFIG_LIBS)
libpki_ca_la_SOURCES =
libpki_ca_la_LIBADD = $(SQLITE_LIBS) $(JANSSON_LIBS) $(SECCOMP_LIBS)

# Installed below $(includedir)/pki with their folders.
pkiincludedir = $(includedir)/pki
pkibaseincludedir = $(pkiincludedir)/base
pkix509includedir = $(pkiincludedir)/x509
pkiestincludedir = $(pkiincludedir)/est
pkipolicyincludedir = $(pkiincludedir)/policy
pkisignincludedir = $(pkiincludedir)/sign
pkistoreincludedir = $(pkiincludedir)/store
pkicaincludedir = $(pkiincludedir)/ca
pkiissuerincludedir = $(pkiincludedir)/issuer
pkiinclude_HEADERS = %D%/pki.h
pkibaseinclude_HEADERS =
pkix509include_HEADERS =
pkiestinclude_HEADERS =
pkipolicyinclude_HEADERS =
pkisigninclude_HEADERS =
pkistoreinclude_HEADERS =
pkicainclude_HEADERS =
pkiissuerinclude_HEADERS =

include %D%/base/local.mk
include %D%/x509/local.mk
include %D%/est/local.mk
include %D%/policy/local.mk
include %D%/sign/local.mk
include %D%/store/local.mk
include %D%/ca/local.mk
include %D%/issuer/local.mk

lib_LTLIBRARIES += libpki.la
libpki_la_SOURCES =
libpki_la_LIBADD = libpki-ca.la libpki-core.la
libpki_la_LDFLAGS = $(AM_LDFLAGS) -version-info 0:0:0 -no-undefined

pkgconfigdir = $(libdir)/pkgconfig
pkgconfig_DATA = %D%/libpki.pc

templatesdir = $(datadir)/pki-ctl/templates
dist_templates_DATA = \
	%D%/auditor.conf \
	%D%/bridge.conf \
	%D%/broker.conf \
	%D%/est-server.conf \
	%D%/issuing-ca.conf \
	%D%/ocsp-responder.conf \
	%D%/operator.conf \
	%D%/root-ca.conf \
	%D%/server.conf

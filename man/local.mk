dist_man_MANS += \
	%D%/pki-ctl.8 \
	%D%/pki-enroll.1 \
	%D%/pki-enroll.conf.5 \
	%D%/pki-estd.8 \
	%D%/pki-estd.conf.5 \
	%D%/pki-intro.7 \
	%D%/pki-template.5 \
	%D%/pki.conf.5

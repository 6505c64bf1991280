/* SPDX-License-Identifier: MIT */
/* Services and protocols by name, as /etc/services and /etc/protocols of Debian 12 (IANA's registries) name them. */
#include "lib/string.h"
#include "net/ctl.h"
#include "net/ctl/xt_words.h"
#include "net/sockopt.h"

/* A number, what it is (t, u: a TCP, UDP port; b: both; p: a protocol), its name, aliases behind slashes. */
static const char services[] =
	"1t tcpmux 7b echo 9b discard/sink/null 11t systat/users 13b daytime 15t netstat "
	"17t qotd/quote 19b chargen/ttytst/source 20t ftp-data 21t ftp 21u fsp/fspd 22t ssh "
	"23t telnet 25t smtp/mail 37b time/timserver 43t whois/nicname 49b tacacs 53b domain "
	"67u bootps 68u bootpc 69u tftp 70t gopher 79t finger 80t http/www "
	"88b kerberos/kerberos5/krb5/kerberos-sec 102t iso-tsap/tsap 104t acr-nema/dicom "
	"110t pop3/pop-3 111b sunrpc/portmapper 113t auth/authentication/tap/ident "
	"119t nntp/readnews/untp 123u ntp 135t epmap/loc-srv 137u netbios-ns 138u netbios-dgm "
	"139t netbios-ssn 143t imap2/imap 161b snmp 162b snmp-trap/snmptrap 163b cmip-man "
	"164b cmip-agent 174t mailq 177u xdmcp 179t bgp 199t smux 209t qmtp 210t z3950/wais "
	"213u ipx 319u ptp-event 320u ptp-general 345t pawserv 346t zserv 369b rpc2portmap "
	"370b codaauth2 371u clearcase/Clearcase 389b ldap 427b svrloc 443b https 444t snpp "
	"445t microsoft-ds 464b kpasswd 465t submissions/ssmtp/smtps/urd 487t saft 500u isakmp "
	"554b rtsp 607t nqs 623u asf-rmcp 628t qmqp 631t ipp 646b ldp 512t exec "
	"512u biff/comsat 513t login 513u who/whod 514t shell/cmd/syslog 514u syslog "
	"515t printer/spooler 517u talk 518u ntalk 520u route/router/routed 538b gdomap "
	"540t uucp/uucpd 543t klogin 544t kshell/krcmd 546u dhcpv6-client 547u dhcpv6-server "
	"548t afpovertcp 563t nntps/snntp 587t submission 636b ldaps 655b tinc 706t silc "
	"749t kerberos-adm 853b domain-s 873t rsync 989t ftps-data 990t ftps 992t telnets "
	"993t imaps 995t pop3s 1080t socks 1093t proofd 1094t rootd 1194b openvpn "
	"1099t rmiregistry 1352t lotusnote/lotusnotes 1433t ms-sql-s 1434u ms-sql-m "
	"1524t ingreslock 1645b datametrics/old-radius 1646b sa-msg-port/old-radacct "
	"1649t kermit 1677t groupwise 1701u l2f/l2tp 1812b radius 1813b radius-acct/radacct "
	"2000t cisco-sccp 2049b nfs 2086b gnunet 2101b rtcm-sc104 2119t gsigatekeeper "
	"2135t gris 2401t cvspserver 2430b venus 2431b venus-se 2432b codasrv 2433b codasrv-se "
	"2583b mon 2628t dict 2792t f5-globalsite 2811t gsiftp 2947t gpsd 3050t gds-db/gds_db "
	"3130u icpv2/icp 3205b isns 3260t iscsi-target 3306t mysql 3389t ms-wbt-server "
	"3493b nut 3632t distcc 3689t daap 3690t svn/subversion 4031t suucp 4094t sysrqd "
	"4190t sieve 4369t epmd 4373t remctl 4353t f5-iquery 4460t ntske 4500u ipsec-nat-t "
	"4569u iax 4691t mtn 4899t radmin-port 5060b sip 5061b sip-tls "
	"5222t xmpp-client/jabber-client 5269t xmpp-server/jabber-server 5308t cfengine "
	"5353u mdns 5432t postgresql/postgres 5556t freeciv/rptp 5671t amqps 5672t amqp "
	"6000t x11/x11-0 6001t x11-1 6002t x11-2 6003t x11-3 6004t x11-4 6005t x11-5 "
	"6006t x11-6 6007t x11-7 6346b gnutella-svc 6347b gnutella-rtr 6379t redis "
	"6444t sge-qmaster/sge_qmaster 6445t sge-execd/sge_execd 6446t mysql-proxy 6696u babel "
	"6697t ircs-u 7000t bbs 7000u afs3-fileserver 7001u afs3-callback 7002u afs3-prserver "
	"7003u afs3-vlserver 7004u afs3-kaserver 7005u afs3-volser 7007u afs3-bos "
	"7008u afs3-update 7009u afs3-rmtsys 7100t font-service/xfs 8080t http-alt/webcache "
	"8140t puppet 9101t bacula-dir 9102t bacula-fd 9103t bacula-sd 9667t xmms2 10809t nbd "
	"10050t zabbix-agent 10051t zabbix-trapper 10080t amanda 11112t dicom 11371t hkp "
	"17500t db-lsp 22125t dcap 22128t gsidcap 22273t wnn6 750b kerberos4/kerberos-iv/kdc "
	"751u kerberos-master/kerberos_master 751t kerberos-master "
	"752u passwd-server/passwd_server 754t krb-prop/krb_prop/krb5_prop/hprop "
	"2102u zephyr-srv 2103u zephyr-clt 2104u zephyr-hm 2121t iprop 871t supfilesrv "
	"1127t supfiledbg 106t poppassd 775t moira-db/moira_db 777t moira-update/moira_update "
	"779u moira-ureg/moira_ureg 783t spamd 1178t skkserv 1210u predict 1236t rmtcfg "
	"1313t xtel 1314t xtelw 2600t zebrasrv 2601t zebra 2602t ripd 2603t ripngd 2604t ospfd "
	"2605t bgpd 2606t ospf6d 2607t ospfapi 2608t isisd 4557t fax 4559t hylafax "
	"4949t munin/lrrd 5555u rplay 5666t nrpe 5667t nsca 5680t canna 6514t syslog-tls "
	"6566t sane-port/sane/saned 6667t ircd 8021t zope-ftp 8081t tproxy 8088t omniorb "
	"8990t clc-build-daemon 9098t xinetd 9418t git 9673t zope 10000t webmin 10081t kamanda "
	"10082t amandaidx 10083t amidxtape 17001u sgi-cmsd 17002u sgi-crsd 17003u sgi-gcd "
	"17004t sgi-cad 24554t binkp 27374b asp 30865t csync2 57000t dircproxy 60177t tfido "
	"60179t fido";

static const char protocols[] =
	"6p tcp 17p udp 0p all/ip/hopopt 1p icmp 2p igmp 3p ggp 4p ipencap 5p st 8p egp 9p igp "
	"12p pup 20p hmp 22p xns-idp 27p rdp 29p iso-tp4 33p dccp 36p xtp 37p ddp "
	"38p idpr-cmtp 41p ipv6 43p ipv6-route 44p ipv6-frag 45p idrp 46p rsvp 47p gre 50p esp "
	"51p ah 57p skip 58p ipv6-icmp/icmpv6 59p ipv6-nonxt 60p ipv6-opts 73p rspf 81p vmtp "
	"88p eigrp 89p ospf 93p ax.25 94p ipip 97p etherip 98p encap 103p pim 108p ipcomp "
	"112p vrrp 115p l2tp 124p isis 132p sctp 133p fc 135p mobility-header/ipv6-mh/mh 136p "
	"udplite "
	"137p mpls-in-ip 138p manet 139p hip 140p shim6 141p wesp 142p rohc 143p ethernet";

struct entry {
	u32 number;
	char kind;
	const char *name; /* up to ' ' or '/' */
};

static bool next_entry(const char **at, struct entry *e)
{
	const char *s = *at;

	if (!*s)
		return false;
	for (e->number = 0; *s >= '0' && *s <= '9'; s++)
		e->number = e->number * 10 + (*s - '0');
	e->kind = *s;
	e->name = s + 2;
	s = strchr(e->name, ' ');
	*at = s ? s + 1 : e->name + strlen(e->name);
	return true;
}

static bool has_name(const struct entry *e, const char *name)
{
	for (const char *s = e->name;; s++) {
		size_t len = *s == *name ? strlen(name) : 0;

		if (len && !strncmp(s, name, len) && (!s[len] || s[len] == ' ' || s[len] == '/'))
			return true;
		while (*s && *s != ' ' && *s != '/')
			s++;
		if (*s != '/')
			return false;
	}
}

static bool of_proto(char kind, u8 proto)
{
	return !proto || (proto == IPPROTO_TCP && kind != 'u') ||
	       (proto == IPPROTO_UDP && kind != 't');
}

static int name_len(const char *name)
{
	int len = 0;

	while (name[len] && name[len] != ' ' && name[len] != '/')
		len++;
	return len;
}

int xt_service_port(const char *name, u8 proto)
{
	const char *at = services;
	struct entry e;

	while (next_entry(&at, &e)) {
		if (of_proto(e.kind, proto) && has_name(&e, name))
			return e.number;
	}
	return -1;
}

bool xt_parse_port(const char *s, u8 proto, u32 *port)
{
	int known;

	if (xt_strtoui(s, NULL, port, 0, U16_MAX))
		return true;
	known = xt_service_port(s, proto);
	*port = known;
	return known >= 0;
}

void xt_say_port(const struct xt_print *p, u16 port, u8 proto)
{
	const char *at = services;
	struct entry e;

	while (!p->numeric && proto && next_entry(&at, &e)) {
		if (e.number == port && of_proto(e.kind, proto)) {
			xt_say(p, "%.*s", name_len(e.name), e.name);
			return;
		}
	}
	xt_say(p, "%u", port);
}

bool xt_parse_protocol(const char *s, u8 *proto)
{
	const char *at = protocols;
	struct entry e;
	u32 number;

	if (xt_strtoui(s, NULL, &number, 0, 255)) {
		*proto = number;
		return true;
	}
	while (next_entry(&at, &e)) {
		if (has_name(&e, s)) {
			*proto = e.number;
			return true;
		}
	}
	return false;
}

bool xt_protocol_name(u8 proto, char buf[16])
{
	const char *at = protocols;
	struct entry e;

	while (next_entry(&at, &e)) {
		if (e.number == proto) {
			strscpy(buf, e.name, min(name_len(e.name) + 1, 16));
			return true;
		}
	}
	return false;
}

void xt_say_range(const struct xt_print *p, u32 min, u32 max, char between)
{
	xt_say(p, "%u", min);
	if (min != max)
		xt_say(p, "%c%u", between, max);
}

void xt_say_mark(const struct xt_print *p, u32 mark, u32 mask)
{
	xt_say(p, " 0x%x", mark);
	if (mask != U32_MAX)
		xt_say(p, "/0x%x", mask);
}

/* Plain are letters, digits, _ and -; any other character asks for quotes. */
void xt_save_string(const struct xt_print *p, const char *s)
{
	bool plain = *s;

	for (const char *c = s; *c; c++)
		plain &= (*c >= '0' && *c <= '9') || ((*c | 0x20) >= 'a' && (*c | 0x20) <= 'z') ||
			 *c == '_' || *c == '-';
	xt_say(p, plain ? " %s" : " \"", s);
	for (; !plain && *s; s++)
		xt_say(p, *s == '"' || *s == '\'' || *s == '\\' ? "\\%c" : "%c", *s);
	if (!plain)
		xt_say(p, "\"");
}

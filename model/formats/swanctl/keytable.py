"""The table of keys, as text: name, kind of value, `!` decides, `?` is reported, `-` does not matter, why."""

TABLE = """
[connection]
version          uint                       !  IKEv1, IKEv2 or both; what it starts with
local_addrs      addresses                  !  which connection is for the two addresses
remote_addrs     addresses                  !  whom it calls, and which connection is for the two addresses
local_port       uint                       !  starting from a port that the daemon does not listen on fails
remote_port      uint                       !  starting towards a port that the peer does not listen on fails
proposals        proposals                  !  what Phase I offers and takes
vips             hosts                      !  requests an address, which becomes the dynamic selector
aggressive       bool                       !  Main Mode or Aggressive Mode
pull             bool                       !  who begins Mode Config
dscp             bits                       -  marks IKE packets only
encap            bool                       -  ESP in UDP even without NAT: how packets are wrapped, not whether
mobike           bool                       -  IKEv2 only
dpd_delay        time                       !  when a silent peer is asked; ends SAs, not negotiations
dpd_timeout      time                       !  when a silent peer is taken for dead
fragmentation    yes|no|force|accept        -  large IKE messages only; both ends accept unfragmented ones
childless        allow|force|never          -  IKEv2 only
send_certreq     bool                       !  whether the peer is asked for its certificate
send_cert        ifasked|always|never       !  whether the peer receives the certificate
ppk_id           id                         -  IKEv2 only
ppk_required     bool                       -  IKEv2 only
keyingtries      uint                       -  how often an unanswered start is repeated
unique           never|no|replace|keep      -  what becomes of an older SA with the same identity
reauth_time      time                       !  lifetime of the Phase I SA
rekey_time       time                       !  lifetime of the Phase I SA
over_time        time                       !  lifetime of the Phase I SA
rand_time        time                       -  jitter within the lifetime
pools            names                      !  the address that a peer gets if it requests one
if_id_in         ifid                       -  the kernel's interfaces, after the negotiation
if_id_out        ifid                       -  the kernel's interfaces, after the negotiation
mediation        bool                       !  such a connection cannot start
mediated_by      text                       ?  swanctl hangs if the other connection is missing
mediation_peer   id                         -  IKEv2 only
[auth]
round            uint                       !  order of the rounds, which make the method
certs            files                      !  its own certificates, or those that it accepts
pubkeys          files                      ?  raw public keys, which ikeproof does not read
auth             auth                       !  the method, and what is asked of keys and signatures
id               id                         !  what it sends, or expects
eap_id           id                         !  for the peer: an EAP identity, which IKEv1 never proves
aaa_id           id                         !  for the peer: an identity that IKEv1 never proves
xauth_id         id                         !  for the peer: an identity that only XAuth proves
groups           names                      !  group membership, which neither a pre-shared key nor a certificate proves
cert_policy      names                      !  certificate policies that must be in every certificate of the path
cacerts          files                      !  the authority that must have issued the certificate
ca_id            id                         !  the subject of an authority in the path
revocation       strict|ifuri|relaxed       !  how much must be known of revocation
[cert]
file             text                       !  a certificate, as certs or cacerts
handle           text                       ?  on a token, which ikeproof does not read
slot             uint                       ?  on a token, which ikeproof does not read
module           text                       ?  on a token, which ikeproof does not read
[child]
ah_proposals     proposals                  !  what Phase II offers and takes
esp_proposals    proposals                  !  what Phase II offers and takes
sha256_96        bool                       ?  truncation of HMAC-SHA-256 in ESP: if the peer differs, packets are dropped
local_ts         selectors                  !  which packets
remote_ts        selectors                  !  which packets
rekey_time       time                       !  lifetime of the Phase II SA
life_time        time                       !  lifetime of the Phase II SA
rand_time        time                       -  jitter within the lifetime
rekey_bytes      bytes                      !  lifetime of the Phase II SA
life_bytes       bytes                      !  lifetime of the Phase II SA
rand_bytes       bytes                      -  jitter within the lifetime
rekey_packets    uint                       -  lifetime in packets: never negotiated, and counted by one end alone
life_packets     uint                       -  lifetime in packets: never negotiated, and counted by one end alone
rand_packets     uint                       -  jitter within the lifetime
updown           text                       -  a script that is run afterwards
hostaccess       bool                       -  for the script
mode             tunnel|transport|transport_proxy|beet|drop|pass   !  encapsulation, or a policy without a negotiation
policies         bool                       ?  without IPsec policies no packet is protected automatically
policies_fwd_out bool                       -  the kernel's policies, after the negotiation
dpd_action       actions                    !  what follows when the peer is dead
ipcomp           bool                       -  used only if the peer supports it too
inactivity       time                       ?  deletes an idle SA
reqid            uint                       -  the kernel's number, not negotiated
priority         uint                       -  the kernel's order of policies, after the negotiation
interface        text                       -  the kernel's policies, after the negotiation
mark_in          mark                       -  the kernel's policies, after the negotiation
mark_in_sa       bool                       -  the kernel's policies, after the negotiation
mark_out         mark                       -  the kernel's policies, after the negotiation
set_mark_in      mark                       -  the kernel's policies, after the negotiation
set_mark_out     mark                       -  the kernel's policies, after the negotiation
if_id_in         ifid                       -  the kernel's interfaces, after the negotiation
if_id_out        ifid                       -  the kernel's interfaces, after the negotiation
label            text                       !  as responder no child matches: IKEv1 has no labels
label_mode       system|simple|selinux      -  see label
tfc_padding      padding                    -  IKEv2 only
replay_window    uint                       -  its own anti-replay window, not negotiated
hw_offload       yes|no|auto                ?  yes: installing the SA fails if the device has no offloading
start_action     actions                    !  who brings the SA up, and what becomes of packets without it
close_action     actions                    -  what follows when the peer closes the SA
copy_df          bool                       -  bits of the outer header
copy_ecn         bool                       -  bits of the outer header
copy_dscp        out|in|yes|no              -  bits of the outer header
[ike secret]
secret           secret                     !  the pre-shared key
id               id                         !  whose key it is; any key that begins with id
[pool]
addrs            addresses                  !  the addresses that are leased
[authority]
cacert           files                      !  a trust anchor
file             text                       !  a trust anchor
handle           text                       ?  on a token, which ikeproof does not read
slot             uint                       ?  on a token, which ikeproof does not read
module           text                       ?  on a token, which ikeproof does not read
crl_uris         names                      -  ikeproof fetches no lists
ocsp_uris        names                      -  ikeproof asks no OCSP responder
cert_uri_base    text                       -  IKEv2 only
"""

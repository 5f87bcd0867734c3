"""The table of keys, as text: name, kind of value, effect (`!` decides, `?` reported, `-` not relevant), why."""

TABLE = """
[connection]
version          uint                       !  IKEv1, IKEv2 or both, and which of them it starts
local_addrs      addresses                  !  which connection is for the two addresses
remote_addrs     addresses                  !  the address it calls, and which connection is for the two addresses
local_port       uint                       !  cannot start from a port that the daemon does not listen on
remote_port      uint                       !  cannot reach a port that the peer does not listen on
proposals        proposals                  !  what Phase I offers and accepts
vips             hosts                      !  requests an address, which becomes the dynamic selector
aggressive       bool                       !  Main Mode or Aggressive Mode
pull             bool                       !  which end starts Mode Config
dscp             bits                       -  marks IKE packets only
encap            bool                       -  ESP in UDP even without NAT: no effect on the negotiation
mobike           bool                       -  IKEv2 only
dpd_delay        time                       !  when dead peer detection sends R-U-THERE; no effect on the negotiation
dpd_timeout      time                       !  when an idle peer is taken for dead
fragmentation    yes|no|force|accept        -  large IKE messages only; both ends accept unfragmented ones
childless        allow|force|never          -  IKEv2 only
send_certreq     bool                       !  whether the peer is asked for its certificate
send_cert        ifasked|always|never       !  whether the peer receives the certificate
ppk_id           id                         -  IKEv2 only
ppk_required     bool                       -  IKEv2 only
keyingtries      uint                       -  how often an unanswered negotiation is tried again
unique           never|no|replace|keep      -  what happens to an older SA with the same identity
reauth_time      time                       !  lifetime of the Phase I SA
rekey_time       time                       !  lifetime of the Phase I SA
over_time        time                       !  lifetime of the Phase I SA
rand_time        time                       -  jitter within the lifetime
pools            names                      !  the virtual address that is assigned to a peer
if_id_in         ifid                       -  the kernel's interfaces, after the negotiation
if_id_out        ifid                       -  the kernel's interfaces, after the negotiation
mediation        bool                       !  such a connection cannot start
mediated_by      text                       ?  swanctl hangs if the other connection is missing
mediation_peer   id                         -  IKEv2 only
[auth]
round            uint                       !  order of the authentication rounds
certs            files                      !  its own certificates, or those that it accepts
pubkeys          files                      !  raw public keys: for the peer, those that it accepts
auth             auth                       !  the method, and the required strength of keys and signatures
id               id                         !  the identity that is sent, or expected
eap_id           id                         !  for the peer: an EAP identity, which IKEv1 never proves
aaa_id           id                         !  for the peer: an identity that IKEv1 never proves
xauth_id         id                         !  for the peer: an identity that only XAuth proves
groups           names                      !  group membership, which neither a pre-shared key nor a certificate proves
cert_policy      names                      !  certificate policies that must be in every certificate of the path
cacerts          files                      !  the authority that must have issued the certificate
ca_id            id                         !  the subject of an authority in the path
revocation       strict|ifuri|relaxed       !  whether a revocation list is required
[cert]
file             text                       !  a certificate, as certs or cacerts
handle           text                       ?  on a token, which ikeproof does not read
slot             uint                       ?  on a token, which ikeproof does not read
module           text                       ?  on a token, which ikeproof does not read
[child]
ah_proposals     proposals                  !  what Phase II offers and accepts
esp_proposals    proposals                  !  what Phase II offers and accepts
sha256_96        bool                       ?  truncation of HMAC-SHA-256 in ESP: if the peer differs, packets are dropped
local_ts         selectors                  !  the traffic selectors
remote_ts        selectors                  !  the traffic selectors
rekey_time       time                       !  lifetime of the Phase II SA
life_time        time                       !  lifetime of the Phase II SA
rand_time        time                       -  jitter within the lifetime
rekey_bytes      bytes                      !  lifetime of the Phase II SA
life_bytes       bytes                      !  lifetime of the Phase II SA
rand_bytes       bytes                      -  jitter within the lifetime
rekey_packets    uint                       -  lifetime in packets: local only, not negotiated
life_packets     uint                       -  lifetime in packets: local only, not negotiated
rand_packets     uint                       -  jitter within the lifetime
updown           text                       -  a script that runs after the negotiation
hostaccess       bool                       -  used by the updown script
mode             tunnel|transport|transport_proxy|beet|drop|pass   !  tunnel, transport, or a policy without negotiation
policies         bool                       ?  without IPsec policies no packet is protected automatically
policies_fwd_out bool                       -  the kernel's policies, after the negotiation
dpd_action       actions                    !  what happens when the peer is dead
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
label            text                       !  as responder, no child matches: IKEv1 has no labels
label_mode       system|simple|selinux      -  see label
tfc_padding      padding                    -  IKEv2 only
replay_window    uint                       -  local anti-replay window, not negotiated
hw_offload       yes|no|auto                ?  yes: installing the SA fails if the device has no offloading
start_action     actions                    !  which end starts, and what happens to packets until an SA is up
close_action     actions                    -  what happens when the peer deletes the SA
copy_df          bool                       -  bits of the outer header
copy_ecn         bool                       -  bits of the outer header
copy_dscp        out|in|yes|no              -  bits of the outer header
[ike secret]
secret           secret                     !  the pre-shared key
id               id                         !  the owners of the key; every key that begins with id
[pool]
addrs            addresses                  !  the addresses that are leased
[authority]
cacert           files                      !  a trust anchor
file             text                       !  a trust anchor
handle           text                       ?  on a token, which ikeproof does not read
slot             uint                       ?  on a token, which ikeproof does not read
module           text                       ?  on a token, which ikeproof does not read
crl_uris         names                      -  ikeproof does not fetch revocation lists
ocsp_uris        names                      -  ikeproof does not query OCSP
cert_uri_base    text                       -  IKEv2 only
"""

"""The table of keys, as text: name, kind of value, `!` decides, `?` is reported, `-` does not matter, why."""

TABLE = """
[connection]
version          uint                       !  which of IKEv1 and IKEv2 it takes part in, and starts with
local_addrs      addresses                  !  which connection is for the two addresses
remote_addrs     addresses                  !  whom it calls, and which connection is for the two addresses
local_port       uint                       !  a start from another port than the daemon's fails
remote_port      uint                       !  a start towards another port than the peer's fails
proposals        proposals                  !  what Phase I offers and takes
vips             hosts                      !  an address is asked for, and becomes the dynamic selector
aggressive       bool                       !  Main Mode or Aggressive Mode
pull             bool                       !  who begins Mode Config
dscp             bits                       -  marks IKE packets only
encap            bool                       -  ESP in UDP even without NAT: how packets are wrapped, not whether
mobike           bool                       -  IKEv2 only
dpd_delay        time                       !  when a silent peer is asked; ends SAs, not negotiations
dpd_timeout      time                       !  when a silent peer is taken for dead
fragmentation    yes|no|force|accept        -  large IKE messages; both ends take unfragmented ones
childless        allow|force|never          -  IKEv2 only
send_certreq     bool                       !  whether the peer is asked for its certificate
send_cert        ifasked|always|never       !  whether the peer gets the certificate that it needs
ppk_id           id                         -  IKEv2 only
ppk_required     bool                       -  IKEv2 only
keyingtries      uint                       -  how often a start that nobody answers is repeated
unique           never|no|replace|keep      -  what becomes of an older SA with the same identity
reauth_time      time                       !  lifetime of the Phase I SA
rekey_time       time                       !  lifetime of the Phase I SA
over_time        time                       !  lifetime of the Phase I SA
rand_time        time                       -  jitter within the lifetime
pools            names                      !  what address a peer that asks for one gets
if_id_in         ifid                       -  the kernel's interfaces, after the negotiation
if_id_out        ifid                       -  the kernel's interfaces, after the negotiation
mediation        bool                       !  such a connection cannot start
mediated_by      text                       ?  loading it stops swanctl, where the other connection is missing
mediation_peer   id                         -  IKEv2 only
[auth]
round            uint                       !  order of the rounds, which make the method
certs            files                      !  the own certificates, or those that are accepted
pubkeys          files                      ?  raw public keys, which ikeproof does not read
auth             auth                       !  the method, and what is asked of keys and signatures
id               id                         !  what it sends, or expects
eap_id           id                         !  for the peer: an identity that IKEv1 never proves
aaa_id           id                         !  for the peer: an identity that IKEv1 never proves
xauth_id         id                         !  for the peer: an identity that only XAuth proves
groups           names                      !  membership that no pre-shared key and no certificate proves
cert_policy      names                      !  policies that the certificate's path must have
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
sha256_96        bool                       ?  another length of the ESP checksum than the peer's: packets are dropped
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
policies         bool                       ?  without policies no packet is protected by itself
policies_fwd_out bool                       -  the kernel's policies, after the negotiation
dpd_action       actions                    !  what follows when the peer is dead
ipcomp           bool                       -  a peer without it is answered without it
inactivity       time                       ?  ends an SA that carries nothing
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
label            text                       !  as responder nothing matches: IKEv1 sends no label
label_mode       system|simple|selinux      -  without label nothing, with it see there
tfc_padding      padding                    -  IKEv2 only
replay_window    uint                       -  the own window against replay, not negotiated
hw_offload       yes|no|auto                ?  yes fails where the device cannot
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
crl_uris         names                      -  where lists would be fetched: nothing is fetched here
ocsp_uris        names                      -  where a responder would be asked: nothing is fetched here
cert_uri_base    text                       -  IKEv2 only
"""

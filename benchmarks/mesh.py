"""How long `ikeproof verify` of a full mesh takes, from process start (200 peers: < 60 s on two cores).

    python -m benchmarks.mesh [--peers 200]

Each peer has a connection to every other one, with names as identities and a key of the pair. About 4 % of
the pairs have no common ESP proposal. Printed are seconds, and microseconds for each direction.
"""

from __future__ import annotations

import argparse
import itertools
import subprocess
import sys
import tempfile
import time
from pathlib import Path

BUDGET_SECONDS, PEERS = 60.0, 200


def policy(number: int, peers: int) -> str:
    """The swanctl.conf of one peer."""
    connections = [_connection(number, other) for other in range(peers) if other != number]
    secrets = [
        f'  ike-{other} {{\n    secret = "key {min(number, other)}-{max(number, other)}"\n'
        f"    id-1 = p{other}.example.org\n  }}"
        for other in range(peers)
        if other != number
    ]
    return "\n".join(["connections {", *connections, "}", "secrets {", *secrets, "}", ""])


def _connection(number: int, other: int) -> str:
    wrong = (number * other) % 10 == 9 and number < other
    esp = "aes256-sha512" if wrong else "aes128-sha256-modp2048"
    return f"""  to{other} {{
    version = 1
    local_addrs = 198.51.{number // 250}.{number % 250 + 1}
    remote_addrs = 198.51.{other // 250}.{other % 250 + 1}
    proposals = aes256-sha256-modp2048
    local {{
      auth = psk
      id = p{number}.example.org
    }}
    remote {{
      auth = psk
      id = p{other}.example.org
    }}
    children {{
      net {{
        local_ts = 10.{number}.0.0/16
        remote_ts = 10.{other}.0.0/16
        esp_proposals = {esp}
      }}
    }}
  }}"""


def main() -> int:
    """Print the figures; 1 if they are beyond the budget of 200 peers."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--peers", type=int, default=PEERS)
    peers = parser.parse_args().peers
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / f"p{number}" / "swanctl.conf" for number in range(peers)]
        for number, path in enumerate(files):
            path.parent.mkdir()
            path.write_text(policy(number, peers))
        pairs = itertools.combinations(range(peers), 2)
        links = [f"--link=p{one}=p{other}" for one, other in pairs]
        start = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-m", "ikeproof", "verify", *map(str, files), *links],
            capture_output=True,
            text=True,
            check=False,
        )
        seconds = time.perf_counter() - start
    assert done.returncode == 1, done.stderr
    directions = peers * (peers - 1)
    print(done.stdout.splitlines()[-1])
    print(f"{peers} peers, {directions} directions: {seconds:.1f} s, "
          f"{seconds / directions * 1e6:.0f} us for each direction")  # fmt: skip
    return 0 if seconds < BUDGET_SECONDS or peers > PEERS else 1


if __name__ == "__main__":
    sys.exit(main())

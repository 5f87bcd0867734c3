"""Started by a test in a pty: the explorer with a secret in a local variable, and a fault that shows it."""

from __future__ import annotations

import sys

from explorer.cli.explore import Asked, opened
from explorer.tui.app import ExplorerApp, run_app
from explorer.tui.explore import ExploreScreen
from explorer.view.explore.spans import UNICODE

CANARY = "canary-" + "of-a-secret"


class Failing(ExploreScreen):
    """Fails at a key, in a handler or in a worker."""

    def command(self, line: str) -> None:
        """`c` fails."""
        secret = CANARY
        if line != "run":
            super().command(line)
        elif sys.argv[1] == "handler":
            raise RuntimeError(secret)
        else:
            self.run_worker(self._fails, thread=True)

    def _fails(self) -> None:
        secret = CANARY
        raise ValueError(f"with {secret}")


class FailingApp(ExplorerApp):
    """Opens the screen that fails."""

    def first_screen(self) -> Failing:
        """At once."""
        return Failing(opened(Asked(scenario="main-psk")), self.skin)


if __name__ == "__main__":
    app = FailingApp(None, lambda line: opened(Asked(scenario=line)), ("dark", UNICODE))
    print("the canary is here:", len(CANARY))
    sys.exit(run_app(app))

"""Whether there is a W&B account to log to."""

import netrc
import os
from pathlib import Path
from urllib.parse import urlparse

import wandb


def has_key() -> bool:
    """Whether a key is known, from WANDB_API_KEY or an earlier ``wandb login``; without a prompt."""
    if os.environ.get("WANDB_API_KEY"):
        return True
    path = Path(os.environ.get("NETRC", Path.home() / ".netrc"))
    try:
        logins = netrc.netrc(path)
    except (OSError, netrc.NetrcParseError):
        return False
    return logins.authenticators(urlparse(wandb.setup().settings.base_url).netloc) is not None

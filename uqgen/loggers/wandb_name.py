"""What W&B takes as the name of a project or an entity."""

from typing import Any

from uqgen.settings import require

FORBIDDEN, LONGEST = "/\\#?%:", 128


def require_wandb_name(key: str, value: Any) -> str:
    """The name as text.

    Args:
        key: of the setting.
        value: of any type, since YAML reads some names as numbers.

    Raises:
        SettingError: it is empty, too long, or has a sign that W&B does not allow.
    """
    name = "" if value is None else str(value)
    allowed = f"a name without any of {' '.join(FORBIDDEN)}, at most {LONGEST} characters"
    require(0 < len(name) <= LONGEST and not set(name) & set(FORBIDDEN), key, value, allowed)
    return name

"""Whether a file is a template at all: those that are not skip the sandbox altogether."""


def is_template(text: str) -> bool:
    """Tell whether a text holds any Jinja syntax."""
    return "{{" in text or "{%" in text or "{#" in text

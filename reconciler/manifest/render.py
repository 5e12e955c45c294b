"""Templates to text."""


def is_template(text: str) -> bool:
    """Tell whether a file holds any Jinja syntax."""
    return "{{" in text or "{%" in text or "{#" in text

"""Data model: frozen, slotted dataclasses that use the standard library alone; all other packages import them."""

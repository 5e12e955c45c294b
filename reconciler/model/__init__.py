"""The nouns: frozen, slotted dataclasses made of the standard library alone; everything else imports them."""

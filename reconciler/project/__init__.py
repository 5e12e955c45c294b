"""Project file, environments, and the plans made from them."""

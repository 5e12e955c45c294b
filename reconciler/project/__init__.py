"""The project file, its environments, and plans made of them."""

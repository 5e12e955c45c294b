"""Built-in kinds, one package each; others are loaded from the entry-point group `reconciler.kinds`."""

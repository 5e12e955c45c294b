"""The kinds there are, one file each; others are found through the entry-point group `reconciler.kinds`."""

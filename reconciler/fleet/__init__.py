"""Many environments at once: audits, their figures, and what differs between them."""

"""Report → text: every reporter is one function, and all data passes the one gate (`gate`) on its way into text."""

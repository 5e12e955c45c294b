"""HTTP client of the API: authentication, rate limits, and validation of responses. Only the simulator uses httpx too."""

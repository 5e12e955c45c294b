"""HTTP client of the API: authentication, rate limits, validated responses. Only the simulator uses httpx too."""

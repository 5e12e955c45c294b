"""HTTP client of the API: authentication, rate limits, validated responses. The network is httpcore's."""

"""The kind SmartLiveRoom."""

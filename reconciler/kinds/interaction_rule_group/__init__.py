"""The kind InteractionRuleGroup."""

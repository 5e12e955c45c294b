"""What every kind is made of: fields, endpoints, conditions."""

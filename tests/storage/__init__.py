"""The stores, the codec, the schema and the bus."""

"""Channel adapters: mail, chat and callback forms. They know messages, not routing."""

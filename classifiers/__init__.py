"""What a message is about and in which language: models, their training and files, keyword rules, the cascade."""

"""E-mail: bytes to messages and back, and the servers that carry them (IMAP, LMTP, SMTP)."""

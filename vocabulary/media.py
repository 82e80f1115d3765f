"""Media that the product knows; the API may bring others by name."""

CHAT = "chat"
EMAIL = "email"
CALLBACK = "callback"
VOICE = "voice"
VIDEO = "video"
KNOWN = (CHAT, EMAIL, CALLBACK, VOICE, VIDEO)

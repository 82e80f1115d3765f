"""The callback form's channel: a page that works without JavaScript, and a number that can be called."""

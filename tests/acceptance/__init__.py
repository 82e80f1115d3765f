"""The house from outside: real processes, sockets, mail servers and browsers."""

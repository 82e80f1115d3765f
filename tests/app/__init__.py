"""Parts of the shell that stand on their own."""

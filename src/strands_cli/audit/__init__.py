"""The audit: who decided what, how that is known, and whether anything of it was changed since."""

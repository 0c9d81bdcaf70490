"""What this build can run."""

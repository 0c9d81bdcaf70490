"""Workers: processes that hold workflows by name and drive the sessions that are due. They use the API, never back."""

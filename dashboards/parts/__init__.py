"""What the pages are put together from: view-models without Panel in them, and their components."""

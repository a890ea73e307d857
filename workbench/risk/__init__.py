"""What an order must satisfy before it may reach a book."""

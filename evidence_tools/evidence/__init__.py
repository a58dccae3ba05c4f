"""What is known: tables, their rules, and what follows from their rows."""

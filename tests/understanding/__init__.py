"""What people type and what it means: sentences by hand, names with seeded noise, and how both are scored."""

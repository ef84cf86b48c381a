"""A notebook toolkit for synthetic training data."""

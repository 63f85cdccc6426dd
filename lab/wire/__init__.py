"""What a wire may do to what it carries: each harm of a link, and how several of them compose."""

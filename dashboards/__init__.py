"""What people look at: the page of one run. It reads documents that others wrote and imports none of them."""

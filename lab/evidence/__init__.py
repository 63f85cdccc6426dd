"""Evidence: runs packed into one file that cannot be changed unseen, and whose verdicts anybody can derive again."""

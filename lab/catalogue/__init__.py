"""The catalogue: everything that was asked for, by the name it has here, and the scenarios that exercise each."""

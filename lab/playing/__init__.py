"""Playing: experiments turned into runs, each with its arms for comparison, in processes of their own."""

"""The benchmark: `python -m bench [measure…]` measures tsvapp beside a floor in C and beside its peers."""

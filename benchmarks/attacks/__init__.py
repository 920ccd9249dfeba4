"""What benchmarks/attack.py tries: each kind makes inputs from seeds, and says what must not become of them."""

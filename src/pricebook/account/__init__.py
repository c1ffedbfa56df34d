"""The vendor's rules of an account, once: the embedded stores and the sandbox keep them over tables of their own."""

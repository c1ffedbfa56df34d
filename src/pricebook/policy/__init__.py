"""Rules over catalogues and plans: pure functions to findings. No clock, no files: what they need is handed in."""

"""Migrations planned: which contracts move, when and to what, as a file that is reviewed and applied. Pure."""

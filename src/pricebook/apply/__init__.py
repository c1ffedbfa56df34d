"""Carrying out a plan: intent row, call, receipt row; ports for whatever really bills."""

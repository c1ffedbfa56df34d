"""What the pages of HTML share: one frame, one style, and how a page of one file is put together."""

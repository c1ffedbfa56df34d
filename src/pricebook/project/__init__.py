"""The project file, and the other files of a project that declare no noun."""

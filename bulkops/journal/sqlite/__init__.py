"""The journal as an SQLite file in a directory."""

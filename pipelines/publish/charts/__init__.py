"""One figure a file: NAME.sql gives the rows ready to draw, NAME.py words and draws them. No arithmetic here."""

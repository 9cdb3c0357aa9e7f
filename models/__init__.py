"""The language of the domain: event types, their envelope and vocabulary. No input or output happens here."""

"""The trash: emptying and restoring."""

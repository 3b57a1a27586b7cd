"""Reading series, splitting them, and looking at them through windows."""

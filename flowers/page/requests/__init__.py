"""What comes to the page over HTTP: what is let in, what is kept, and how long."""

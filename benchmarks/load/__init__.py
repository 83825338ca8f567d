"""The app before crowds: answers, memory and what follows a flood."""

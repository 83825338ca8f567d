"""The same page without a server: the weights run in the browser. Built by `make static`."""

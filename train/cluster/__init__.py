"""Training and predicting on several machines, by Ray; nothing else imports it.

Nodes need no shared disk. What this machine holds goes to them through Ray's object store, and what
they make comes back to it.
"""

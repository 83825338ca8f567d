"""The options of the commands.

An option has the name of the dataclass field that it fills. One without a default is absent from
the namespace when it is not given, so that the dataclass alone says what holds then.
"""

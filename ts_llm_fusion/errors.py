"""Errors that the user of the package can mend."""


class UserError(ValueError):
    """Input that has to be changed; the message is one line: what was given, what is allowed, and what to do.

    The command line prints it and exits with 2; any other exception is a fault of the package and shows its traceback.
    """

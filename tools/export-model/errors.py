class Refused(Exception):
    """The model can't be exported so that Fractal would compute what diffusers does. Said in one line."""

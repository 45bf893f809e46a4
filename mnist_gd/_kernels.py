"""Functions that check their arguments at the door, and do the mathematics in a kernel."""

from contextlib import nullcontext
from functools import wraps
from inspect import Parameter, signature
from types import MethodType

from mnist_gd._checks import attribute


def _as_it_is(*args):
    return nullcontext()


def checked(check, within=_as_it_is):
    """Make a function check its arguments, once, before the mathematics that it holds.

    `check` takes the arguments and returns them as they are to be used; of those, `within` makes
    the context that the mathematics is done in. The mathematics alone is the function's `kernel`:
    for whoever has checked already, as a training has. Each names the other, so that what copies
    the attributes of a function, as `functools.wraps` does, is not taken for it.
    """

    def decorate(kernel):
        parameters = signature(kernel)
        defaults = [parameter.default for parameter in parameters.parameters.values()]
        required = sum(default is Parameter.empty for default in defaults)

        @wraps(kernel)
        def function(*args, **kwargs):
            if kwargs or not required <= len(args) <= len(defaults):  # else there is none to sort
                try:
                    given = parameters.bind(*args, **kwargs)
                except TypeError as error:
                    raise TypeError(f"{kernel.__name__}() {error}") from None
                given.apply_defaults()
                args = given.args
            args = check(*args, *defaults[len(args) :])
            with within(*args):
                return kernel(*args)

        function.kernel, kernel.door = kernel, function
        kernel.__qualname__ += ".kernel"  # where pickle finds it
        return function

    return decorate


def kernel_of(function):
    """Return what a function does once its arguments are checked; one of others, all of it.

    The kernel of a method is bound to the same object.
    """
    if not has_kernel(function):
        return function
    owner = attribute(function, "__self__")
    return function.kernel if owner is None else MethodType(function.kernel, owner)


def has_kernel(function):
    """Return whether a function or method checks its arguments before a kernel of its own."""
    door = attribute(attribute(function, "kernel"), "door")
    return door is not None and door is attribute(function, "__func__", function)


def itself(function):
    """Return a function as it is, in place of its :func:`kernel_of`."""
    return function


def original(method):
    """Mark a method, so that :func:`is_original` tells what is put in its place from it."""
    method.original = method
    return method


def is_original(method):
    """Return whether a bound method is a marked one; what copies its attributes is not."""
    function = attribute(method, "__func__", method)
    return attribute(function, "original") is function

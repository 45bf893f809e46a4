"""The book's exercises and their judge: says what is wrong with an answer, and likely why.

>>> check("relu-gradient", lambda grad_output, z: grad_output * (z > 0))
relu-gradient: right on all 3 inputs.
"""

from mnist_gd.exercises.judge import TASKS, Report, WrongAnswer, check

__all__ = ["Report", "TASKS", "WrongAnswer", "check"]

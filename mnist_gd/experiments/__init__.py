"""The trainings of this book.

:mod:`mnist_gd.experiments.runs` says what a configuration is and trains it,
:mod:`mnist_gd.experiments.plans` holds tables of what is tried, to be edited,
:mod:`mnist_gd.experiments.searches` chooses on validation data, and
:mod:`mnist_gd.experiments.studies` compares, and opens the test set.
"""

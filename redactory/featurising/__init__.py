"""Making a feature dataset from a text dataset (contracts, "Features are a derived dataset").

:mod:`~redactory.featurising.building` is the whole flow; :mod:`~redactory.featurising.opening`
gives dealers and predictions the rows of a feature dataset along its trust chain.
"""

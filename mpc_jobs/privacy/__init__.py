"""What a trained model may tell about a single record, and how to bound and measure it.

* :mod:`~mpc_jobs.privacy.accounting` — (ε, δ) of noisy gradient descent.
* :mod:`~mpc_jobs.privacy.sensitivity` — how much one record can move a gradient.
* :mod:`~mpc_jobs.privacy.discrete_gaussian`, :mod:`~mpc_jobs.privacy.noise` — the noise, and how
  parties add it to shares without any of them knowing it.
* :mod:`~mpc_jobs.privacy.aggregation` — sums of many organisations' updates, with dropouts.
* :mod:`~mpc_jobs.privacy.audit` — attacks on models: the number behind the bound.
"""

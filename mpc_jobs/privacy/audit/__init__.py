"""Attacks on models, by the owner of the data: what a bound promises, an audit measures.

* :mod:`~mpc_jobs.privacy.audit.shadows` — many models at once, each on its own half of the rows.
* :mod:`~mpc_jobs.privacy.audit.membership` — was this record in the training set?
* :mod:`~mpc_jobs.privacy.audit.exposure` — which of these secrets was in the training set?

The models are trained in the clear, with the features, batches and noise of a job; the answers
are lower bounds: a stronger attack may exist.
"""

"""Secret-shared training: n parties train a model on data that none of them can see.

Every number is Shamir-shared over GF(2^127 − 1); any t parties together learn nothing, and what
is opened is what the job description, signed by every data owner, says. The protocol with its
security argument is in ``docs/protocols/training.md``. Where to start reading:

* :mod:`mpc_jobs.field`, :mod:`mpc_jobs.kernels`: the field, on arrays;
* :mod:`mpc_jobs.sharing`, :mod:`mpc_jobs.prss`, :mod:`mpc_jobs.shared`: shares, common
  randomness, and the one-round product;
* :mod:`mpc_jobs.arithmetic`, :mod:`mpc_jobs.models`: models, written once and carried out on
  shares, on integers (:mod:`mpc_jobs.twin`) and on bounds (:mod:`mpc_jobs.bounds`);
* :mod:`mpc_jobs.frames`, :mod:`mpc_jobs.mesh`, :mod:`mpc_jobs.agreement`: the network;
* :mod:`mpc_jobs.job`, :mod:`mpc_jobs.dealing`, :mod:`mpc_jobs.party`: the job description, data
  owners and compute parties;
* :mod:`mpc_jobs.engine`: everything on one host, for trying out and for benchmarks.
"""

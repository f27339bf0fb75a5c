"""Predictions with zero-knowledge proofs (docs/protocols/inference.md).

Where to start:

* :func:`zk_proofs.shards.prove_shard` predicts on the rows of a shard and proves it;
* :func:`zk_proofs.auditing.verify_file` and :func:`~zk_proofs.auditing.audit` verify;
* :mod:`zk_proofs.model_file` publishes models and checks published ones;
* :mod:`zk_proofs.pedersen` commits, for whoever makes rows or trains models;
* :mod:`zk_proofs.engine` chooses between compiled kernels and plain Python.

From the bottom up: curve, kernels and engines do arithmetic; transcript, session and accumulator
carry arguments; inner_product, linear_form, bit_range, affine and lookup are the arguments;
linear_block, linear_row, mlp_block and bounded_rows are the statements.
"""

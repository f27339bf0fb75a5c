"""The group and its scalars in machine code, through numba. Needs the ``prove`` extra."""

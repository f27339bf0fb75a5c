"""A sum of multiples of points by arkworks, on BLS12-381: prints its CPU seconds.

python run_arkworks.py POINTS
"""

import secrets
import statistics
import sys
import time

from py_arkworks_bls12381 import G1Point, Scalar

COUNT = int(sys.argv[1])


def main() -> None:
    """Five sums over the same points; the first is not counted."""
    scalars = [
        Scalar.from_le_bytes((secrets.randbits(252)).to_bytes(32, "little")) for _ in range(COUNT)
    ]
    points = [G1Point() * Scalar(n + 2) for n in range(COUNT)]
    seen = []
    for _ in range(6):
        began = time.process_time()
        G1Point.multiexp_unchecked(points, scalars)
        seen.append(time.process_time() - began)
    print(statistics.median(seen[1:]))


main()

"""Images to experiment on: CIFAR-10, MNIST, and a procedural set that needs no file.

`python -m sims.datasets` lists what is present; `python -m sims.datasets cifar10` downloads.
"""

from sims.datasets.cifar import load_cifar10
from sims.datasets.sets import DataError, Dataset, ImageSet

__all__ = ["DataError", "Dataset", "ImageSet", "load_cifar10"]

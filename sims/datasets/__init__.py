"""Images to experiment on: CIFAR-10, MNIST, and a procedural set that needs no file.

`python -m sims.datasets` lists what is present; `python -m sims.datasets cifar10` downloads.
"""

from sims.datasets.choice import cifar10_or_embedded
from sims.datasets.cifar import load_cifar10
from sims.datasets.idx import load_mnist
from sims.datasets.procedural import embedded
from sims.datasets.sets import DataError, Dataset, ImageSet

__all__ = ["DataError", "Dataset", "ImageSet", "cifar10_or_embedded", "embedded", "load_cifar10", "load_mnist"]

"""The networks of the experiments as plain torch modules; names of layers are those of their attributes."""

from collections import OrderedDict
from itertools import pairwise

from torch import Tensor, nn

__all__ = ["BasicBlock", "alexnet_cifar10", "convnet", "lenet5", "resnet18", "resnet20", "vgg11"]


def convnet(*, batch_norm: bool = False) -> nn.Sequential:
    """Return 3×3 convolutions 32-32-pool-64-64-pool-128-128-pool and fully connected 256-256-10, for 3×32×32 images.

    Parameters
    ----------
    batch_norm : bool
        Normalise after each convolution, as in training; the default is the folded form that the weights belong to.

    Returns
    -------
    nn.Sequential
        Layers named conv1..conv6 and fc1..fc3.
    """
    widths = (3, 32, 32, 64, 64, 128, 128)
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    for number, (before, after) in enumerate(pairwise(widths), start=1):
        layers[f"conv{number}"] = _conv(before, after, 3, batch_norm=batch_norm)
        layers[f"norm{number}"] = _norm(after, batch_norm=batch_norm)
        layers[f"relu{number}"] = nn.ReLU()
        if number % 2 == 0:
            layers[f"pool{number // 2}"] = nn.MaxPool2d(2)
    layers["flatten"] = nn.Flatten()
    for number, (before, after) in enumerate(pairwise((128 * 4 * 4, 256, 256, 10)), start=1):
        if number > 1:
            layers[f"relu{number + 5}"] = nn.ReLU()
        layers[f"fc{number}"] = nn.Linear(before, after)
    return nn.Sequential(layers)


def lenet5(*, batch_norm: bool = False) -> nn.Sequential:
    """Return LeNet-5 for 1×28×28 images: convolutions of 6, 16 and 120 channels, fully connected 84-10, ReLU between.

    The pools take the largest of 2×2 places, which commutes with every rounding: codes are requantised once and pooled
    without an error, where averages would need two bits more and a rounding of their own.

    Parameters
    ----------
    batch_norm : bool
        Normalise after each convolution, as in training; the default is the folded form that the weights belong to.

    Returns
    -------
    nn.Sequential
        Layers named c1, c3, c5, f6 and output.

    References
    ----------
    LeCun et al., Gradient-based learning applied to document recognition, 1998, section II.B (there with averages,
    sigmoids, and some channels of C3 left out).
    """
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    for number, before, after in ((1, 1, 6), (3, 6, 16), (5, 16, 120)):
        layers[f"c{number}"] = _conv(before, after, 5, padding=2 if number == 1 else 0, batch_norm=batch_norm)
        layers[f"norm{number}"] = _norm(after, batch_norm=batch_norm)
        layers[f"relu{number}"] = nn.ReLU()
        if number < 5:
            layers[f"s{number + 1}"] = nn.MaxPool2d(2)
    layers["flatten"] = nn.Flatten()
    layers["f6"] = nn.Linear(120, 84)
    layers["relu6"] = nn.ReLU()
    layers["output"] = nn.Linear(84, 10)
    return nn.Sequential(layers)


class BasicBlock(nn.Module):
    """Two 3×3 convolutions and a shortcut; the shortcut is a 1×1 projection where the shape changes.

    Parameters
    ----------
    before, after : int
        Channels of the input and of the output.
    stride : int
        Stride of the first convolution and of the projection.
    batch_norm : bool
        Normalise after each convolution.
    """

    def __init__(self, before: int, after: int, *, stride: int, batch_norm: bool) -> None:
        super().__init__()
        self.conv1 = _conv(before, after, 3, stride=stride, batch_norm=batch_norm)
        self.norm1 = _norm(after, batch_norm=batch_norm)
        self.relu1 = nn.ReLU()
        self.conv2 = _conv(after, after, 3, batch_norm=batch_norm)
        self.norm2 = _norm(after, batch_norm=batch_norm)
        self.projection: nn.Module | None = None
        if stride > 1 or before != after:
            projection = _conv(before, after, 1, stride=stride, batch_norm=batch_norm)
            self.projection = nn.Sequential(OrderedDict(conv=projection, norm=_norm(after, batch_norm=batch_norm)))
        self.relu2 = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        """Return the block's output, (N, after, H / stride, W / stride)."""
        y = self.norm2(self.conv2(self.relu1(self.norm1(self.conv1(x)))))
        shortcut = x if self.projection is None else self.projection(x)
        out: Tensor = self.relu2(y + shortcut)
        return out


def resnet20(*, batch_norm: bool = False) -> nn.Sequential:
    """Return the residual network of 20 layers for 3×32×32 images: nine basic blocks of 16, 32 and 64 channels.

    Parameters
    ----------
    batch_norm : bool
        Normalise after each convolution, as in training; the default is the folded form that the weights belong to.

    Returns
    -------
    nn.Sequential
        The network; its shortcuts are 1×1 projections where the shape changes.

    References
    ----------
    He et al., Deep residual learning for image recognition, 2016, section 4.2 (there with parameter-free shortcuts).
    """
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    layers["conv1"] = _conv(3, 16, 3, batch_norm=batch_norm)
    layers["norm1"] = _norm(16, batch_norm=batch_norm)
    layers["relu1"] = nn.ReLU()
    before = 16
    for stage, after in enumerate((16, 32, 64), start=1):
        for number in range(1, 4):
            stride = 2 if stage > 1 and number == 1 else 1
            layers[f"block{stage}_{number}"] = BasicBlock(before, after, stride=stride, batch_norm=batch_norm)
            before = after
    layers["pool"] = nn.AdaptiveAvgPool2d(1)
    layers["flatten"] = nn.Flatten()
    layers["fc"] = nn.Linear(64, 10)
    return nn.Sequential(layers)


def resnet18() -> nn.Sequential:
    """Return the residual network of 18 layers for 3×224×224 images and 1000 classes, with batch norm.

    Returns
    -------
    nn.Sequential
        The layers of torchvision's network of this name under names of their own; one bias, in the last layer.

    References
    ----------
    He et al., Deep residual learning for image recognition, 2016, table 1.
    """
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    layers["conv1"] = nn.Conv2d(3, 64, 7, stride=2, padding=3, bias=False)
    layers["norm1"] = nn.BatchNorm2d(64)
    layers["relu1"] = nn.ReLU()
    layers["pool1"] = nn.MaxPool2d(3, stride=2, padding=1)
    before = 64
    for stage, after in enumerate((64, 128, 256, 512), start=1):
        stride = 2 if stage > 1 else 1
        layers[f"block{stage}_1"] = BasicBlock(before, after, stride=stride, batch_norm=True)
        layers[f"block{stage}_2"] = BasicBlock(after, after, stride=1, batch_norm=True)
        before = after
    layers["pool2"] = nn.AdaptiveAvgPool2d(1)
    layers["flatten"] = nn.Flatten()
    layers["fc"] = nn.Linear(512, 1000)
    return nn.Sequential(layers)


def vgg11() -> nn.Sequential:
    """Return VGG-11 without batch norm for 3×224×224 images and 1000 classes; every layer has a bias.

    Returns
    -------
    nn.Sequential
        The layers of torchvision's network of this name, named conv1..conv8 and fc1..fc3.

    References
    ----------
    Simonyan and Zisserman, Very deep convolutional networks for large-scale image recognition, 2015, column A.
    """
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    for number, (before, after) in enumerate(pairwise((3, 64, 128, 256, 256, 512, 512, 512, 512)), start=1):
        layers[f"conv{number}"] = nn.Conv2d(before, after, 3, padding=1)
        layers[f"relu{number}"] = nn.ReLU()
        if number in (1, 2, 4, 6, 8):
            layers[f"pool{number}"] = nn.MaxPool2d(2)
    layers["average"] = nn.AdaptiveAvgPool2d(7)
    return nn.Sequential(OrderedDict(**layers, **_classifier((512 * 7 * 7, 4096, 4096, 1000))))


def alexnet_cifar10() -> nn.Sequential:
    """Return the AlexNet of the course notes for 3×32×32 images and 10 classes, whose published costs are checked.

    Returns
    -------
    nn.Sequential
        Five 3×3 convolutions, named conv1..conv5, and fc1..fc3, with 35,845,824 weights and a bias in every layer; its
        images were normalised with mean and standard deviation of 0.5, so that they are signed.
    """
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    channels = (3, 64, 192, 384, 256, 256)
    for number, (before, after) in enumerate(pairwise(channels), start=1):
        layers[f"conv{number}"] = nn.Conv2d(before, after, 3, padding=2 if number <= 2 else 1)
        layers[f"relu{number}"] = nn.ReLU()
        if number <= 2:
            layers[f"pool{number}"] = nn.MaxPool2d(2)
    layers["pool5"] = nn.MaxPool2d(3, stride=2)
    return nn.Sequential(OrderedDict(**layers, **_classifier((256 * 4 * 4, 4096, 4096, 10))))


def _classifier(widths: tuple[int, ...]) -> OrderedDict[str, nn.Module]:
    layers: OrderedDict[str, nn.Module] = OrderedDict(flatten=nn.Flatten())
    for number, (before, after) in enumerate(pairwise(widths), start=1):
        layers[f"fc{number}"] = nn.Linear(before, after)
        if number < len(widths) - 1:
            layers[f"fc_relu{number}"] = nn.ReLU()
    return layers


def _conv(
    before: int, after: int, kernel: int, *, stride: int = 1, padding: int | None = None, batch_norm: bool
) -> nn.Conv2d:
    """Return a convolution whose padding keeps the size of the image, unless another one is given."""
    around = kernel // 2 if padding is None else padding
    return nn.Conv2d(before, after, kernel, stride=stride, padding=around, bias=not batch_norm)


def _norm(channels: int, *, batch_norm: bool) -> nn.Module:
    return nn.BatchNorm2d(channels) if batch_norm else nn.Identity()

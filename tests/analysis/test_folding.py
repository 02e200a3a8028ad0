import pytest
import torch
from torch import nn

from analysis.folding import fold_batch_norm
from sims.architectures import convnet, resnet20


def worn(module: nn.Module) -> nn.Module:
    """Give every batch norm statistics and scales that are not its initial ones."""
    for part in module.modules():
        if isinstance(part, nn.BatchNorm2d):
            for values, low, high in (
                (part.weight.data, 0.5, 2.0),
                (part.bias.data, -1.0, 1.0),
                (part.running_mean, -1.0, 1.0),
                (part.running_var, 0.5, 2.0),
            ):
                values.uniform_(low, high)
    return module


@pytest.mark.parametrize("network", [convnet, resnet20])
def test_folded_network_is_the_same_function(network) -> None:
    torch.manual_seed(0)
    module = worn(network(batch_norm=True)).double().eval()
    images = torch.rand(3, 3, 32, 32, dtype=torch.float64)
    with torch.no_grad():
        torch.testing.assert_close(fold_batch_norm(module)(images), module(images), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("network", [convnet, resnet20])
def test_folded_parameters_are_those_of_the_network_without_batch_norm(network) -> None:
    folded, plain = fold_batch_norm(network(batch_norm=True)).state_dict(), network().state_dict()
    assert {key: value.shape for key, value in folded.items()} == {key: value.shape for key, value in plain.items()}


def test_module_stays_as_it_was() -> None:
    module = worn(convnet(batch_norm=True)).train()
    before = {key: value.clone() for key, value in module.state_dict().items()}
    folded = fold_batch_norm(module)
    assert module.training
    assert not folded.training
    assert all(torch.equal(value, before[key]) for key, value in module.state_dict().items())


def test_nothing_to_fold() -> None:
    module = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU()).train()
    folded = fold_batch_norm(module)
    assert list(folded.state_dict()) == list(module.state_dict())
    assert not folded.training


class Shared(nn.Module):
    """Reads a convolution both with and without the batch norm."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 1, 1)
        self.norm = nn.BatchNorm2d(1)

    def forward(self, x):
        y = self.conv(x)
        return y + self.norm(y)


class Twice(nn.Module):
    """Calls one convolution twice, each time with a batch norm of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 1, 1)
        self.first, self.second = nn.BatchNorm2d(1), nn.BatchNorm2d(1)

    def forward(self, x):
        return self.second(self.conv(self.first(self.conv(x))))


@pytest.mark.parametrize(
    ("module", "name"),
    [
        (Shared(), "norm"),
        (Twice(), "first"),
        (nn.Sequential(nn.Conv2d(1, 1, 1), nn.ReLU(), nn.BatchNorm2d(1)), "2"),
        (nn.Sequential(nn.BatchNorm2d(1)), "0"),
    ],
)
def test_batch_norm_without_a_convolution_of_its_own(module: nn.Module, name: str) -> None:
    with pytest.raises(ValueError, match=f"layer='{name}' normalises no convolution of its own: fold it by hand"):
        fold_batch_norm(module)

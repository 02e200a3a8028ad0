"""Batch normalisation folded into the convolution before it."""

import copy

from torch import fx, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

__all__ = ["fold_batch_norm"]


def fold_batch_norm(module: nn.Module) -> nn.Module:
    """Return a copy in evaluation mode whose batch norms are folded into the convolutions before them.

    Parameters
    ----------
    module : nn.Module
        Traceable by torch.fx; it is not changed.

    Returns
    -------
    nn.Module
        Same function, up to float rounding, and same parameter names; it is returned unchanged in structure where it
        has no batch norm.

    Raises
    ------
    ValueError
        A batch norm does not directly follow a convolution that nothing else reads.
    """
    graph_module = fx.symbolic_trace(copy.deepcopy(module).eval())
    modules = dict(graph_module.named_modules())
    for node in list(graph_module.graph.nodes):
        norm = modules.get(str(node.target)) if node.op == "call_module" else None
        if not isinstance(norm, nn.BatchNorm2d):
            continue
        before = node.args[0]
        conv = modules.get(str(before.target)) if before.op == "call_module" else None
        calls = [other for other in graph_module.graph.nodes if other.target == before.target]
        if not isinstance(conv, nn.Conv2d) or len(before.users) > 1 or len(calls) > 1:
            raise ValueError(f"layer={node.target!r} normalises no convolution of its own: fold it by hand")
        graph_module.set_submodule(str(before.target), fuse_conv_bn_eval(conv, norm))
        node.replace_all_uses_with(before)
        graph_module.graph.erase_node(node)
    graph_module.delete_all_unused_submodules()
    graph_module.recompile()
    return graph_module

"""Why it is true: derivations, and torch modules read as fixed-point networks.

Names are imported on first use (PEP 562), so that ``import analysis`` costs next to nothing.
"""

from typing import TYPE_CHECKING

from fxp.exports import on_first_use

if TYPE_CHECKING:
    from analysis.calibration import Calibration as Calibration
    from analysis.calibration import calibrate as calibrate
    from analysis.claims import CLAIMS as CLAIMS
    from analysis.claims import Claim as Claim
    from analysis.derivation import Assumption as Assumption
    from analysis.derivation import Definition as Definition
    from analysis.derivation import Derivation as Derivation
    from analysis.derivation import DerivationError as DerivationError
    from analysis.derivation import Lemma as Lemma
    from analysis.derivation import Step as Step
    from analysis.folding import fold_batch_norm as fold_batch_norm
    from analysis.input_laws import Law as Law
    from analysis.lowering import to_integer as to_integer
    from analysis.networks import layer_shapes as layer_shapes
    from analysis.node_systems import NodeGains as NodeGains
    from analysis.node_systems import NodeSystem as NodeSystem
    from analysis.precision import noise_gains as noise_gains
    from analysis.rooms import derive as derive
    from analysis.signal_words import SignalBits as SignalBits
    from analysis.signal_words import signal_bits as signal_bits

_HOME = {
    "Assumption": "derivation",
    "CLAIMS": "claims",
    "Claim": "claims",
    "Definition": "derivation",
    "Derivation": "derivation",
    "DerivationError": "derivation",
    "Lemma": "derivation",
    "Step": "derivation",
    "Calibration": "calibration",
    "calibrate": "calibration",
    "derive": "rooms",
    "fold_batch_norm": "folding",
    "layer_shapes": "networks",
    "noise_gains": "precision",
    "to_integer": "lowering",
    "Law": "input_laws",
    "NodeGains": "node_systems",
    "NodeSystem": "node_systems",
    "SignalBits": "signal_words",
    "signal_bits": "signal_words",
}

__all__ = sorted(_HOME)
__getattr__ = on_first_use(__name__, _HOME)


def __dir__() -> list[str]:
    return __all__

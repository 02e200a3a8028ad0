"""Predicts what fixed-point arithmetic will do; numbers, closed forms and the bit-true core.

Names are imported on first use (PEP 562), so that ``import fxp`` costs next to nothing.
"""

from typing import TYPE_CHECKING

from fxp.exports import on_first_use

if TYPE_CHECKING:
    from fxp.accumulator_widths import guaranteed_bits as guaranteed_bits
    from fxp.accumulators import conv2d as conv2d
    from fxp.accumulators import dot as dot
    from fxp.accumulators import matmul as matmul
    from fxp.arithmetic import FixedPoint as FixedPoint
    from fxp.arithmetic import add as add
    from fxp.arithmetic import multiply as multiply
    from fxp.arithmetic import shift as shift
    from fxp.arithmetic import subtract as subtract
    from fxp.backprop.angle_costs import angle_cost as angle_cost
    from fxp.backprop.angle_costs import angle_gradient as angle_gradient
    from fxp.backprop.angle_costs import angle_hessian as angle_hessian
    from fxp.backprop.angle_costs import collapsed_angle_cost as collapsed_angle_cost
    from fxp.backprop.angle_minima import AngleMinimum as AngleMinimum
    from fxp.backprop.angle_minima import angle_minimum as angle_minimum
    from fxp.backprop.angle_minima import best_angle as best_angle
    from fxp.backprop.weight_words import BitRule as BitRule
    from fxp.backprop.weight_words import LocalCost as LocalCost
    from fxp.backprop.weight_words import RoundingLoss as RoundingLoss
    from fxp.backprop.weight_words import WeightBits as WeightBits
    from fxp.backprop.weight_words import rounding_loss as rounding_loss
    from fxp.backprop.weight_words import weight_bits as weight_bits
    from fxp.blocks import BlockExponents as BlockExponents
    from fxp.blocks import BlockRule as BlockRule
    from fxp.blocks import block_exponents as block_exponents
    from fxp.blocks import block_storage_bits_exact as block_storage_bits_exact
    from fxp.blocks import sqnr_block as sqnr_block
    from fxp.clipping import OptimalClip as OptimalClip
    from fxp.clipping import optimal_clip as optimal_clip
    from fxp.costs import LayerShape as LayerShape
    from fxp.costs import computational_cost as computational_cost
    from fxp.costs import energy_weighting as energy_weighting
    from fxp.costs import gate_area as gate_area
    from fxp.costs import representational_cost as representational_cost
    from fxp.dither import dithered_error as dithered_error
    from fxp.dot_products import sqnr_dot_fixed as sqnr_dot_fixed
    from fxp.dot_products import sqnr_dot_quantized as sqnr_dot_quantized
    from fxp.filters.bits import PredictorBits as PredictorBits
    from fxp.filters.bits import predictor_bits as predictor_bits
    from fxp.filters.bits import predictor_bits_exact as predictor_bits_exact
    from fxp.filters.designs import PredictorDesign as PredictorDesign
    from fxp.filters.losses import FilterNoise as FilterNoise
    from fxp.filters.losses import PredictorLoss as PredictorLoss
    from fxp.filters.losses import fir_error as fir_error
    from fxp.filters.losses import predictor_loss as predictor_loss
    from fxp.filters.noise import fir_noise as fir_noise
    from fxp.filters.noise import weight_error_power as weight_error_power
    from fxp.filters.predictors import Predictor as Predictor
    from fxp.filters.predictors import optimal_predictor as optimal_predictor
    from fxp.fixed_lms.batches import Adaptation as Adaptation
    from fxp.fixed_lms.filters import FixedPointLms as FixedPointLms
    from fxp.formats import Format as Format
    from fxp.formats import Overflow as Overflow
    from fxp.formats import Rounding as Rounding
    from fxp.limits import EntropyCoded as EntropyCoded
    from fxp.limits import LimitDistances as LimitDistances
    from fxp.limits import distance_to_limits as distance_to_limits
    from fxp.limits import entropy_coded_quantizer as entropy_coded_quantizer
    from fxp.limits import entropy_coded_sqnr as entropy_coded_sqnr
    from fxp.limits import rate_distortion_sqnr as rate_distortion_sqnr
    from fxp.lms.almost_sure import AlmostSureLimit as AlmostSureLimit
    from fxp.lms.almost_sure import LyapunovExponent as LyapunovExponent
    from fxp.lms.almost_sure import almost_sure_step_limit as almost_sure_step_limit
    from fxp.lms.almost_sure import lyapunov_exponent as lyapunov_exponent
    from fxp.lms.convergence import TimeConstants as TimeConstants
    from fxp.lms.convergence import time_constants as time_constants
    from fxp.lms.curves import LearningCurve as LearningCurve
    from fxp.lms.curves import learning_curve as learning_curve
    from fxp.lms.limits import mean_square_step_limit as mean_square_step_limit
    from fxp.lms.limits import mean_step_limit as mean_step_limit
    from fxp.lms.moment_layouts import OperatorSize as OperatorSize
    from fxp.lms.moments import MomentOperator as MomentOperator
    from fxp.lms.moments import MomentTrajectory as MomentTrajectory
    from fxp.lms.moments import moment_operator as moment_operator
    from fxp.lms.rules import small_step_limit as small_step_limit
    from fxp.lms.rules import small_step_misadjustment as small_step_misadjustment
    from fxp.lms.rules import textbook_step_limit as textbook_step_limit
    from fxp.lms.small_steps import best_step_size as best_step_size
    from fxp.lms.small_steps import small_step_excess as small_step_excess
    from fxp.lms.small_steps import weight_drift as weight_drift
    from fxp.lms.stalls import RoundedUpdate as RoundedUpdate
    from fxp.lms.stalls import rounded_update as rounded_update
    from fxp.lms.stalls import stall_indicator as stall_indicator
    from fxp.lms.stalls import stall_threshold as stall_threshold
    from fxp.lms.steady_state import misadjustment as misadjustment
    from fxp.lms.tap_exponents import gaussian_tap_exponent as gaussian_tap_exponent
    from fxp.lms.tiers import LmsMisadjustment as LmsMisadjustment
    from fxp.lms.tiers import StepLimit as StepLimit
    from fxp.lms.tiers import Tier as Tier
    from fxp.lms.tiers import lms_misadjustment as lms_misadjustment
    from fxp.lms.tiers import operator_step_limit as operator_step_limit
    from fxp.lms.tiers import step_limit as step_limit
    from fxp.lms.word_choice import weight_bits_for_excess as weight_bits_for_excess
    from fxp.lms.words import FinitePrecisionExcess as FinitePrecisionExcess
    from fxp.lms.words import finite_precision_excess as finite_precision_excess
    from fxp.lossless_widths import lossless_bits as lossless_bits
    from fxp.networks import IntegerNetwork as IntegerNetwork
    from fxp.operand_noise import floor_bias_power as floor_bias_power
    from fxp.operand_noise import input_bits_for_sqnr as input_bits_for_sqnr
    from fxp.operand_noise import input_bits_for_sqnr_exact as input_bits_for_sqnr_exact
    from fxp.operand_noise import sqnr_dot_inputs as sqnr_dot_inputs
    from fxp.optimal_levels import LloydMax as LloydMax
    from fxp.optimal_levels import lloyd_max as lloyd_max
    from fxp.output_bits import bit_growth as bit_growth
    from fxp.output_bits import minimum_precision_bits as minimum_precision_bits
    from fxp.output_bits import minimum_precision_bits_exact as minimum_precision_bits_exact
    from fxp.output_bits import output_bits_for_sqnr as output_bits_for_sqnr
    from fxp.output_bits import output_bits_for_sqnr_exact as output_bits_for_sqnr_exact
    from fxp.overflow.losses import lossy_values as lossy_values
    from fxp.overflow.peaks import Peaks as Peaks
    from fxp.overflow.peaks import overflow_values as overflow_values
    from fxp.overflow.saddlepoint import Cumulants as Cumulants
    from fxp.overflow.saddlepoint import cumulants as cumulants
    from fxp.overflow.saddlepoint import gaussian_overflow as gaussian_overflow
    from fxp.overflow.saddlepoint import saddlepoint_overflow as saddlepoint_overflow
    from fxp.overflow.tails import Estimate as Estimate
    from fxp.overflow.tails import OverflowTail as OverflowTail
    from fxp.overflow.tails import overflow_tail as overflow_tail
    from fxp.pipelining.clocks import critical_path as critical_path
    from fxp.pipelining.clocks import iteration_bound as iteration_bound
    from fxp.pipelining.clocks import latency as latency
    from fxp.pipelining.clocks import slowest_loop as slowest_loop
    from fxp.pipelining.clocks import slowest_path as slowest_path
    from fxp.pipelining.clocks import throughput as throughput
    from fxp.pipelining.flow_graphs import FlowPath as FlowPath
    from fxp.pipelining.lms_graphs import lms_graph as lms_graph
    from fxp.pipelining.loop_delays import DelayRegion as DelayRegion
    from fxp.pipelining.loop_delays import loop_delay_regions as loop_delay_regions
    from fxp.pipelining.loop_delays import min_loop_delay as min_loop_delay
    from fxp.pipelining.retiming import MinimumPeriod as MinimumPeriod
    from fxp.pipelining.retiming import min_period as min_period
    from fxp.pipelining.retiming import retime as retime
    from fxp.pipelining.step_limits import ClockedStepLimit as ClockedStepLimit
    from fxp.pipelining.step_limits import clock_step_tradeoff as clock_step_tradeoff
    from fxp.pipelining.step_limits import fastest_clock as fastest_clock
    from fxp.pipelining.step_limits import step_limit_at_clock as step_limit_at_clock
    from fxp.precision import NoiseGains as NoiseGains
    from fxp.precision import PrecisionAssignment as PrecisionAssignment
    from fxp.precision import equalize as equalize
    from fxp.precision import predict_mismatch as predict_mismatch
    from fxp.precision import uniform as uniform
    from fxp.processes import Process as Process
    from fxp.quantization import cast as cast
    from fxp.quantization import decode as decode
    from fxp.quantization import encode as encode
    from fxp.quantization import quantize as quantize
    from fxp.quantizers import QuantizedMoments as QuantizedMoments
    from fxp.quantizers import QuantizerNoise as QuantizerNoise
    from fxp.quantizers import quantized_moments as quantized_moments
    from fxp.quantizers import quantizer_noise as quantizer_noise
    from fxp.quantizers import sqnr_quantizer as sqnr_quantizer
    from fxp.registers import Accumulation as Accumulation
    from fxp.registers import Accumulator as Accumulator
    from fxp.registers import Prefixes as Prefixes
    from fxp.requantizers.activations import activation_clamp as activation_clamp
    from fxp.requantizers.affine_products import affine_conv2d as affine_conv2d
    from fxp.requantizers.affine_products import affine_matmul as affine_matmul
    from fxp.requantizers.errors import double_rounding_rate as double_rounding_rate
    from fxp.requantizers.errors import multiplier_error_bound as multiplier_error_bound
    from fxp.requantizers.errors import requantization_error as requantization_error
    from fxp.requantizers.errors import requantization_error_bound as requantization_error_bound
    from fxp.requantizers.multipliers import FixedPointMultiplier as FixedPointMultiplier
    from fxp.requantizers.multipliers import quantize_multiplier as quantize_multiplier
    from fxp.requantizers.presets import Requantizer as Requantizer
    from fxp.requantizers.scalings import MultiplierRounding as MultiplierRounding
    from fxp.roundoff import RoundingError as RoundingError
    from fxp.roundoff import rounding_error as rounding_error
    from fxp.signals import Signal as Signal
    from fxp.sqnr import sqnr_dot as sqnr_dot
    from fxp.sqnr import sqnr_rule as sqnr_rule
    from fxp.sqnr import total_snr_db as total_snr_db
    from fxp.sum_moments import DotMoments as DotMoments
    from fxp.sum_moments import dot_moments as dot_moments
    from fxp.sum_moments import fixed_dot_moments as fixed_dot_moments
    from fxp.whiteness import ErrorWhiteness as ErrorWhiteness
    from fxp.whiteness import error_correlation as error_correlation
    from fxp.whiteness import error_whiteness as error_whiteness
    from fxp.whiteness import gaussian_rounding_error as gaussian_rounding_error
    from fxp.whiteness import input_error_correlation as input_error_correlation
    from fxp.width_bounds import data_type_bits as data_type_bits
    from fxp.width_bounds import l1_bits as l1_bits
    from fxp.word_lengths import bits_for_sqnr as bits_for_sqnr
    from fxp.word_lengths import bits_for_sqnr_exact as bits_for_sqnr_exact
    from fxp.words import Word as Word

_HOME = {
    "Format": "formats",
    "Overflow": "formats",
    "Rounding": "formats",
    "encode": "quantization",
    "decode": "quantization",
    "quantize": "quantization",
    "cast": "quantization",
    "FixedPoint": "arithmetic",
    "add": "arithmetic",
    "subtract": "arithmetic",
    "multiply": "arithmetic",
    "shift": "arithmetic",
    "Accumulation": "registers",
    "Accumulator": "registers",
    "Prefixes": "registers",
    "guaranteed_bits": "accumulator_widths",
    "lossless_bits": "lossless_widths",
    "data_type_bits": "width_bounds",
    "l1_bits": "width_bounds",
    "dot": "accumulators",
    "matmul": "accumulators",
    "conv2d": "accumulators",
    "FixedPointMultiplier": "requantizers.multipliers",
    "quantize_multiplier": "requantizers.multipliers",
    "MultiplierRounding": "requantizers.scalings",
    "Requantizer": "requantizers.presets",
    "double_rounding_rate": "requantizers.errors",
    "multiplier_error_bound": "requantizers.errors",
    "requantization_error": "requantizers.errors",
    "requantization_error_bound": "requantizers.errors",
    "activation_clamp": "requantizers.activations",
    "affine_conv2d": "requantizers.affine_products",
    "affine_matmul": "requantizers.affine_products",
    "IntegerNetwork": "networks",
    "LayerShape": "costs",
    "representational_cost": "costs",
    "computational_cost": "costs",
    "gate_area": "costs",
    "energy_weighting": "costs",
    "NoiseGains": "precision",
    "PrecisionAssignment": "precision",
    "equalize": "precision",
    "uniform": "precision",
    "predict_mismatch": "precision",
    "Signal": "signals",
    "Process": "processes",
    "Predictor": "filters.predictors",
    "optimal_predictor": "filters.predictors",
    "fir_noise": "filters.noise",
    "weight_error_power": "filters.noise",
    "FilterNoise": "filters.losses",
    "PredictorLoss": "filters.losses",
    "fir_error": "filters.losses",
    "predictor_loss": "filters.losses",
    "PredictorBits": "filters.bits",
    "PredictorDesign": "filters.designs",
    "predictor_bits": "filters.bits",
    "predictor_bits_exact": "filters.bits",
    "bits_for_sqnr_exact": "word_lengths",
    "bits_for_sqnr": "word_lengths",
    "optimal_clip": "clipping",
    "OptimalClip": "clipping",
    "QuantizedMoments": "quantizers",
    "QuantizerNoise": "quantizers",
    "quantized_moments": "quantizers",
    "quantizer_noise": "quantizers",
    "sqnr_quantizer": "quantizers",
    "bit_growth": "output_bits",
    "minimum_precision_bits": "output_bits",
    "minimum_precision_bits_exact": "output_bits",
    "output_bits_for_sqnr": "output_bits",
    "output_bits_for_sqnr_exact": "output_bits",
    "floor_bias_power": "operand_noise",
    "input_bits_for_sqnr": "operand_noise",
    "input_bits_for_sqnr_exact": "operand_noise",
    "sqnr_dot_inputs": "operand_noise",
    "sqnr_dot": "sqnr",
    "sqnr_rule": "sqnr",
    "total_snr_db": "sqnr",
    "RoundingError": "roundoff",
    "rounding_error": "roundoff",
    "ErrorWhiteness": "whiteness",
    "gaussian_rounding_error": "whiteness",
    "input_error_correlation": "whiteness",
    "error_correlation": "whiteness",
    "error_whiteness": "whiteness",
    "dithered_error": "dither",
    "DotMoments": "sum_moments",
    "dot_moments": "sum_moments",
    "fixed_dot_moments": "sum_moments",
    "sqnr_dot_quantized": "dot_products",
    "sqnr_dot_fixed": "dot_products",
    "BlockExponents": "blocks",
    "BlockRule": "blocks",
    "block_exponents": "blocks",
    "block_storage_bits_exact": "blocks",
    "sqnr_block": "blocks",
    "EntropyCoded": "limits",
    "LimitDistances": "limits",
    "distance_to_limits": "limits",
    "entropy_coded_quantizer": "limits",
    "entropy_coded_sqnr": "limits",
    "rate_distortion_sqnr": "limits",
    "lossy_values": "overflow.losses",
    "Estimate": "overflow.tails",
    "OverflowTail": "overflow.tails",
    "overflow_tail": "overflow.tails",
    "Peaks": "overflow.peaks",
    "overflow_values": "overflow.peaks",
    "Cumulants": "overflow.saddlepoint",
    "cumulants": "overflow.saddlepoint",
    "gaussian_overflow": "overflow.saddlepoint",
    "saddlepoint_overflow": "overflow.saddlepoint",
    "LloydMax": "optimal_levels",
    "lloyd_max": "optimal_levels",
    "Word": "words",
    "Adaptation": "fixed_lms.batches",
    "FixedPointLms": "fixed_lms.filters",
    "FinitePrecisionExcess": "lms.words",
    "finite_precision_excess": "lms.words",
    "small_step_excess": "lms.small_steps",
    "weight_drift": "lms.small_steps",
    "RoundedUpdate": "lms.stalls",
    "rounded_update": "lms.stalls",
    "stall_indicator": "lms.stalls",
    "stall_threshold": "lms.stalls",
    "best_step_size": "lms.small_steps",
    "weight_bits_for_excess": "lms.word_choice",
    "FlowPath": "pipelining.flow_graphs",
    "lms_graph": "pipelining.lms_graphs",
    "critical_path": "pipelining.clocks",
    "slowest_path": "pipelining.clocks",
    "iteration_bound": "pipelining.clocks",
    "slowest_loop": "pipelining.clocks",
    "throughput": "pipelining.clocks",
    "latency": "pipelining.clocks",
    "retime": "pipelining.retiming",
    "min_period": "pipelining.retiming",
    "MinimumPeriod": "pipelining.retiming",
    "min_loop_delay": "pipelining.loop_delays",
    "loop_delay_regions": "pipelining.loop_delays",
    "DelayRegion": "pipelining.loop_delays",
    "angle_cost": "backprop.angle_costs",
    "angle_gradient": "backprop.angle_costs",
    "angle_hessian": "backprop.angle_costs",
    "collapsed_angle_cost": "backprop.angle_costs",
    "AngleMinimum": "backprop.angle_minima",
    "angle_minimum": "backprop.angle_minima",
    "best_angle": "backprop.angle_minima",
    "BitRule": "backprop.weight_words",
    "LocalCost": "backprop.weight_words",
    "RoundingLoss": "backprop.weight_words",
    "WeightBits": "backprop.weight_words",
    "rounding_loss": "backprop.weight_words",
    "weight_bits": "backprop.weight_words",
    "step_limit_at_clock": "pipelining.step_limits",
    "clock_step_tradeoff": "pipelining.step_limits",
    "fastest_clock": "pipelining.step_limits",
    "ClockedStepLimit": "pipelining.step_limits",
    "moment_operator": "lms.moments",
    "MomentOperator": "lms.moments",
    "MomentTrajectory": "lms.moments",
    "OperatorSize": "lms.moment_layouts",
    "step_limit": "lms.tiers",
    "operator_step_limit": "lms.tiers",
    "lms_misadjustment": "lms.tiers",
    "StepLimit": "lms.tiers",
    "LmsMisadjustment": "lms.tiers",
    "Tier": "lms.tiers",
    "lyapunov_exponent": "lms.almost_sure",
    "almost_sure_step_limit": "lms.almost_sure",
    "gaussian_tap_exponent": "lms.tap_exponents",
    "LyapunovExponent": "lms.almost_sure",
    "AlmostSureLimit": "lms.almost_sure",
    "mean_step_limit": "lms.limits",
    "mean_square_step_limit": "lms.limits",
    "misadjustment": "lms.steady_state",
    "small_step_limit": "lms.rules",
    "small_step_misadjustment": "lms.rules",
    "textbook_step_limit": "lms.rules",
    "time_constants": "lms.convergence",
    "TimeConstants": "lms.convergence",
    "learning_curve": "lms.curves",
    "LearningCurve": "lms.curves",
}

__all__ = sorted(_HOME)
__getattr__ = on_first_use(__name__, _HOME)


def __dir__() -> list[str]:
    return __all__

"""What is changed in which modules, and the tests that have to notice it."""

from dataclasses import dataclass

__all__ = ["OPERATORS", "SELECTIONS", "Selection"]


@dataclass(frozen=True)
class Selection:
    """Arguments of pytest, and whether the module is compiled: interpreted, the tests of most kernels are quicker."""

    tests: tuple[str, ...]
    compiled: bool = True


DRAWN = "reference or exact_or_raises or idempotent or monotone"  # by Hypothesis: slow

SELECTIONS = {
    "fxp.kernels.rounding": Selection(("tests/fxp/test_kernels.py", "-k", "round_")),
    "fxp.kernels.overflow": Selection(("tests/fxp/test_kernels.py", "-k", "test_overflow")),
    "fxp.kernels.encode": Selection(
        ("tests/fxp/test_kernels.py", "tests/fxp/test_quantization.py", "-k", "loops or encode or large")
    ),
    "fxp.kernels.layers": Selection(("tests/fxp/test_layers_kernels.py",), compiled=False),
    "fxp.kernels.convolution": Selection(("tests/fxp/test_carriers.py", "-k", "without_torch"), compiled=False),
    "fxp.kernels.accumulation": Selection(("tests/fxp/test_accumulation_kernels.py",), compiled=False),
    "fxp.kernels.requantization": Selection(("tests/fxp/requantizers/test_presets.py",), compiled=False),
    "fxp.quantization": Selection(("tests/fxp/test_quantization.py",)),
    "fxp.rescaling": Selection(("tests/fxp/test_quantization.py", "-k", f"not ({DRAWN})")),
    "fxp.wide": Selection(("tests/fxp/test_wide.py",)),
    "fxp.spans": Selection(("tests/fxp/test_spans.py",)),
}

# Of Cosmic Ray's operators those that the default mutators of PIT have, and changes of constants.
OPERATORS = (
    "ReplaceBinaryOperator_Add_Sub",
    "ReplaceBinaryOperator_Sub_Add",
    "ReplaceBinaryOperator_Mul_FloorDiv",
    "ReplaceBinaryOperator_Div_Mul",
    "ReplaceBinaryOperator_FloorDiv_Mul",
    "ReplaceBinaryOperator_Mod_Mul",
    "ReplaceBinaryOperator_Pow_Mul",
    "ReplaceBinaryOperator_RShift_LShift",
    "ReplaceBinaryOperator_LShift_RShift",
    "ReplaceBinaryOperator_BitOr_BitAnd",
    "ReplaceBinaryOperator_BitAnd_BitOr",
    "ReplaceBinaryOperator_BitXor_BitAnd",
    "ReplaceComparisonOperator_Eq_NotEq",
    "ReplaceComparisonOperator_NotEq_Eq",
    "ReplaceComparisonOperator_Lt_LtE",
    "ReplaceComparisonOperator_LtE_Lt",
    "ReplaceComparisonOperator_Gt_GtE",
    "ReplaceComparisonOperator_GtE_Gt",
    "ReplaceComparisonOperator_Is_IsNot",
    "ReplaceComparisonOperator_IsNot_Is",
    "ReplaceUnaryOperator_USub_UAdd",
    "ReplaceUnaryOperator_Delete_Invert",
    "ReplaceUnaryOperator_Delete_Not",
    "AddNot",
    "ReplaceTrueWithFalse",
    "ReplaceFalseWithTrue",
    "ReplaceAndWithOr",
    "ReplaceOrWithAnd",
    "ReplaceBreakWithContinue",
    "ReplaceContinueWithBreak",
    "ExceptionReplacer",
    "NumberReplacer",
    "ZeroIterationForLoop",
)

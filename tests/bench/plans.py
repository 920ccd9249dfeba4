"""A plan to measure by."""

from deeplab_cv.bench import BenchPlan
from deeplab_cv.engines.options import EngineOptions
from deeplab_cv.networks.options import NetworkOptions
from deeplab_cv.overlay.options import PictureOptions
from deeplab_cv.segmentation.options import PaceOptions


def plan_of(clip, engine=None):
    return BenchPlan(
        network=NetworkOptions(),
        engine=engine or EngineOptions(),
        pace=PaceOptions(),
        picture=PictureOptions(),
        clip=clip,
        heights=(720,),
        rounds=3,
        memory_frames=1000,
        screen=None,
    )

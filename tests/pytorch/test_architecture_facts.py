import subprocess
import sys

from deeplab_cv.pytorch.architecture_facts import ARCHITECTURES, LITE


def test_the_architectures_are_known_without_torch():
    script = "import sys, deeplab_cv.pytorch.architecture_facts; print('torch' in sys.modules, 'numpy' in sys.modules)"

    assert subprocess.check_output([sys.executable, "-c", script], text=True).split() == ["False", "False"]


def test_each_architecture_has_its_own_name_and_scores_no_finer_than_its_input_allows():
    assert ARCHITECTURES[LITE.name] is LITE
    assert all(name == architecture.name for name, architecture in ARCHITECTURES.items())
    assert all(each.input_multiple % each.score_stride == 0 for each in ARCHITECTURES.values())

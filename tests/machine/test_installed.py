import pytest

from deeplab_cv.machine.installed import conflicts, how_to_install, installed


@pytest.fixture
def install(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))

    def one(wheel, version):
        folder = tmp_path / f"{wheel.replace('-', '_')}-{version}.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {wheel}\nVersion: {version}\n")

    return one


def test_versions_of_what_is_installed_are_told_and_the_rest_is_left_out(install):
    install("made-up-wheel", "1.2.3")

    assert installed(["made-up-wheel", "another-made-up-wheel"]) == {"made-up-wheel": "1.2.3"}


@pytest.mark.parametrize(
    ("wheels", "package"),
    [(("onnxruntime", "onnxruntime-gpu"), "onnxruntime"), (("opencv-python", "opencv-contrib-python"), "cv2")],
)
def test_two_wheels_of_one_package_are_warned_of_with_the_way_out(install, wheels, package):
    for wheel in wheels:
        install(wheel, "1.0")

    [line] = [line for line in conflicts() if f"each other's {package}:" in line]
    assert all(wheel in line for wheel in wheels)
    assert "pip uninstall" in line


def test_a_clone_names_the_requirements_file_of_what_is_missing():
    assert how_to_install() == "pip install -r requirements.txt"
    assert how_to_install("train") == "pip install -r requirements-train.txt"

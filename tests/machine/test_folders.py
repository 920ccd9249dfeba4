from deeplab_cv.machine.folders import config_file, demo_clip, models_folder, own_models_folder


def test_a_clone_uses_what_lies_beside_its_code():
    assert demo_clip().is_file()
    assert config_file().name == "config.yaml"
    assert own_models_folder() == models_folder()
    assert list(models_folder().glob("*.onnx"))


def test_an_installed_package_uses_what_it_carries_and_keeps_new_networks_out_of_itself(
    tmp_path, monkeypatch, user_cache
):
    package = tmp_path / "site-packages" / "deeplab_cv"
    monkeypatch.setattr("deeplab_cv.machine.folders._PACKAGE", package)

    assert models_folder() == package / "models"
    assert demo_clip() == package / "samples" / "demo.mp4"
    assert config_file() is None
    assert user_cache in own_models_folder().parents

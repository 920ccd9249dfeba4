from deeplab_cv.machine.accelerators import accelerator_files, nvidia_cards


def test_device_files_of_graphics_cards_and_npus_are_found_and_no_others(tmp_path):
    for name in ("dri/card0", "dri/renderD128", "nvidia0", "nvidiactl", "accel/accel0", "kfd", "video0"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()

    found = [file.removeprefix(f"{tmp_path}/") for file in accelerator_files(tmp_path)]

    assert found == ["accel/accel0", "dri/renderD128", "kfd", "nvidia0"]


def test_nvidia_s_cards_are_named_as_their_driver_does(tmp_path):
    folder = tmp_path / "driver" / "nvidia" / "gpus" / "0000:01:00.0"
    folder.mkdir(parents=True)
    (folder / "information").write_text("Model: \t\t NVIDIA T4\nIRQ:   \t\t 35\n")

    assert nvidia_cards(tmp_path) == ["NVIDIA T4"]
    assert nvidia_cards(tmp_path / "driver") == []

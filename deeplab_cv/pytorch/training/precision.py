"""Which precision a training multiplies in."""

import torch


def fast_dtype(device: torch.device) -> torch.dtype:
    """bfloat16 on a graphics card and on processors with tiles for it (AMX), else float32.

    A processor that has AVX-512 alone takes bfloat16 as well, but is no faster with it (seen).
    """
    # Older releases of torch cannot tell.
    capabilities: dict[str, bool] = getattr(torch.cpu, "get_capabilities", dict)()
    in_tiles = device.type == "cpu" and capabilities.get("amx_bf16", False)
    return torch.bfloat16 if device.type == "cuda" or in_tiles else torch.float32

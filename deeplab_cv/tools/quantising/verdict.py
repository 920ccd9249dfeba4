"""What `app.py quantise` prints."""

from rich.markup import escape
from rich.table import Table

from deeplab_cv.errors import as_typed
from deeplab_cv.networks.network import Network
from deeplab_cv.terminal import wide_console
from deeplab_cv.tools.quantise import FLOAT, INT8, Quantised


def print_quantised(network: Network, quantised: Quantised, max_miou_drop: float) -> None:
    """Each int8 form with what it loses, then float and int8 on each engine, then the verdict."""
    console = wide_console()
    table = Table("layers left float", "labels equal", "mIoU with float labels", "mIoU with truth: float, int8")
    for judged in quantised.judged:
        truth = f"{judged.truth[0]:.4f}, {judged.truth[1]:.4f}" if judged.truth else "no masks"
        table.add_row(str(judged.left_float), f"{judged.equal_labels:.2%}", f"{judged.miou_to_float:.4f}", truth)
    console.print(table)
    if not quantised.times:
        lost = min(judged.drop for judged in quantised.judged)
        console.print(f"nothing kept: {lost:.4f} of mean IoU lost at best, {max_miou_drop:g} is allowed")
        return
    times = Table("engine", "float ms", "int8 ms", "times faster")
    for engine in quantised.times:
        float_ms, int8_ms = engine.ms.get(FLOAT), engine.ms.get(INT8)
        times.add_row(
            engine.backend,
            f"{float_ms:.1f}" if float_ms else escape(engine.refused.get(FLOAT, "")),
            f"{int8_ms:.1f}" if int8_ms else escape(engine.refused.get(INT8, "")),
            f"{float_ms / int8_ms:.2f}" if float_ms and int8_ms else "",
        )
    console.print(times)
    if quantised.variant is None:
        console.print("nothing kept: no engine is faster with it on this machine")
        return
    file = network.file.with_name(quantised.variant.file)
    sizes = f"{network.file.stat().st_size / 1e6:.1f} MB -> {file.stat().st_size / 1e6:.1f} MB"
    console.print(f"{escape(as_typed(file))}: {sizes}, for {', '.join(quantised.variant.engines)}", soft_wrap=True)

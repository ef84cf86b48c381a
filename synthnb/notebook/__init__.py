"""The notebook: cell magic, verbs, live progress. The only room that imports IPython."""

from __future__ import annotations

from typing import Any

__all__ = ["load_ipython_extension", "unload_ipython_extension"]


def load_ipython_extension(shell: Any) -> None:
    """Register ``%%synth`` and ``%synth``, their settings and their completions."""
    from synthnb.notebook.completion import Completions
    from synthnb.notebook.interrupts import paint_in_one_line
    from synthnb.notebook.magics import SynthMagics
    from synthnb.notebook.slips import mend_slips

    _listen(shell)
    unload_ipython_extension(shell)
    magics = SynthMagics(shell)
    shell.register_magics(magics)
    shell.input_transformers_cleanup.append(mend_slips)
    paint_in_one_line(shell)
    if shell.Completer is not None:
        shell.Completer.custom_matchers.append(Completions(magics).matcher)
    _announce()


def _announce() -> None:
    """Say in one line that a run of this folder was killed, where there is such a run."""
    from synthnb.errors import SynthError
    from synthnb.settings import data_dir

    try:
        if not (data_dir() / "store.sqlite3").exists():
            return
        from synthnb.api.resuming import unfinished

        killed = [run for run in unfinished() if run.status == "killed"]
    except (SynthError, OSError):
        return  # the first run says what is wrong
    if killed:
        more = f" (and {len(killed) - 1} more: --list)" if len(killed) > 1 else ""
        print(f"{killed[0]}; %synth resume goes on{more}")


def unload_ipython_extension(shell: Any) -> None:
    """Take back all that loading did; nothing happens if it was not loaded."""
    manager = shell.magics_manager
    for magics in [m for m in shell.configurables if type(m).__name__ == "SynthMagics"]:
        shell.configurables.remove(magics)
        for kind in ("line", "cell"):
            if getattr(manager.magics[kind].get("synth"), "__self__", None) is magics:
                del manager.magics[kind]["synth"]
    manager.registry.pop("SynthMagics", None)
    shell.input_transformers_cleanup[:] = [
        transformer
        for transformer in shell.input_transformers_cleanup
        if getattr(transformer, "__module__", "") != "synthnb.notebook.slips"
    ]
    if shell.Completer is not None:
        shell.Completer.custom_matchers[:] = [
            matcher
            for matcher in shell.Completer.custom_matchers
            if getattr(matcher, "matcher_identifier", "") != "synthnb"
        ]


def _listen(shell: Any) -> None:
    """Answer views from now on. The room behind it is only loaded when one asks."""
    if getattr(shell, "kernel", None) is None:
        return
    from comm import get_comm_manager

    def asked(comm: Any, message: Any) -> None:
        from synthnb.notebook import link

        link.opened(comm, message)

    get_comm_manager().register_target("synthnb.batch", asked)
